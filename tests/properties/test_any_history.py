"""Whatever happened, in whatever order: grants made step by step are those that would be made anew from what is on record.

So a node may be cut at any point of its history, its grants thrown away and decided again, and nobody sees anything else.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.sequencer import close_sequencer
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import Community, Member
from commonwatch.base.release import deciding, grants, pages, recalls, types
from commonwatch.base.release.epochs import refresh
from tests.base.release.nodes import by, carried, community, ids, indicator, member, person, post

PARTNERS = ("at-cert", "sg-cert")
MARKINGS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")


def join(name: str) -> None:
    if name not in inside():
        carried(lambda now: parties.join_community("both", name, reason="x", by=now))


def leave(name: str) -> None:
    if name in inside():
        carried(lambda now: parties.leave_community("both", name, reason="x", by=now))


def inside() -> set[str]:
    rows = Community.objects.get(name="both").memberships.filter(until_us=None)
    return set(rows.values_list("member__name", flat=True))


def reset() -> None:
    """Nobody in the community, nothing in the journal, grants as at the first start."""
    for name in PARTNERS:
        leave(name)
    close_sequencer()  # its thread remembers the classes that go now
    for part in (types, deciding, pages):
        part.forget()
    with connection.cursor() as cursor:
        for table in ("placement", "voucher", "act", "version", "quarantine", "class"):
            cursor.execute(f"DELETE FROM journal_{table}")
        for table in ("release_grant", "release_extra"):
            cursor.execute(f"DELETE FROM {table}")


def rows() -> set[tuple[int, int, int]]:
    return {tuple(row) for row in fetch("SELECT recipient, class, code FROM release_grant", [])}


NUMBERS = st.integers(1, 3)
STEPS: st.SearchStrategy[Callable[[], None]] = st.one_of(
    st.builds(lambda name: lambda: join(name), st.sampled_from(PARTNERS)),
    st.builds(lambda name: lambda: leave(name), st.sampled_from(PARTNERS)),
    st.builds(
        lambda number, tlp, version: lambda: post([indicator(number, tlp, version=version)]),
        NUMBERS,
        st.sampled_from(MARKINGS),
        st.integers(1, 9),
    ),
    st.builds(lambda number, tlp: lambda: post([person(number + 10, tlp)]), NUMBERS, st.sampled_from(MARKINGS)),
)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.lists(STEPS, min_size=1, max_size=6))
def test_any_cut_through_history_gives_the_same_grants_after_a_rebuild(
    ready: Path, steps: list[Callable[[], None]]
) -> None:
    if not Member.objects.filter(name=PARTNERS[0]).exists():
        carried(lambda now: parties.change_member("home", title="", kind=None, country="AT", by=now))
        member(PARTNERS[0], "AT")
        member(PARTNERS[1], "SG")
        community("both", "home")
    reset()
    for step in steps:
        try:
            step()
        except AssertionError:
            continue  # a version that contradicts an earlier one is held: that is part of history too
        worlds = deciding.current_worlds()
        assert worlds is not None
        assert not grants.difference(grants.decide_all(worlds, deciding.recipient_numbers()))
    recalls.send(10_000)  # what the worker would have sent by now
    seen = {name: set(ids(name)) for name in (*PARTNERS, "home")}
    before = rows()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM release_grant")
    refresh(by())
    assert rows() == before
    assert {name: set(ids(name)) for name in (*PARTNERS, "home")} == seen
