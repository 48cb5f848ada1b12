"""Pages of contacts: nominating, confirming, pinging and answering; who is there now; a team's profile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.identify import signed_in as identity_of
from commonwatch.base.accounts.models import Account, Role
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.contacts import queries
from commonwatch.console.response import contacts, pinging
from commonwatch.core.stix.response import contacts as stix
from tests.base.release.nodes import by, carried, member
from tests.capabilities.contacts.test_contacts import ours, their_contact, theirs
from tests.console.test_assistance_pages import page

SignedIn = Callable[..., Client]
FILLED = {
    "name": "Duty officer",
    "roles": ["technical", "policy"],
    "telephone": "+43 1 23",
    "time_zone": "Europe/Vienna",
    "hours": "mon-fri 09:00-17:00",
    "level": "1",
    "tlp": "TLP:AMBER",
    "members": ["cert-no"],
    "languages": "de en",
}


@pytest.fixture
def two(keyed: Path) -> Path:
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    member("cert-no", "NO", MemberKind.STATE_BODY, "home")
    return keyed


def test_a_contact_is_nominated_corrected_confirmed_and_taken_back(two: Path, signed_in: SignedIn) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    page(browser, "contact-new")
    wrong = browser.post(reverse("contact-new"), {**FILLED, "hours": "nine to five"})
    assert wrong.status_code == 422 and "no hours" in wrong.content.decode()
    unreachable = browser.post(reverse("contact-new"), {**FILLED, "telephone": ""})
    assert unreachable.status_code == 422
    assert browser.post(reverse("contact-new"), FILLED).status_code == 302
    [(_, view)] = queries.contacts(operator("t"), by().now_us)
    text = page(browser, "contact", view.id)
    assert "mon, tue, wed, thu, fri 09:00-17:00" in text and "Europe/Vienna" in text
    assert "mon,tue,wed,thu,fri 09:00-17:00" in page(browser, "contact-correct", view.id)
    changed = {**FILLED, "name": "Night desk", "hours": ""}
    assert browser.post(reverse("contact-correct", args=[view.id]), changed).status_code == 302
    assert browser.post(reverse("contact-confirm", args=[view.id])).status_code == 302
    assert "Night desk" in page(browser, "contacts", role="technical")
    assert "Night desk" not in page(browser, "contacts", role="diplomatic")
    assert "Night desk" in page(browser, "contact-duty")
    assert browser.post(reverse("contact-end", args=[view.id]), {"reason": "closed"}).status_code == 302
    assert queries.contacts(operator("t"), by().now_us) == []
    assert signed_in(Role.READER).post(reverse("contact-new"), FILLED).status_code == 403


def test_a_ping_is_sent_and_one_that_waits_is_answered(two: Path, signed_in: SignedIn) -> None:
    browser, identity = signed_in(Role.CONTRIBUTOR), their_contact()
    sent = browser.post(reverse("contact-ping", args=[identity]), {"text": "test", "minutes": "5", "escalates": "on"})
    assert sent.status_code == 302
    own = ours()
    ping = theirs(stix.PING, {"contact_ref": own, "text": "<b>are you there</b>"}, 7)
    who = identity_of(Account.objects.get(name="contributor").pk, "")
    assert who is not None and len(pinging.waiting_pings(who)) == 1
    text = page(browser, "contact-pings")
    assert "&lt;b&gt;are you there" in text and "We are here" in text
    assert browser.post(reverse("contact-answer", args=[ping]), {"text": "yes"}).status_code == 302
    assert pinging.waiting_pings(who) == []
    text = page(browser, "contact-pings")
    assert "We are here" not in text and "contributor" in text
    assert [hit.url for hit in contacts.find_contacts(who, "vakt")] == [reverse("contact", args=[identity])]
    assert contacts.to_confirm(who) == []


def test_a_profile_is_written_shown_and_taken_along(two: Path, signed_in: SignedIn) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    assert "no profile of it here" in page(browser, "team", "home")
    page(browser, "team-write")
    filled = {"name": "CERT.at", "text": "3.2 Constituency\nPorts of the Danube.", "tlp": "TLP:GREEN"}
    assert browser.post(reverse("team-write"), {**filled, "text": "x"}).status_code == 422
    assert browser.post(reverse("team-write"), {**filled, "communities": ["home"]}).status_code == 302
    assert "Ports of the Danube." in page(browser, "team", "home")
    taken = browser.get(reverse("team", args=["home"]), {"take": "text"})
    assert taken["Content-Type"].startswith("text/plain") and b"3.2 Constituency" in taken.content
