"""Whatever happened, in whatever order: what a reader finds, counts, looks up or walks to is what release gives it, and no more.

1. With the index up to date: found, and counted, is exactly what the reader's collections give it.
2. With the index behind: found is some of that, never anything else.
3. A word finds an object only where the object, as its reader has it, holds the word: asking tells nothing of what is withheld.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonwatch.base.journal import acts, followers
from commonwatch.base.journal.sequencer import close_sequencer
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import Member
from commonwatch.base.release import deciding, pages, types
from commonwatch.base.release.access import access_of
from commonwatch.base.release.collections import visible_collections
from commonwatch.base.search.follower import SearchFollower
from commonwatch.base.search.graph import edges
from commonwatch.base.search.history import versions
from commonwatch.base.search.matching import values
from commonwatch.base.search.queries import facets
from commonwatch.base.search.wanted import Wanted
from commonwatch.base.search.words import words_of
from commonwatch.core.errors import NotFound
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.release.nodes import carried, indicator, member, person, post
from tests.base.search.nodes import found, index, reader

READERS = ("home", "at-cert", "us-cert", "")
MARKINGS = ("CLEAR", "GREEN", "AMBER", "RED")
WORDS = ("huber", "maria", "number", "emotet", "linz", "stadtwerk-linz.at", "secretly", "loader", "198.51.100.1")
VALUES = ["198.51.100.1", "198.51.100.2", "maria.huber@stadtwerk-linz.at", "evil.example"]


def inside(name: str) -> bool:
    return parties.communities_named(["home"])[0].memberships.filter(until_us=None, member__name=name).exists()


def move(name: str) -> None:
    act = parties.leave_community if inside(name) else parties.join_community
    carried(lambda now: act("home", name, reason="x", by=now))


def erase(identity: str) -> None:
    named = parse_id(identity)
    assert named is not None
    acts.erase(*named, actor="t", reason="x")


def withdraw(identity: str) -> None:
    named = parse_id(identity)
    assert named is not None
    acts.withdraw(*named, 1, actor="t", reason="x")


def victim(number: int, tlp: str, version: int) -> dict[str, Any]:
    """With a part under a stricter marking than the whole."""
    red = "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1"
    return person(
        number + 10,
        tlp,
        modified=f"2026-01-{version:02d}T00:00:00.000Z",
        description="A victim of Emotet in Linz",
        x_remark="secretly told",
        labels=["secretly", "loader"],
        granular_markings=[{"marking_ref": red, "selectors": ["labels.[0]", "x_remark"]}],
    )


def tie(number: int, tlp: str) -> dict[str, Any]:
    return {
        "type": "relationship",
        "spec_version": "2.1",
        "id": f"relationship--00000000-0000-4000-8000-{number:012d}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "relationship_type": "targets",
        "source_ref": indicator(number)["id"],
        "target_ref": person(number + 10)["id"],
        "object_marking_refs": indicator(1, tlp)["object_marking_refs"],
    }


def given_to(name: str) -> dict[str, dict[str, Any]]:
    """What release gives a reader: the current objects of its collections, by id; the latest of each."""
    who = reader(name)
    got: dict[str, dict[str, Any]] = {}
    for view in visible_collections(who):
        if view.can_read:
            body = pages.objects_page(access_of(who), view.slot, ObjectFilter(), 1000, None).body
            for one in json.loads(b"[" + body + b"]"):
                if one.get("modified", "") >= got.get(one["id"], {}).get("modified", ""):
                    got[one["id"]] = one
    # A notice that something was taken back has no content but its end: it is in the order of a collection, not an object to find.
    return {identity: one for identity, one in got.items() if len(one) > 7 or not one.get("revoked")}


def strings(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for inner in part.values():
            yield from strings(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from strings(inner)
    elif isinstance(part, str):
        yield part


def check(*, complete: bool) -> None:
    for name in READERS:
        given_now = given_to(name)
        ids = found(name)
        assert len(ids) == len(set(ids))
        assert set(ids) == set(given_now) if complete else set(ids) <= set(given_now), name
        counts = facets(reader(name), Wanted(), seconds=60)
        assert counts.total == len(ids)
        for word in WORDS:
            for identity in found(name, word):
                assert word in words_of(strings(given_now[identity])), (name, word, given_now[identity])
        for one in values(reader(name), VALUES, 20, wide=True):
            assert one.value in json.dumps(given_now[one.object.id]), (name, one)
        for identity in ids:
            around = edges(reader(name), identity).edges
            assert {edge.other.id for edge in around} | {edge.by for edge in around} - {""} <= set(given_now), name
            assert versions(reader(name), identity)[0].value == given_now[identity]
        labels = {one.value for one in counts.facets["label"] or ()}
        assert labels <= {label for one in given_now.values() for label in one.get("labels", ())}
    for identity in {one for name in READERS for one in given_to(name)}:
        for name in READERS:
            if identity not in given_to(name):
                try:
                    edges(reader(name), identity)
                    raise AssertionError((name, identity))
                except NotFound:
                    pass


def reset() -> None:
    """Nobody but home in its community, nothing in the journal or in the index."""
    for name in READERS[1:3]:
        if inside(name):
            move(name)
    close_sequencer()
    for part in (types, deciding, pages):
        part.forget()
    with connection.cursor() as cursor:
        for table in ("placement", "voucher", "act", "version", "quarantine", "class"):
            cursor.execute(f"DELETE FROM journal_{table}")
        for table in ("release_grant", "release_extra"):
            cursor.execute(f"DELETE FROM {table}")
    followers.rebuild(SearchFollower())


NUMBERS = st.integers(1, 3)
TLP = st.sampled_from(MARKINGS)
VERSIONS = st.integers(1, 9)
STEPS: st.SearchStrategy[Callable[[], None]] = st.one_of(
    st.builds(lambda name: lambda: move(name), st.sampled_from(READERS[1:3])),
    st.builds(
        lambda n, tlp, v: lambda: post([indicator(n, tlp, version=v, name="Emotet loader")]), NUMBERS, TLP, VERSIONS
    ),
    st.builds(lambda n, tlp, v: lambda: post([victim(n, tlp, v)]), NUMBERS, TLP, VERSIONS),
    st.builds(lambda n, tlp: lambda: post([tie(n, tlp)]), NUMBERS, TLP),
    st.builds(lambda n: lambda: erase(indicator(n)["id"]), NUMBERS),
    st.builds(lambda n: lambda: withdraw(person(n + 10)["id"]), NUMBERS),
    st.just(index),
)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=2, max_size=8))
def test_search_gives_what_release_gives_and_no_more(ready: Path, steps: list[Callable[[], None]]) -> None:
    if not Member.objects.filter(name=READERS[1]).exists():
        carried(lambda now: parties.change_member("home", title="", kind=None, country="AT", by=now))
        member(READERS[1], "AT")
        member(READERS[2], "US")
    reset()
    for step in steps:
        try:
            step()
        except AssertionError:
            continue  # a version that contradicts an earlier one is held
    check(complete=False)
    index()
    check(complete=True)
