"""An address for digests is confirmed before any goes there: by its reader, signed in, by a link that counts once and not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from commonwatch.base.accounts.actions import set_active
from commonwatch.base.accounts.models import Account, Role
from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.journal.models import FollowerState
from commonwatch.console.desk import actions, confirming
from commonwatch.console.desk.confirming import HOLDS_US, MOST_LINKS, WITHIN_US
from commonwatch.console.desk.digests import LOOK_US
from commonwatch.console.desk.queries import EVERY_US
from commonwatch.console.models import Desk
from tests.console.test_digests import NODE, SignIn, asked, confirmed, link, read, text_of, work
from tests.console.test_digests import arrived as arrived  # noqa: PLC0414 - the fixture

Mails = list[tuple[str, bytes]]
PAGE = "/desk/notices/"


@pytest.fixture(autouse=True)
def something_waits(ready: Path) -> None:
    """So that a digest would be written."""
    FollowerState.objects.create(name="inventory", failed_at=7, failure="broken")


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Put the clock of the pages forward."""

    def put(by_us: int) -> None:
        monkeypatch.setattr("commonwatch.console.desk.mail.now_us", lambda: now_us() + by_us)
        monkeypatch.setattr("commonwatch.console.desk.views.now_us", lambda: now_us() + by_us)

    yield put


def said(browser: Client) -> str:
    return browser.get(PAGE).content.decode()


def test_nothing_but_a_link_goes_to_an_address_that_is_not_confirmed(signed_in: SignIn, arrived: Mails) -> None:
    browser = signed_in(Role.OPERATOR)
    asked(browser)
    assert "waits to be confirmed" in said(browser) and "Until then no digest is sent." in said(browser)
    work(2 * EVERY_US["weekly"])
    ((to, _raw),) = arrived
    assert to == "ada@cert.example" and f"{NODE}/desk/mail/" in text_of(arrived[0])
    assert "operator" not in text_of(arrived[0]) and "inventory" not in text_of(arrived[0])
    work(3 * EVERY_US["weekly"])
    assert len(arrived) == 1


def test_the_link_shows_a_button_and_the_button_confirms_once(signed_in: SignIn, arrived: Mails) -> None:
    browser = signed_in(Role.OPERATOR)
    asked(browser)
    work(0)
    address = link(arrived.pop())
    for _ in range(2):  # a program that guards the mailbox opens it, and then its reader
        opened = browser.get(address)
        assert "ada@cert.example" in opened.content.decode() and "no-store" in opened["Cache-Control"]
    assert Desk.objects.get().mail_to == ""
    assert browser.post(address)["Location"] == PAGE
    assert Desk.objects.get().mail_to == "ada@cert.example" and "waits to be confirmed" not in said(browser)
    assert browser.post(address).status_code == browser.get(address).status_code == 404
    work(EVERY_US["daily"] + LOOK_US)
    assert [to for to, _ in arrived] == ["ada@cert.example"] and "/desk/mail/" not in text_of(arrived[0])


def test_only_who_asked_can_follow_the_link(signed_in: SignIn, arrived: Mails) -> None:
    browser, other = signed_in(Role.OPERATOR), signed_in(Role.READER)
    asked(browser)
    work(0)
    address = link(arrived.pop())
    assert Client().get(address)["Location"].startswith("/account/sign-in/?next=/desk/mail/")
    assert other.get(address).status_code == other.post(address).status_code == 404
    asked(other, to="eve@cert.example")
    assert other.post(address).status_code == 404
    Account.objects.filter(name="reader").update(language="fr")
    assert "Ce lien" in other.post(address).content.decode()
    for wrong in (address[:-2] + "/", "/desk/mail/x/", "/desk/mail/é/"):
        assert browser.post(wrong).status_code == 404, wrong
    assert not Desk.objects.exclude(mail_to="").exists()


def test_a_link_expires_and_another_can_be_sent_which_voids_those_before(
    signed_in: SignIn, arrived: Mails, later: Any
) -> None:
    browser = signed_in(Role.OPERATOR)
    asked(browser)
    work(0)
    first = link(arrived.pop())
    later(HOLDS_US + MICROSECONDS)
    assert browser.post(first).status_code == 404 and "has expired" in said(browser)
    later(0)
    assert browser.post("/desk/mail/again/")["Location"] == PAGE
    work(0)
    second = link(arrived.pop())
    assert browser.post(first).status_code == 404 and browser.post(second).status_code == 302


def test_few_links_are_sent_whatever_addresses_are_given(signed_in: SignIn, arrived: Mails, later: Any) -> None:
    browser = signed_in(Role.OPERATOR)
    for number in range(MOST_LINKS - 1):
        assert asked(browser, to=f"victim{number}@cert.example").status_code == 302
    assert browser.post("/desk/mail/again/").status_code == 302
    for refused in (browser.post("/desk/mail/again/"), asked(browser, to="another@cert.example")):
        assert refused.status_code == 429 and int(refused["Retry-After"]) > 80_000
    browser.post("/desk/mail/back/")
    assert asked(browser, to="another@cert.example").status_code == 429
    assert Desk.objects.get().mail_wanted == "" and Desk.objects.get().digest == ""
    later(WITHIN_US + MICROSECONDS)
    assert asked(browser, to="another@cert.example").status_code == 302
    work(0)
    assert len(arrived) == 1  # one job sent the last link; those before it were void already


def test_an_address_is_taken_back(signed_in: SignIn, arrived: Mails) -> None:
    browser = signed_in(Role.OPERATOR)
    asked(browser)
    work(0)
    address = link(arrived.pop())
    browser.post("/desk/mail/back/")
    assert browser.post(address).status_code == 404 and "waits to be confirmed" not in said(browser)
    assert browser.post("/desk/mail/back/").status_code == browser.post("/desk/mail/again/").status_code == 404
    work(2 * EVERY_US["daily"])
    assert arrived == []


def test_an_address_taken_back_before_its_link_was_sent_is_sent_none(signed_in: SignIn, arrived: Mails) -> None:
    browser, other = signed_in(Role.OPERATOR), signed_in(Role.READER)
    asked(browser)
    browser.post("/desk/mail/back/")
    asked(other, to="eve@cert.example")
    set_active("reader", active=False, reason="left", actor="test", now_us=now_us())
    work(0)
    assert arrived == [] and not Job.objects.filter(failed=True).exists()


def test_another_address_is_asked_and_the_first_is_written_to_meanwhile(signed_in: SignIn, arrived: Mails) -> None:
    browser = signed_in(Role.OPERATOR)
    confirmed(browser, arrived)
    asked(browser, to="ada@home.example")
    assert "Until then digests go on to this address:" in said(browser) and "ada@cert.example" in said(browser)
    work(EVERY_US["daily"] + LOOK_US)
    assert sorted(to for to, _ in arrived) == ["ada@cert.example", "ada@home.example"]
    browser.post(link(next(mail for mail in arrived if mail[0] == "ada@home.example")))
    arrived.clear()
    work(3 * EVERY_US["daily"])
    assert [to for to, _ in arrived] == ["ada@home.example"]


def test_the_first_address_needs_no_second_link_where_the_other_is_given_up(signed_in: SignIn, arrived: Mails) -> None:
    browser = signed_in(Role.OPERATOR)
    confirmed(browser, arrived)
    asked(browser, to="ada@home.example")
    browser.post("/desk/mail/back/")
    desk = Desk.objects.get()
    assert (desk.digest, desk.mail_to, desk.mail_wanted) == ("daily", "ada@cert.example", "")
    asked(browser, "")
    asked(browser, "weekly")
    assert Desk.objects.get().mail_to == "ada@cert.example" and Desk.objects.get().mail_wanted == ""
    asked(browser, "", "other@cert.example")
    assert Desk.objects.get().mail_to == Desk.objects.get().mail_wanted == ""


def test_a_link_that_cannot_be_sent_is_tried_again_and_is_in_the_language_of_who_asked(
    signed_in: SignIn, arrived: Mails, settings: Any
) -> None:
    browser = signed_in(Role.OPERATOR)
    Account.objects.update(language="ar")
    asked(browser)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    work(0)
    assert Job.objects.get(kind=confirming.KIND).last_error
    settings.EMAIL_PORT = port
    work(HOLDS_US // 2)
    html = read(arrived[0][1]).get_body(("html",))
    assert html is not None and 'dir="rtl"' in html.get_content()
    assert browser.post(link(arrived[0])).status_code == 302


def test_addresses_from_before_are_asked_once_and_written_to_when_they_answered(
    signed_in: SignIn, arrived: Mails
) -> None:
    browser, quiet = signed_in(Role.OPERATOR), signed_in(Role.READER)
    confirmed(browser, arrived)
    confirmed(quiet, arrived)
    asked(quiet, "")
    Desk.objects.update(mail_links_us=[])
    import_module("commonwatch.console.migrations.0003_confirmed_addresses").ask_all(apps, None)
    assert "A link is sent there shortly." in said(browser)
    work(2 * EVERY_US["daily"])
    assert [to for to, _ in arrived] == ["ada@cert.example"]
    work(3 * EVERY_US["daily"])
    assert len(arrived) == 1
    actions.digest_sent(Account.objects.get(name="operator").pk, 0)
    browser.post(link(arrived.pop()))
    work(4 * EVERY_US["daily"])
    assert len(arrived) == 1 and "1" in text_of(arrived[0])
