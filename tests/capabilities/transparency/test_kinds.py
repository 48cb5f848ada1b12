"""Everything that the record promises to hold is a leaf: one test for each kind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.journal import acts, followers
from commonwatch.base.keys import files as keyfiles
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.actions import AgreementTerms, By
from commonwatch.base.parties.models import AgreementKind, Member
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release import epochs, handovers, served
from commonwatch.base.release.actions import create_collection
from commonwatch.base.release.models import Recall
from commonwatch.base.release.receipts import ReceiptFollower
from commonwatch.capabilities.transparency import record, sources, trusting
from commonwatch.capabilities.transparency.models import Opening
from commonwatch.core.law.agreements import PartyDates
from commonwatch.core.law.facts import Fact
from commonwatch.core.merkle.policies import Judged, parse_policy
from tests.base.release.nodes import by, carried, indicator, member, objects, post

HOUR_US = 3_600_000_000


@pytest.fixture
def logged(ready: Path) -> Iterator[Path]:
    follow()
    yield ready
    for name in (keyfiles.LOG, keyfiles.WITNESS):
        (ready / name).unlink(missing_ok=True)


def follow() -> None:
    for follower in (ReceiptFollower(), sources.JournalRecord()):
        while followers.advance(follower, 1_000):
            pass
    served.collect(now_us() + HOUR_US)
    while sources.follow_decisions(now_us() + HOUR_US):
        pass


def leaves_of(act: Callable[[], object]) -> list[tuple[str, dict[str, Any]]]:
    """Kind and statement of every leaf that an act leads to; each is proven."""
    before = record.ensure_log().size
    act()
    follow()
    found = list(Opening.objects.filter(number__gte=before).order_by("number"))
    policy = parse_policy(trusting.own_policy())
    for one in found:
        entry, opening, proof = record.proof(one.number)
        assert isinstance(proof.verify(entry, policy), Judged) and opening.opens(entry) is None
    return [(one.kind, json.loads(one.body)) for one in found]


def only(found: list[tuple[str, dict[str, Any]]], kind: str, **said: object) -> dict[str, Any]:
    fitting = [body for one, body in found if one == kind and said.items() <= body.items()]
    assert len(fitting) == 1, found
    return fitting[0]


def test_an_object_taken_in_is_a_receipt(logged: Path) -> None:
    found = leaves_of(lambda: post([indicator(1, "GREEN")]))
    only(found, "receipt", object=indicator(1)["id"])


def test_a_page_served_is_a_share(logged: Path) -> None:
    post([indicator(1, "GREEN")])
    reader = member("bob")
    follow()

    def read() -> None:
        from commonwatch.base.release.access import access_for
        from commonwatch.base.release.pages import objects_page
        from tests.base.release.nodes import EVERY, slot

        objects_page(access_for(reader.pk, reader="bob's machine"), slot(), EVERY, 10, None)

    assert only(leaves_of(read), "share", reader="bob's machine")["count"] == 1


def test_a_parcel_is_a_leaf_at_the_side_that_sends_and_at_the_side_that_takes(logged: Path) -> None:
    here, there = own_member().identity, member("bob").identity
    raws = [b'{"a":1}', b'{"b":2}']

    def go(*, outgoing: bool) -> None:
        for _ in range(2):  # sent again, it is the same parcel
            handovers.put_on_record(there, outgoing=outgoing, slot=1, after=3, pos=9, raws=raws, now_us=now_us())
        handovers.put_on_record(there, outgoing=outgoing, slot=1, after=9, pos=12, raws=[], now_us=now_us())

    out = only(leaves_of(lambda: go(outgoing=True)), "sent", **{"from": here, "to": there})
    back = only(leaves_of(lambda: go(outgoing=False)), "taken", **{"from": there, "to": here})
    assert out["root"] == back["root"] and (out["after"], out["pos"], out["count"]) == (3, 9, 2)


def test_a_policy_that_is_put_in_force_is_a_leaf_with_who_and_why(logged: Path) -> None:
    now = by()
    found = leaves_of(lambda: epochs.activate_policies({}, "Board decision 12", now, preview=False))
    only(found, "policy", action="policy.activate", actor="test", subject="Board decision 12")
    only(found, "policy", what="Policies: Board decision 12")


def test_members_coming_changing_and_going_are_leaves(logged: Path) -> None:
    only(leaves_of(lambda: member("bob", "AT")), "membership", action="member.create", subject="bob")
    parties.create_community("energy", "", now_us=now_us())

    def say(act: Callable[[By], object]) -> list[tuple[str, dict[str, Any]]]:
        return leaves_of(lambda: carried(act))

    joined = say(lambda now: parties.join_community("energy", "bob", reason="accepted", by=now))
    assert json.loads(only(joined, "membership", action="community.join")["detail"])["reason"] == "accepted"
    left = say(lambda now: parties.leave_community("energy", "bob", reason="merged", by=now))
    only(left, "membership", action="community.leave", subject="energy")
    changed = say(lambda now: parties.change_member("bob", title="Bob's", kind=None, country="", by=now))
    only(changed, "membership", action="member.change")
    only(say(lambda now: parties.expel_member("bob", reason="leaks", by=now)), "membership", action="member.expel")
    only(say(lambda now: parties.readmit_member("bob", by=now)), "membership", action="member.readmit")


def test_a_preview_of_a_change_leaves_no_leaf(logged: Path) -> None:
    from commonwatch.base.parties.changing import change
    from commonwatch.base.parties.models import MemberKind

    now = by()
    assert (
        leaves_of(
            lambda: change(
                "a look",
                lambda: parties.create_member("eve", "", MemberKind.COMPANY, "AT", "", now),
                now,
                preview=True,
            )
        )
        == []
    )
    assert not Member.objects.filter(name="eve").exists()


def test_agreements_and_their_parties_are_leaves(logged: Path) -> None:
    terms = AgreementTerms(categories=("indicators",))

    def make(now: By) -> object:
        return parties.create_agreement("at-sg", "", AgreementKind.MEMORANDUM, "MoU 1", terms, now)

    only(leaves_of(lambda: carried(make)), "agreement", action="agreement.create", subject="at-sg")
    dates = PartyDates(signed=date(2026, 2, 1))

    def sign(now: By) -> object:
        return parties.set_agreement_party("at-sg", member="", country="AT", dates=dates, reservations="", by=now)

    detail = only(leaves_of(lambda: carried(sign)), "agreement", action="agreement.party")["detail"]
    assert json.loads(detail) == {"party": "AT", "reservations": "", "signed": "2026-02-01"}


def test_consent_of_an_originator_is_a_leaf_of_its_own_kind(logged: Path) -> None:
    member("bob")
    fact = Fact("consent", "identity--1", "Letter of 2026-11-02", date(2026, 11, 2))
    found = leaves_of(lambda: carried(lambda now: parties.record_fact("bob", fact, now)))
    assert "Letter of 2026-11-02" in only(found, "consent", action="consent.give", subject="bob")["detail"]


def test_recalls_and_their_answers_are_leaves(logged: Path) -> None:
    who = member("bob")
    follow()
    recalled = f"recall--{who.identity[10:]}"

    def take_back() -> None:
        Recall.objects.create(member=who, recall=recalled, count=3, reason="wrong", made_us=now_us())

    only(leaves_of(take_back), "recall", recall=recalled, member=who.identity, objects=3)

    def comply() -> None:
        Recall.objects.update(answer="complied", receipt="receipt--1", answered_us=now_us())

    only(leaves_of(comply), "answer", recall=recalled, answer="complied", receipt="receipt--1")


def test_erasure_is_a_leaf_that_names_the_leaves_it_closed(logged: Path) -> None:
    (_, taken), *_ = leaves_of(lambda: post([indicator(5, "GREEN")]))
    number = Opening.objects.get(body__contains=indicator(5)["id"]).number
    uid = bytes.fromhex(indicator(5)["id"][11:].replace("-", ""))
    found = leaves_of(lambda: acts.erase("indicator", uid, actor="test", reason="law"))
    assert only(found, "erase", actor="test", seq=taken["seq"])["leaves"] == str(number)
    assert objects("home") == []


def test_collections_are_acts(logged: Path) -> None:
    def make() -> None:
        create_collection("New", alias="new", description="", readers=[], writers=[], actor="test", now_us=now_us())

    only(leaves_of(make), "act", action="collection.create")
