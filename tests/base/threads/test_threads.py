"""Threads: every reader has those parts that it may have, and no part counts that somebody wrote in another's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.intake.own import Audience, audience_of, reach, write
from commonwatch.base.journal import followers
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.reader import Reader, for_member, operator
from commonwatch.base.threads.follower import ThreadFollower
from commonwatch.base.threads.queries import claims, names, part, roots, thread, threads
from commonwatch.core.errors import InvalidInput, NotAllowed
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.shared import PART_ID, part_of, said_of_part
from commonwatch.core.stix.threads import root_of
from commonwatch.core.stix.times import format_time
from tests.base.release.nodes import by, carried, community, member, objects, post

LATER = 2_000_000


def incident(at_us: int, **more: Any) -> dict[str, Any]:
    return _head("incident", at_us) | {"name": "Wiper at two ports"} | more


def note(root: str, text: str, at_us: int, **more: Any) -> dict[str, Any]:
    said = {"content": text, "object_refs": [root], "extensions": part_of(root, {"kind": "entry"})}
    return _head("note", at_us) | said | more


def _head(kind: str, at_us: int) -> dict[str, Any]:
    at = format_time(at_us, 3)
    author = own_member().identity
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{uuid4()}", "created_by_ref": author} | {
        "created": at,
        "modified": at,
    }


def partner(name: str) -> Reader:
    return for_member(name, DEFAULT_PURPOSE, name)


@pytest.fixture
def two(keyed: Path) -> Path:
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    member("cert-no", "NO", MemberKind.STATE_BODY, "home")
    member("cert-de", "DE", MemberKind.STATE_BODY, "home")
    return keyed


def texts(reader: Reader, root: str) -> list[str]:
    return [str(one.value.get("content", one.value.get("name"))) for one in thread(reader, root)]


def test_each_reader_has_the_parts_it_may_have_in_the_order_of_their_writing(two: Path) -> None:
    now = by()
    case = incident(now.now_us)
    all_of_them, one_of_them = Audience("TLP:AMBER", ("cert-no", "cert-de")), Audience("TLP:RED", ("cert-no",))
    late = note(case["id"], "second", now.now_us + LATER)
    write([case, late], all_of_them, by=now, action="case.write", detail={"reason": "joint work"})
    write([note(case["id"], "first", now.now_us + 1_000)], one_of_them, by=now)
    write([note(case["id"], "ours", now.now_us + 2_000)], Audience("TLP:AMBER"), by=now)
    assert texts(operator("o"), case["id"]) == ["Wiper at two ports", "first", "ours", "second"]
    assert texts(partner("cert-no"), case["id"]) == ["Wiper at two ports", "first", "second"]
    assert texts(partner("cert-de"), case["id"]) == ["Wiper at two ports", "second"]
    assert [one.marking for one in thread(partner("cert-no"), case["id"])] == ["TLP:AMBER", "TLP:RED", "TLP:AMBER"]
    recorded = AuditEntry.objects.filter(action="case.write").values_list("subject", flat=True)
    assert set(recorded) == {case["id"], late["id"]}
    root = thread(operator("o"), case["id"])[0]
    assert names(operator("o"), {root.author, "identity--nobody"}) == {
        root.author: own_member().title or "home",
        "identity--nobody": "identity--nobody",
    }


def test_who_may_not_have_the_root_has_no_thread(two: Path) -> None:
    now = by()
    case = incident(now.now_us)
    write([case], Audience("TLP:AMBER", ("cert-no",)), by=now)
    write([note(case["id"], "for both", now.now_us)], Audience("TLP:AMBER", ("cert-no", "cert-de")), by=now)
    assert thread(partner("cert-de"), case["id"]) == ()
    assert len(thread(partner("cert-no"), case["id"])) == 2
    assert [one.id for one in roots(partner("cert-no"), ["incident"], None, 10)] == [case["id"]]
    assert roots(partner("cert-de"), ["incident"], None, 10) == []
    assert part(partner("cert-de"), case["id"]) is None


def test_a_thread_is_its_current_versions_and_what_changed_last_comes_first(two: Path) -> None:
    now = by()
    old, other = incident(now.now_us), incident(now.now_us)
    write([old, other], Audience("TLP:AMBER", ("cert-no",)), by=now)
    changed = {**old, "name": "Contained", "modified": format_time(now.now_us + LATER, 3)}
    write([changed], Audience("TLP:AMBER", ("cert-no",)), by=now)
    found = roots(partner("cert-no"), ["incident"], None, 10)
    assert [one.value["name"] for one in found] == ["Contained", "Wiper at two ports"]
    assert [one.id for one in roots(partner("cert-no"), ["incident"], found[0].seq, 10)] == [other["id"]]
    assert set(threads(partner("cert-no"), [old["id"], other["id"], "incident--x"])) == {old["id"], other["id"]}
    revoked = {**changed, "revoked": True, "modified": format_time(now.now_us + 2 * LATER, 3)}
    write([revoked], Audience("TLP:AMBER", ("cert-no",)), by=now)
    assert [one.revoked for one in thread(partner("cert-no"), old["id"])] == [True]


def test_what_is_written_in_anothers_name_is_a_claim_and_no_part(two: Path) -> None:
    now = by()
    case = incident(now.now_us)
    write([case], Audience("TLP:AMBER", ("cert-no", "cert-de")), by=now)
    norwegian = for_member("cert-no", DEFAULT_PURPOSE, "n")
    forged = note(case["id"], "closed, nothing to see", now.now_us) | {"created_by_ref": own_member().identity}
    post([forged], "from norway", "TLP:GREEN", "cert-no")
    honest = note(case["id"], "we see it too", now.now_us) | {"created_by_ref": member_named("cert-no").identity}
    post([honest], "from norway", "TLP:GREEN", "cert-no")
    assert texts(operator("o"), case["id"]) == ["Wiper at two ports", "we see it too"]
    assert [one.id for one in claims(operator("o"), case["id"])] == [forged["id"]]
    assert part(operator("o"), forged["id"]) is None
    assert [one.id for one in thread(norwegian, case["id"])] == [case["id"], honest["id"]]


def test_what_a_named_member_would_not_get_in_full_is_not_written(two: Path) -> None:
    member("cert-sg", "SG", MemberKind.STATE_BODY, "home")
    now = by()
    case = incident(now.now_us, description="The account of jane.doe@gmail.com was used.")
    audience = Audience("TLP:AMBER", ("cert-no", "cert-sg"))
    found = reach([case], audience, now_us=now.now_us)
    assert {one.member for one in found.receiving} == {"cert-no", "cert-sg"}
    assert ["cert-sg would get it pseudonymised" in one for one in found.refused] == [True]
    with pytest.raises(NotAllowed, match="cert-sg"):
        write([case, note(case["id"], "x", now.now_us)], audience, by=now)
    assert thread(operator("o"), case["id"]) == ()
    write([case], Audience("TLP:AMBER", ("cert-no", "cert-sg"), altered=True), by=now)
    assert [one.id for one in thread(partner("cert-no"), case["id"])] == [case["id"]]
    derived = roots(partner("cert-sg"), ["incident"], None, 10)
    assert [(one.derived, "jane.doe" in str(one.value)) for one in derived] == [(True, False)]


def test_who_is_named_by_identity_is_asked_about_as_well(two: Path) -> None:
    singapore = member("cert-sg", "SG", MemberKind.STATE_BODY, "home").identity
    case = incident(by().now_us, description="The account of jane.doe@gmail.com was used.")
    with pytest.raises(NotAllowed, match="cert-sg would get it pseudonymised"):
        write([case], Audience("TLP:AMBER", (singapore,)), by=by())
    write([case], Audience("TLP:AMBER", (f"identity--{uuid4()}",)), by=by())  # of whom this node knows nothing


def test_a_community_in_which_nobody_is_stops_it(two: Path) -> None:
    case = incident(by().now_us)
    with pytest.raises(NotAllowed, match="Nobody in early-warning would get it"):
        write([case], Audience("TLP:AMBER", (), ("early-warning",)), by=by())
    community("early-warning", "home", "cert-no")
    assert write([case], Audience("TLP:AMBER", (), ("early-warning",)), by=by()) == (case["id"],)
    assert [one.id for one in thread(partner("cert-no"), case["id"])] == [case["id"]]


def test_an_audience_is_read_back_from_the_markings_it_made(two: Path) -> None:
    now = by()
    case = incident(now.now_us)
    stranger = f"identity--{uuid4()}"
    audience = Audience("TLP:AMBER+STRICT", ("cert-de", stranger), pap="amber")
    write([case], audience, by=now)
    said = audience_of(thread(operator("o"), case["id"])[0].markings)
    assert (said.tlp, set(said.named), said.pap) == ("TLP:AMBER+STRICT", {"cert-de", stranger}, "amber")
    assert audience_of([]) == Audience("TLP:RED")
    with pytest.raises(InvalidInput, match="no TLP level"):
        Audience("AMBER").markings()


def test_who_gets_an_object_reads_the_marking_that_names_it_and_nobody_else_learns_whom(two: Path) -> None:
    now = by()
    write([incident(now.now_us)], Audience("TLP:AMBER", ("cert-no",)), by=now)
    write([incident(now.now_us)], Audience("TLP:RED", ("cert-no",)), by=now)
    kinds = sorted(one["type"] for one in objects("cert-no"))
    assert kinds == ["incident", "incident", "marking-definition", "marking-definition"]
    assert objects("cert-de") == []


def test_a_rebuilt_index_is_the_same(two: Path) -> None:
    now = by()
    case = incident(now.now_us)
    write([case, note(case["id"], "x", now.now_us)], Audience("TLP:AMBER", ("cert-no",)), by=now)
    before = texts(operator("o"), case["id"])
    followers.rebuild(ThreadFollower())
    assert texts(operator("o"), case["id"]) == before == ["Wiper at two ports", "x"]


def test_hostile_parts_belong_to_nothing() -> None:
    hostile: tuple[Any, ...] = (None, [], {"thread_ref": 3}, {"thread_ref": "incident--no"}, "x")
    for said in hostile:
        assert root_of({"type": "note", "extensions": {PART_ID: said}}) == ""
    assert said_of_part({"extensions": 3}) == {}
    assert root_of({"type": "incident", "id": "incident--1"}) == "incident--1"
