"""The pages of sharing: nobody is let in or out, and no policy is put in force, before it was said who gains and loses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.models import Role
from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.base.parties.models import Agreement, Community, Membership, Openness
from commonwatch.base.release import recalls
from commonwatch.base.release.models import Epoch, Recall
from commonwatch.core.stix.values import Piece
from tests.base.release.nodes import ids, indicator, member, post, slot

SignedIn = Callable[..., Client]
GREEN = indicator(1, "GREEN")


def text_of(browser: Client, address: str, **query: str) -> str:
    answer = browser.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def held(*objects: dict[str, object]) -> None:
    """Objects that cannot be admitted arrive."""
    source = ensure_source("test", "TLP:AMBER", "")
    channel = Channel(source.pk, "TLP:AMBER", voucher_of(source), "test", (slot(),))
    receive([Piece(json.dumps(one).encode(), "") for one in objects], channel, now_us()).result()


def made(browser: Client, name: str, openness: str = "closed") -> None:
    given = {"name": name, "description": "of the north", "openness": openness, "sure": "yes"}
    assert browser.post(reverse("community-new"), given).status_code == 302


def test_a_member_joins_only_after_it_was_said_what_follows(signed_in: SignedIn, ready: Path) -> None:
    member("cert-is")
    browser = signed_in(Role.ADMINISTRATOR)
    made(browser, "north")
    address = reverse("community-join", args=["north"])
    looked = browser.post(address, {"member": "cert-is", "reason": "agreed in Oslo"}).content.decode()
    assert "Nothing is changed yet" in looked and 'name="reason" value="agreed in Oslo"' in looked
    assert not Membership.objects.filter(community__name="north").exists()
    browser.post(address, {"member": "cert-is", "reason": "agreed in Oslo", "sure": "yes"})
    row = Membership.objects.get(community__name="north")
    assert (row.member.name, row.joined_reason, row.joined_by) == ("cert-is", "agreed in Oslo", "administrator")
    browser.post(reverse("community-leave", args=["north", "cert-is"]), {"reason": "asked to", "sure": "yes"})
    assert Membership.objects.get(community__name="north").left_reason == "asked to"
    assert "agreed in Oslo" in text_of(browser, reverse("community", args=["north"]))


def test_a_hidden_community_does_not_exist_for_others(signed_in: SignedIn, ready: Path) -> None:
    member("guest")
    Community.objects.create(name="quiet", openness=Openness.HIDDEN, created_us=1)
    browser = signed_in(Role.READER, member="guest")
    assert "quiet" not in text_of(browser, reverse("communities"))
    assert browser.get(reverse("community", args=["quiet"])).status_code == 404
    assert reverse("community", args=["quiet"]) not in text_of(browser, "/search/", q="quiet")
    assert browser.get(reverse("community-new")).status_code == 403


def test_an_agreement_is_put_on_record_with_a_partys_steps(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    given = {
        "name": "north-mou",
        "title": "Northern memorandum",
        "kind": "memorandum",
        "source": "UNTS 1",
        "sure": "yes",
    }
    browser.post(reverse("agreement-new"), given)
    steps = {"country": "is", "signed": "2025-01-01", "in_force": "2025-03-01", "sure": "yes"}
    browser.post(reverse("agreement-party", args=["north-mou"]), steps)
    assert Agreement.objects.get(name="north-mou").parties.get().country == "IS"
    address = reverse("agreement", args=["north-mou"])
    assert "2025-03-01" in text_of(browser, address)
    assert browser.post(reverse("agreement-party", args=["north-mou"]), {"signed": "soon"}).status_code == 400


def test_a_policy_that_cannot_be_read_is_refused_with_its_place(signed_in: SignedIn, ready: Path) -> None:
    browser, before = signed_in(Role.ADMINISTRATOR), Epoch.objects.count()
    answer = browser.post(reverse("policy-edit"), {"file:own.cedar": "permit (", "reason": "trying", "sure": "yes"})
    assert answer.status_code >= 400 and Epoch.objects.count() == before


def test_policies_are_listed_by_gate_and_shown_as_written(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.READER)
    listing = browser.get(reverse("policies"), {"gate": "handling"}).context["policies"]
    assert listing.rows and all(str(row["gate"]).startswith("Handling") for row in listing.rows)
    assert "@id(" in text_of(browser, listing.rows[0]["url"])
    assert browser.get(reverse("policy-changes")).status_code == 403


def test_everybodys_answer_and_one_members_with_its_rules(signed_in: SignedIn, ready: Path) -> None:
    member("cert-is")
    post([GREEN])
    browser = signed_in(Role.OPERATOR)
    rows = browser.get(reverse("explaining"), {"object": GREEN["id"]}).context["audience"].rows
    assert {str(row["member"]) for row in rows} >= {"the public", "cert-is", "home"}
    text = text_of(browser, reverse("explaining"), object=GREEN["id"], to="public")
    assert "Refused" in text and "Handling" in text
    assert browser.get(reverse("explaining"), {"object": "indicator--nothing"}).status_code in (400, 404)


def test_a_reader_learns_nothing_of_what_it_did_not_receive(signed_in: SignedIn, ready: Path) -> None:
    member("guest")
    post([GREEN])
    browser = signed_in(Role.READER, member="guest")
    assert browser.get(reverse("explaining"), {"object": GREEN["id"], "to": "home"}).status_code == 404


def test_what_is_held_is_mended_on_its_page_or_let_go_with_a_reason(signed_in: SignedIn, ready: Path) -> None:
    wrong = {**indicator(7, "GREEN"), "valid_from": "2025-15-08"}
    held(wrong)
    entry = QuarantineEntry.objects.get()
    browser = signed_in(Role.OPERATOR)
    text = text_of(browser, reverse("quarantine-entry", args=[entry.pk]))
    assert "valid_from" in text and "2025-15-08" in text
    retry = reverse("quarantine-retry", args=[entry.pk])
    assert browser.post(retry, {"mended": json.dumps(wrong | {"valid_from": "2025-16-08"})}).status_code == 422
    browser.post(retry, {"mended": json.dumps(wrong | {"valid_from": "2025-08-15T00:00:00Z"})})
    assert QuarantineEntry.objects.get().state == "admitted"
    assert "Nothing is held" in text_of(browser, reverse("quarantine"))


def test_many_are_let_go_with_one_reason(signed_in: SignedIn, ready: Path) -> None:
    held(*({**indicator(number, "GREEN"), "valid_from": "never"} for number in (1, 2)))
    browser = signed_in(Role.OPERATOR)
    numbers = list(QuarantineEntry.objects.values_list("pk", flat=True))
    browser.post(reverse("quarantine-drop"), {"chosen": numbers[:1], "reason": "test data"})
    wanted = {"page": "whole", "all": max(numbers), "matching": "reason=none-such", "chosen": numbers[1:]}
    browser.post(reverse("quarantine-drop"), {**wanted, "reason": "test data"})
    assert set(QuarantineEntry.objects.values_list("state", "resolution")) == {("dropped", "test data")}
    assert signed_in(Role.READER).get(reverse("quarantine")).status_code == 403


def test_the_page_of_recalls_says_who_still_holds_what(signed_in: SignedIn, ready: Path) -> None:
    member("cert-is")
    post([GREEN])
    ids("cert-is")
    post([indicator(1, "RED", version=2)])
    recalls.send(10)
    (one,) = Recall.objects.all()
    browser = signed_in(Role.OPERATOR)
    assert "Best effort" in text_of(browser, reverse("recalls"))
    Recall.objects.update(answer="partly", answered_us=now_us())
    one.named.update(kept=True)
    found = text_of(browser, reverse("recalls"), object=str(GREEN["id"]))
    assert "Keeps it" in found and one.recall in text_of(browser, reverse("recall", args=[one.recall]))
    assert "Keeps it" not in text_of(browser, reverse("recalls"), object=str(indicator(9)["id"]))
