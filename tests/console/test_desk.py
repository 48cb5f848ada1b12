"""A person's desk: what waits, what was muted, views that are kept, who else is there, and the first start."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.test import Client

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.accounts.models import Account, Role
from commonwatch.base.clock import now_us
from commonwatch.base.journal import followers
from commonwatch.base.journal.models import FollowerState
from commonwatch.base.parties.actions import By, create_member
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.arrivals import ArrivalFollower
from commonwatch.cli.demo.sample import COUNT, bundle
from commonwatch.console.desk.actions import LOOK_US, look
from commonwatch.console.models import SavedView
from tests.base.intake.test_quarantine import take
from tests.console.conftest import person

SignIn = Callable[..., Client]


def text(browser: Client, address: str = "/overview/") -> str:
    return browser.get(address).content.decode()


def test_what_waits_is_said_and_can_be_muted(signed_in: SignIn) -> None:
    FollowerState.objects.create(name="inventory", failed_at=7, failure="<b>broken</b>")
    browser = signed_in(Role.OPERATOR)
    assert "The follower inventory has stopped" in text(browser) and "&lt;b&gt;broken" in text(browser)
    assert "1 thing waits for you" in text(browser, "/desk/bell/")
    assert "inventory" not in text(signed_in(Role.READER))
    browser.post("/desk/notices/", {"kind": ["alerts", "held", "sources", "peers", "recalls"]})
    assert "inventory" not in text(browser) and "Nothing waits" in text(browser, "/desk/bell/")


def test_a_view_is_kept_shared_and_removed(signed_in: SignIn) -> None:
    browser, other = signed_in(Role.OPERATOR), signed_in(Role.READER)
    kept = browser.post("/desk/views/", {"name": "Mine", "address": "/overview/?sort=a", "shared": "yes"})
    assert kept["Location"] == "/overview/?sort=a"
    assert "Mine" in text(browser) and "Mine" in text(other)
    assert browser.post("/desk/views/", {"name": "Mine", "address": "/overview/"}).status_code == 409
    number = SavedView.objects.get().pk
    assert other.post(f"/desk/views/{number}/remove/").status_code == 404
    browser.post(f"/desk/views/{number}/remove/")
    assert "Mine" not in text(other)


def test_the_list_that_a_view_shows_gives_it_another_name_and_shares_it_no_longer(signed_in: SignIn) -> None:
    browser, other = signed_in(Role.OPERATOR), signed_in(Role.READER)
    address = "/partnership/members/"
    for name, kept in (("Mine", address), ("Other", "/overview/")):
        browser.post("/desk/views/", {"name": name, "address": kept, "shared": "yes"})
    number = SavedView.objects.get(name="Mine").pk
    assert f'action="/desk/views/{number}/"' in text(browser, address)
    assert other.post(f"/desk/views/{number}/", {"name": "Theirs"}).status_code == 404
    assert browser.post(f"/desk/views/{number}/", {"name": "Other"}).status_code == 409
    assert browser.post(f"/desk/views/{number}/", {"name": "Failed work"})["Location"] == address
    assert "Failed work" in text(browser) and "Failed work" not in text(other)


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/nowhere/", ""]
)
def test_only_pages_of_the_console_are_kept(signed_in: SignIn, address: str) -> None:
    assert signed_in(Role.READER).post("/desk/views/", {"name": "x", "address": address}).status_code == 400


def test_colleagues_see_one_another_on_a_page_and_strangers_do_not(signed_in: SignIn) -> None:
    cache.clear()
    create_member("cert-no", "NorCERT", MemberKind.STATE_BODY, "NO", "", By("test", now_us()))
    colleague, operator_ = signed_in(Role.READER), signed_in(Role.OPERATOR)
    stranger = Client(headers={"accept": "text/html"})
    stranger.force_login(person(Role.READER, "Nils", "cert-no"))
    for browser in (colleague, operator_, stranger):
        browser.get("/desk/here/?page=/x/")
    assert "operator" in text(colleague, "/desk/here/?page=/x/") and "Nils" not in text(
        colleague, "/desk/here/?page=/x/"
    )
    assert "Nils" in text(operator_, "/desk/here/?page=/x/")
    assert "<bdi" not in text(stranger, "/desk/here/?page=/x/")


def test_new_is_what_came_since_the_look_before_this_one(signed_in: SignIn) -> None:
    signed_in(Role.READER)
    who = Identity(Account.objects.get(name="reader").pk, "reader", "reader", 1, "home", frozenset(), "")
    assert look(who, LOOK_US * 10) == 0
    assert look(who, LOOK_US * 10 + 5) == 0
    assert look(who, LOOK_US * 12) == LOOK_US * 10 == look(who, LOOK_US * 12 + 9)


def test_the_overview_counts_what_a_reader_may_know(signed_in: SignIn) -> None:
    take(*json.loads(bundle())["objects"])
    create_member("cert-no", "NorCERT", MemberKind.STATE_BODY, "NO", "", By("test", now_us()))
    while followers.advance(ArrivalFollower(), 100):
        pass
    assert f"{COUNT} objects in 14 days" in text(signed_in(Role.OPERATOR))
    assert "0 objects in 14 days" in text(_of("cert-no"))


def _of(member: str) -> Client:
    browser = Client(headers={"accept": "text/html"})
    browser.force_login(person(Role.READER, "Nils", member))
    return browser


def test_the_first_start_is_gone_through_skipped_and_undone(signed_in: SignIn) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    assert "4 steps of the first start are left" in text(browser)
    given = {"title": "NorCERT", "kind": "state-body", "country": "NO"}
    assert browser.post("/overview/first-start/member/", given)["Location"] == "/overview/first-start/"
    assert own_member().country == "NO" and "3 steps" in text(browser)
    browser.post("/overview/first-start/skip/", {"step": "peer", "skipped": "yes"})
    assert "2 steps" in text(browser)
    browser.post("/overview/first-start/skip/", {"step": "peer", "skipped": "no"})
    assert "3 steps" in text(browser)


def test_a_first_source_is_added_and_taken_back(signed_in: SignIn) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    given = {"name": "acme-feed", "url": "nonsense", "collection": "c1", "marking": "TLP:AMBER"}
    refused = browser.post("/overview/first-start/source/", given)
    assert refused.status_code == 422 and "problem" in refused.content.decode()
    added = browser.post("/overview/first-start/source/", {**given, "url": "https://taxii.example.org/api/"})
    assert added.status_code == 302
    page = text(browser, "/overview/first-start/")
    assert 'action="/overview/first-start/source/acme-feed/remove/"' in page and "Undo" in page
    browser.post("/overview/first-start/source/acme-feed/remove/")
    assert "acme-feed" in text(browser, "/overview/first-start/") and "acme-feed" not in text(browser)


def test_a_first_peer_is_invited_with_a_code_shown_once(signed_in: SignIn) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    given = {"name": "cert-no", "kind": "state-body", "country": "NO", "code": ""}
    assert "cwi1." in browser.post("/overview/first-start/peer/", given).content.decode()
    wrong = browser.post("/overview/first-start/peer/", {**given, "code": "cwi1.nonsense"})
    assert wrong.status_code == 422 and "no invitation code" in wrong.content.decode()
