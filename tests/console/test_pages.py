"""The pages there are: the front page, and the one behind the administrator's link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from commonwatch.base.accounts.actions import ensure_setup_link
from commonwatch.base.accounts.models import Account
from commonwatch.base.clock import now_us
from commonwatch.console.shell import assets
from commonwatch.console.shell.middleware import POLICY

GIVEN = {"name": "Ada", "password": "quiet rivers carry far", "again": "quiet rivers carry far"}


@pytest.fixture
def browser(ready: Path) -> Client:
    return Client(enforce_csrf_checks=True)


def link() -> str:
    secret = ensure_setup_link(now_us())
    assert secret is not None
    return f"/setup/{secret}/"


def post(browser: Client, address: str, **changes: str) -> tuple[int, str]:
    browser.get(address)
    token = browser.cookies["csrftoken"].value
    answer = browser.post(address, {**GIVEN, **changes, "csrfmiddlewaretoken": token})
    return answer.status_code, answer.content.decode()


def test_the_front_page_says_what_this_is_and_nothing_of_what_it_holds(browser: Client) -> None:
    answer = browser.get("/")
    text = answer.content.decode()
    assert answer.status_code == 200 and "/taxii2/" in text and "<h1" in text and 'lang="en"' in text
    assert answer["Content-Security-Policy"] == POLICY and "unsafe" not in POLICY
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["X-Frame-Options"] == "DENY"
    assert "style=" not in text and not re.search(r"<script(?![^>]* src=)", text) and not re.search(r" on[a-z]+=", text)
    sheet = browser.get(assets.address("style.css"))
    assert sheet["Content-Type"].startswith("text/css") and "immutable" in sheet["Cache-Control"]
    assert browser.get("/admin/").status_code == 404 and browser.post("/").status_code in (403, 405)


def test_the_administrator_is_made_once(browser: Client) -> None:
    address = link()
    page = browser.get(address)
    assert page.status_code == 200 and "no-store" in page["Cache-Control"]
    assert post(browser, address)[0] == 200
    assert Account.objects.get(name="Ada").role == "administrator"
    assert browser.get(address).status_code == 404
    assert browser.get("/setup/wrong/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"again": "another sentence altogether"}, "differ"),
        ({"password": "short", "again": "short"}, "too short"),
        ({"password": "password1234", "again": "password1234"}, "too common"),
        ({"name": "a:b"}, "cannot be a name"),
        ({"name": ""}, "required"),
    ],
)
def test_a_mistake_is_explained_and_the_link_stays_good(browser: Client, changes: dict[str, str], said: str) -> None:
    address = link()
    status, text = post(browser, address, **changes)
    assert status == 422 and said in text and not Account.objects.filter(is_person=True).exists()
    assert GIVEN["password"] not in text
    assert post(browser, address)[0] == 200


def test_a_form_from_elsewhere_is_refused(browser: Client) -> None:
    assert browser.post(link(), GIVEN).status_code == 403
    assert not Account.objects.filter(is_person=True).exists()


def test_markup_in_a_name_is_shown_as_text(browser: Client) -> None:
    """Class 22."""
    text = post(browser, link(), name="<script>alert(1)</script>")[1]
    assert "<script>alert" not in text and "&lt;script&gt;" in text
