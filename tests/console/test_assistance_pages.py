"""Pages of assistance: asking on a form, answering, deciding on the catalogue and on proposals."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.models import Role
from commonwatch.base.intake.own import Audience
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.assistance import actions, queries
from commonwatch.capabilities.assistance.models import Ignored
from commonwatch.capabilities.contacts.actions import nominate
from commonwatch.console.response.allocation import AT_ONCE
from commonwatch.core.stix.response import assistance as stix
from commonwatch.core.stix.response import contacts
from tests.base.release.nodes import by, carried, member
from tests.capabilities.assistance.test_acts import ANSWERS, ask, their_offer, theirs, treaty
from tests.console.test_every_page import looked_at

SignedIn = Callable[..., Client]
FILLED = {
    "name": "Wiper at two ports",
    "contact": "Duty officer",
    "urgency": "urgent",
    "needs": "incident-analysis=2,en",
    "members": ["cert-no"],
    "tlp": "TLP:AMBER",
    **{f"answer-{name}": text for name, text in ANSWERS.items()},
}


@pytest.fixture
def three(keyed: Path) -> Path:
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    member("cert-no", "NO", MemberKind.STATE_BODY, "home")
    member("cert-de", "DE", MemberKind.STATE_BODY, "home")
    return keyed


def page(browser: Client, name: str, *args: str, **query: str) -> str:
    answer = browser.get(reverse(name, args=args), query_params=query)
    assert answer.status_code == 200, answer.content.decode()
    text = answer.content.decode()
    looked_at(text)
    return text


def test_help_is_asked_for_on_a_form_and_who_gets_it_is_shown_first(three: Path, signed_in: SignedIn) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    desk = contacts.Contact("Night desk", ("technical",), channel="x")
    point = nominate(desk, Audience("TLP:AMBER", ("cert-no",)), by())
    assert "EU Cybersecurity Reserve" in page(browser, "help-forms")
    page(browser, "help-ask", "csirt")
    address = reverse("help-ask", args=["generic"])
    lacking = browser.post(address, {**FILLED, "answer-situation": "", "members": []})
    assert lacking.status_code == 422 and "required" in lacking.content.decode()
    looked = browser.post(address, FILLED)
    assert "cert-no" in looked.content.decode() and queries.requests(operator("t"), by().now_us) == []
    sent = browser.post(address, {**FILLED, "sure": "yes", "point": point})
    assert sent.status_code == 302
    [(_, view)] = queries.requests(operator("t"), by().now_us)
    assert (view.content.urgency, view.needs[0].missing) == ("urgent", 2)
    text = page(browser, "help-request", view.id)
    assert reverse("contact", args=[point]) in text
    assert "Silent" in text and "A wiper at two ports." in text
    assert "Wiper at two ports" in page(browser, "help-requests")


def test_an_offer_is_accepted_from_the_page_and_a_reason_is_asked_where_one_is_needed(
    three: Path, signed_in: SignedIn
) -> None:
    request = ask("cert-no")
    hostile = their_offer(request, terms="<script>alert(1)</script>")
    browser = signed_in(Role.CONTRIBUTOR)
    text = page(browser, "help-request", request)
    assert "<script>alert" not in text and "Offer of cert-no" in text
    act = reverse("help-act", args=[request])
    assert browser.post(act, {"act": "withdraw", "about": request, "reason": ""}).status_code == 400
    assert browser.post(act, {"act": "explode", "about": request}).status_code == 404
    assert browser.post(act, {"act": "accept", "about": hostile}).status_code == 302
    assert queries.request(operator("t"), request, by().now_us).state == "accepted"
    assert signed_in(Role.READER).post(act, {"act": "close"}).status_code == 403
    assert "Accept" not in page(signed_in(Role.READER), "help-request", request).partition("</h1>")[2][:300]


def test_many_needs_are_proposed_for_together_and_shown_page_by_page(three: Path, signed_in: SignedIn) -> None:
    content = {"name": "x", "form": "odd-form", "contact": {"name": "y"}, "answers": {"field": "z"}}
    for number in range(3):
        needs = [{"id": f"n{one}", "skill": "incident-analysis", "quantity": 1} for one in range(20)]
        theirs("cert-no", stix.REQUEST, {**content, "needs": needs}, number)
    browser = signed_in(Role.CONTRIBUTOR)
    first, rest = page(browser, "allocation"), page(browser, "allocation", **{"from": str(AT_ONCE)})
    assert first.count("<article") == AT_ONCE and f"?from={AT_ONCE}" in first and "0 of 60 units" in first
    assert rest.count("<article") == 60 - AT_ONCE and "From the beginning" in rest and "Next page" not in rest
    assert page(browser, "allocation", **{"from": "x"}).count("<article") == AT_ONCE


def test_what_a_partner_needs_is_offered_out_of_the_catalogue(three: Path, signed_in: SignedIn) -> None:
    treaty()
    content = {"name": "x", "form": "odd-form", "contact": {"name": "y"}, "answers": {"field": "z"}}
    needs = [{"id": "n1", "skill": "incident-analysis", "quantity": 2}]
    request = theirs("cert-no", stix.REQUEST, {**content, "needs": needs}, 1)
    browser = signed_in(Role.CONTRIBUTOR)
    made = {"name": "Two analysts", "skill": "incident-analysis", "quantity": "2", "utc_offset": "0"}
    made |= {"notice_hours": "0", "tlp": "TLP:AMBER", "languages": "en fr"}
    page(browser, "capability-new")
    assert browser.post(reverse("capability-new"), {**made, "members": ["cert-no"]}).status_code == 302
    [(_, capability)] = queries.capabilities(operator("t"), by().now_us)
    text = page(browser, "allocation")
    assert "The pact is in force for both" in text and f"n1%3D2%40{capability.id}" in text
    page(browser, "help-offer", request)
    offer = reverse("help-offer", args=[request])
    wrong = browser.post(offer, {"contact": "Duty officer", "parts": "n9=1"})
    assert wrong.status_code == 422 and "no need n9" in wrong.content.decode()
    assert browser.post(offer, {"contact": "Duty officer", "parts": f"n1=2@{capability.id}"}).status_code == 302
    assert queries.request(operator("t"), request, by().now_us).state == "offered"
    browser.post(reverse("allocation-ignore"), {"need": f"{request}/n1", "supply": capability.id, "reason": "busy"})
    assert Ignored.objects.get().reason == "busy"
    assert "Unmet" in page(browser, "allocation")


def test_the_owner_decides_who_holds_what(three: Path, signed_in: SignedIn) -> None:
    content = stix.Capability("Two analysts", "incident-analysis", 1)
    own = actions.add_capability(content, Audience("TLP:AMBER", ("cert-no", "cert-de")), by())
    theirs("cert-no", stix.RESERVATION, {"capability_ref": own, "act": "reserve"}, 1)
    second = theirs("cert-de", stix.RESERVATION, {"capability_ref": own, "act": "reserve"}, 2)
    browser = signed_in(Role.CONTRIBUTOR)
    assert "decide which reservation stands" in page(browser, "capability", own)
    assert "Contested" in page(browser, "catalogue")
    decide = reverse("capability-decide", args=[own])
    assert browser.post(decide, {"act": "allot", "reservation": second, "reason": "the port"}).status_code == 302
    held = {one.id: one.standing for one in queries.capability(operator("t"), own, by().now_us).held}
    assert held[second] == "allotted"
    assert browser.post(reverse("capability-reserve", args=[own]), {"quantity": "1", "reason": "x"}).status_code == 302
    assert browser.post(reverse("capability-end", args=[own]), {"reason": "gone"}).status_code == 302
    assert "not in the catalogue any more" in page(browser, "capability", own)
    page(browser, "help-ledger")


def test_what_waits_is_in_the_notices_and_what_is_asked_is_found(three: Path, signed_in: SignedIn) -> None:
    from commonwatch.base.accounts.identify import signed_in as identity_of
    from commonwatch.base.accounts.models import Account
    from commonwatch.console.response import catalogue, helping

    signed_in(Role.CONTRIBUTOR)
    who = identity_of(Account.objects.get(name="contributor").pk, "")
    assert who is not None
    request = ask("cert-no", hours={"acknowledge": 1, "answer": 0, "deliver": 0})
    assert [hit.url for hit in helping.find_requests(who, "wiper")] == [reverse("help-request", args=[request])]
    assert helping.waiting(who) == []
    own = actions.add_capability(stix.Capability("One", "sandbox"), Audience("TLP:AMBER", ("cert-no",)), by())
    assert catalogue.contested(who) == []
    actions.reserve(own, 1, "", "", "", by())
    theirs("cert-no", stix.RESERVATION, {"capability_ref": own, "act": "reserve"}, 2)
    assert [one.url for one in catalogue.contested(who)] == [reverse("capability", args=[own])]
