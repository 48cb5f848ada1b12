"""Signing in: who may, with what, how often; and what a session can do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.sessions.models import Session
from django.test import Client

from commonwatch.base.accounts.actions import invite_person, renew_invitation, set_active
from commonwatch.base.accounts.models import Account, Role
from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.clock import now_us
from tests.console.conftest import PASSWORD, SECRET, person

SIGN_IN = "/account/sign-in/"


def sign_in(browser: Client, name: str, password: str = PASSWORD) -> str:
    """Where it leads; empty where it leads nowhere."""
    answer = browser.post(SIGN_IN, {"login": name, "password": password})
    return str(answer.get("Location", ""))


def code() -> str:
    counter = next(iter(yield_hotp_counters_from_time()))
    return str(format_hotp_value(hotp_value(SECRET, counter)))


def test_a_reader_signs_in_with_a_password_and_out_again(ready: Path) -> None:
    person(Role.READER)
    browser = Client()
    assert sign_in(browser, "reader") == "/overview/"
    page = browser.get("/overview/")
    assert page.status_code == 200 and page["Cache-Control"] == "no-store"
    assert browser.get("/").status_code == 302
    browser.post("/account/sign-out/")
    assert browser.get("/overview/").status_code == 302
    assert [entry.action for entry in AuditEntry.objects.filter(actor="reader", action__startswith="sign")] == [
        "sign-in",
        "sign-out",
    ]


def test_who_runs_the_node_needs_the_second_factor(ready: Path) -> None:
    person(Role.ADMINISTRATOR)
    browser = Client()
    assert sign_in(browser, "administrator") == "/account/security/authenticate/"
    assert browser.get("/overview/").status_code == 302
    wrong = browser.post("/account/security/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200 and browser.get("/overview/").status_code == 302
    assert AuditEntry.objects.filter(action="sign-in", outcome="refused", detail__reason="code").exists()
    assert browser.post("/account/security/authenticate/", {"code": code()})["Location"] == "/overview/"
    assert browser.get("/overview/").status_code == 200


def test_a_code_works_once(ready: Path) -> None:
    person(Role.ADMINISTRATOR)
    used = code()
    for expected in (302, 200):
        browser = Client()
        sign_in(browser, "administrator")
        assert browser.post("/account/security/authenticate/", {"code": used}).status_code == expected


def test_a_role_that_demands_a_second_factor_sees_nothing_before_there_is_one(ready: Path) -> None:
    link = invite_person("Ada", Role.OPERATOR, actor="test", now_us=now_us())
    browser = Client()
    browser.post(f"/setup/{link}/", {"password": PASSWORD, "again": PASSWORD})
    assert sign_in(browser, "Ada") == "/overview/"
    assert browser.get("/overview/")["Location"] == "/account/security/"
    assert "you need a second factor" in browser.get("/account/security/").content.decode()
    assert browser.get("/search/?q=a").status_code == 302
    assert browser.get("/account/security/totp/activate/").status_code == 200  # at once, without the password again


def test_a_part_of_a_page_is_never_answered_with_another_page(ready: Path) -> None:
    asked = {"HX-Request": "true"}
    stranger = Client().get("/desk/bell/", headers=asked)
    assert (stranger.status_code, stranger["HX-Refresh"], stranger.content) == (204, "true", b"")
    link = invite_person("Ada", Role.OPERATOR, actor="test", now_us=now_us())
    browser = Client()
    browser.post(f"/setup/{link}/", {"password": PASSWORD, "again": PASSWORD})
    sign_in(browser, "Ada")
    assert browser.get("/desk/bell/", headers=asked).status_code == 204


def test_secrets_of_second_factors_are_sealed_in_the_database(ready: Path) -> None:
    from allauth.mfa.models import Authenticator

    person(Role.ADMINISTRATOR)
    assert SECRET not in str(list(Authenticator.objects.values_list("data", flat=True)))


@pytest.mark.parametrize("by", ["address", "account"])
def test_guessing_ends_by_address_and_by_account(ready: Path, by: str) -> None:
    person(Role.READER)
    for number in range(20):
        address = "192.0.2.7" if by == "address" else f"198.51.100.{number}"
        name = f"nobody {number}" if by == "address" else "reader"
        Client(REMOTE_ADDR=address).post(SIGN_IN, {"login": name, "password": "wrong"})
    address = "192.0.2.7" if by == "address" else "203.0.113.1"
    answer = Client(REMOTE_ADDR=address).post(SIGN_IN, {"login": "reader", "password": PASSWORD})
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 0
    assert sign_in(Client(REMOTE_ADDR="203.0.113.2"), "reader" if by == "address" else "nobody") in ("/overview/", "")


def test_nobody_learns_whether_a_name_has_an_account(ready: Path) -> None:
    person(Role.READER)
    known = Client().post(SIGN_IN, {"login": "reader", "password": "wrong"}).content.decode()
    unknown = Client().post(SIGN_IN, {"login": "resder", "password": "wrong"}).content.decode()
    assert [line for line in known.splitlines() if "csrf" not in line and "reader" not in line] == [
        line for line in unknown.splitlines() if "csrf" not in line and "resder" not in line
    ]


def test_an_account_that_is_switched_off_is_out_at_once(signed_in: Callable[..., Client]) -> None:
    browser = signed_in(Role.READER)
    assert browser.get("/overview/").status_code == 200
    set_active("reader", False, reason="left", actor="test", now_us=now_us())
    assert browser.get("/overview/").status_code == 302
    assert sign_in(Client(), "reader") != "/overview/"


def test_sessions_are_listed_and_ended(ready: Path) -> None:
    person(Role.READER)
    here, elsewhere = Client(headers={"user-agent": "Here <b>"}), Client(headers={"user-agent": "Elsewhere"})
    sign_in(here, "reader")
    sign_in(elsewhere, "reader")
    text = here.get("/account/sessions/").content.decode()
    assert "Elsewhere" in text and "Here &lt;b&gt;" in text and Session.objects.count() == 2
    here.post("/account/sessions/")
    assert here.get("/overview/").status_code == 200 and elsewhere.get("/overview/").status_code == 302


def test_a_session_opens_nothing_of_the_api(signed_in: Callable[..., Client]) -> None:
    assert signed_in(Role.ADMINISTRATOR).get("/api/v1/me").status_code == 401


def test_an_invitation_works_once_and_can_be_renewed(ready: Path) -> None:
    first = invite_person("Lin", Role.READER, actor="test", now_us=now_us())
    second = renew_invitation("Lin", reason="lost", actor="test", now_us=now_us())
    assert Client().get(f"/setup/{first}/").status_code == 404
    assert "Lin" in Client().get(f"/setup/{second}/").content.decode()
    assert Client().post(f"/setup/{second}/", {"password": PASSWORD, "again": PASSWORD}).status_code == 200
    assert Client().get(f"/setup/{second}/").status_code == 404
    assert sign_in(Client(), "Lin") == "/overview/"


def test_a_way_back_after_signing_in_never_leads_elsewhere(ready: Path) -> None:
    person(Role.READER)
    answer = Client().post(
        f"{SIGN_IN}?next=https://evil.example/",
        {"login": "reader", "password": PASSWORD, "next": "https://evil.example/"},
    )
    assert answer["Location"] == "/overview/"
    there = Client().post("/account/language/", {"language": "fr", "next": "//evil.example/"})
    assert there["Location"] == "/" and there.cookies["language"].value == "fr"


def test_nobody_signs_up(ready: Path) -> None:
    assert Client().get("/account/signup/").status_code == 404
    assert not Account.objects.filter(is_person=True).exists()


def test_preferences_are_kept_and_checked(signed_in: Callable[..., Client]) -> None:
    browser = signed_in(Role.READER)
    browser.post("/account/", {"language": "fr", "time_zone": "Asia/Tokyo", "theme": "dark"})
    text = browser.get("/account/").content.decode()
    assert 'lang="fr"' in text and 'data-theme="dark"' in text
    assert browser.post("/account/", {"language": "xx", "time_zone": "Mars/Base", "theme": ""}).status_code == 422
