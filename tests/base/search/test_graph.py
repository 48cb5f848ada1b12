"""Neighbours, versions, sightings and lines of time: what is hidden leaves no trace in any of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.parties import actions as parties
from commonwatch.base.search.graph import edges
from commonwatch.base.search.history import held, sightings, timeline, versions
from commonwatch.core.errors import NotFound
from commonwatch.core.stix.ids import deterministic_id
from commonwatch.core.stix.markings import TLP2
from tests.base.release.nodes import carried, indicator, member, person, post
from tests.base.search.nodes import index, reader

DAY = "2026-01-01T00:00:00.000Z"


def one(kind: str, number: int, tlp: str = "GREEN", **more: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--00000000-0000-4000-8000-{number:012d}",
        "created": DAY,
        "modified": DAY,
        "object_marking_refs": [TLP2[f"TLP:{tlp}"]],
        **more,
    }


def malware(number: int, tlp: str = "GREEN", **more: Any) -> dict[str, Any]:
    return one("malware", number, tlp, is_family=True, **{"name": f"malware {number}", **more})


def relation(
    number: int, source: dict[str, Any], kind: str, target: dict[str, Any], tlp: str = "GREEN"
) -> dict[str, Any]:
    return one("relationship", number, tlp, relationship_type=kind, source_ref=source["id"], target_ref=target["id"])


@pytest.fixture
def friend(ready: Path) -> None:
    member("friend", "AT")
    carried(lambda now: parties.join_community("home", "friend", reason="x", by=now))


def around(name: str, about: dict[str, Any], *kinds: str, limit: int = 2) -> list[tuple[str, str, str]]:
    """Every page of an object's neighbours."""
    found: list[tuple[str, str, str]] = []
    after: Any = None
    while True:
        page = edges(reader(name), about["id"], kinds, after, limit)
        found += [(edge.direction, edge.kind, edge.other.id) for edge in page.edges]
        if page.next is None:
            return found
        after = page.next


def test_neighbours_are_found_from_both_ends(friend: None) -> None:
    bad, worse, ind = malware(1), malware(2), indicator(3, "GREEN")
    tie, sub = relation(4, ind, "indicates", bad), relation(5, worse, "variant-of", bad)
    report = one("report", 6, name="r", published=DAY, object_refs=[bad["id"], tie["id"]])
    post([bad, worse, ind, tie, sub, report])
    index()
    assert sorted(around("friend", bad)) == [
        ("in", "indicates", ind["id"]),
        ("in", "object", report["id"]),
        ("in", "variant-of", worse["id"]),
    ]
    assert around("friend", ind) == [("out", "indicates", bad["id"])]
    assert set(around("friend", report)) == {("out", "object", tie["id"]), ("out", "object", bad["id"])}
    assert set(around("friend", tie)) == {
        ("out", "indicates", bad["id"]),
        ("out", "indicates", ind["id"]),
        ("in", "object", report["id"]),
    }
    assert around("friend", bad, "variant-of") == [("in", "variant-of", worse["id"])]
    assert around("friend", bad, "no-such-kind") == []


def test_hidden_ends_and_hidden_relations_leave_no_trace(friend: None) -> None:
    bad, secret, open_one = malware(1), malware(2, "RED"), malware(3)
    post([bad, secret, open_one])
    index()
    before = around("friend", bad), timeline(reader("friend"), bad["id"])
    post(
        [
            relation(4, secret, "variant-of", bad),
            relation(5, open_one, "variant-of", bad, "RED"),
            relation(6, bad, "uses", secret),
        ]
    )
    post([one("note", 7, "RED", content="x", object_refs=[bad["id"]])])
    post([one("sighting", 8, "RED", sighting_of_ref=bad["id"])])
    index()
    assert (around("friend", bad), timeline(reader("friend"), bad["id"])) == before
    assert sightings(reader("friend"), bad["id"]) == ((), None)
    assert len(around("home", bad)) == 5 == len(around("", bad))
    for hidden in (secret, malware(99)):
        for ask in (held, edges, versions, timeline):
            with pytest.raises(NotFound) as refused:
                ask(reader("friend"), hidden["id"])
            assert refused.value.sentence == f"There is no {hidden['id']}."


def test_an_object_of_another_type_under_the_same_uuid_is_no_neighbour(friend: None) -> None:
    bad = malware(1)
    post([bad, relation(4, bad, "uses", one("tool", 2)), one("attack-pattern", 2, name="not it")])
    index()
    assert around("friend", bad) == []


def test_what_is_had_derived_does_not_lead_to_what_it_hides(ready: Path) -> None:
    """The stripped message may not be told to be about an address that its reader also has."""
    member("abroad", "US")
    carried(lambda now: parties.join_community("home", "abroad", reason="x", by=now))
    carried(lambda now: parties.change_member("home", title="", kind=None, country="AT", by=now))
    address = {
        "type": "domain-name",
        "spec_version": "2.1",
        "id": deterministic_id({"type": "domain-name", "value": "example.com"}),
        "value": "example.com",
        "object_marking_refs": [TLP2["TLP:GREEN"]],
    }
    victim = person(9, "GREEN", x_seen_refs=[address["id"]])
    post([address, victim])
    index()
    assert ("out", "x-seen", address["id"]) in around("home", victim)
    assert around("abroad", address) == []


def test_versions_say_what_changed_and_who_brought_them(friend: None) -> None:
    member("third", "AT")
    carried(lambda now: parties.join_community("home", "third", reason="x", by=now))
    post([malware(1, labels=["a"], aliases=["x", "y"])])
    post([malware(1, labels=["a"], aliases=["x", "y"])], "of-third", owner="third")
    post([malware(1, modified="2026-02-01T00:00:00.000Z", labels=["b"], aliases=["y", "x"])])
    index()
    late, early = versions(reader("friend"), malware(1)["id"])
    assert {change.field: change.kind for change in late.changes} == {
        "/aliases": "order",
        "/labels": "members",
        "/modified": "changed",
    }
    assert early.changes == () and [one.member for one in early.vouchers] == ["home", "third"]
    assert timeline(reader("friend"), malware(1)["id"])[0].what == "created"


def test_a_voucher_of_whom_the_reader_may_not_know_is_not_named(friend: None) -> None:
    member("shade", "AT")
    post([malware(1)])
    post([malware(1)], "of-shade", owner="shade")
    index()
    assert [one.member for one in versions(reader("friend"), malware(1)["id"])[0].vouchers] == ["home"]
    assert [one.member for one in versions(reader(""), malware(1)["id"])[0].vouchers] == ["home", "shade"]


def test_an_earlier_version_under_a_stricter_marking_is_not_among_them(friend: None) -> None:
    post([malware(1, "RED", name="hidden before")])
    post([malware(1, "GREEN", modified="2026-02-01T00:00:00.000Z")])
    index()
    assert len(versions(reader("friend"), malware(1)["id"])) == 1
    assert len(versions(reader("home"), malware(1)["id"])) == 2


def test_sightings_say_how_often_when_and_where(friend: None) -> None:
    place = one("identity", 3, name="Hospital", identity_class="organization")
    post([malware(1), place])
    post(
        [one("sighting", 2, sighting_of_ref=malware(1)["id"], count=3, last_seen=DAY, where_sighted_refs=[place["id"]])]
    )
    index()
    (found,), following = sightings(reader("friend"), malware(1)["id"])
    assert (found.count, found.last_seen, found.where, following) == (3, DAY, ("Hospital",), None)
