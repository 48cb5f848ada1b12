"""Every page of the navigation, for every role, in every language; and nothing of it for strangers."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client

from commonwatch.base.accounts.models import Account, Role
from commonwatch.console.areas import AREAS
from commonwatch.console.shell.areas import Entry

ENTRIES = [entry for area in AREAS for entry in area.entries]
VOID = {"meta", "link", "input", "br", "hr", "img", "path", "circle", "source", "wbr"}


class Well(HTMLParser):
    """Notes what is not closed where it was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and (not self.open or self.open.pop() != tag):
            self.wrong.append(f"{tag} at {self.getpos()}")


def looked_at(text: str) -> None:
    """What holds for any page."""
    page = Well()
    page.feed(text)
    assert not page.wrong and not page.open, (page.wrong, page.open)
    assert len(page.ids) == len(set(page.ids)), page.ids
    assert len(re.findall(r"<h1[ >]", text)) == 1
    assert " style=" not in text and not re.search(r"<[^>]* on[a-z]+=", text)
    for tag in re.findall(r"<script[^>]*>", text):
        assert " src=" in tag or 'type="application/json"' in tag, tag
    assert not re.search(r"""(?:src|href|action)=["'](?:https?:)?//""", text)


@pytest.mark.parametrize("role", list(Role))
def test_each_role_has_its_pages_and_no_others(signed_in: Callable[..., Client], role: Role) -> None:
    browser = signed_in(role)
    ranks = list(Role)
    for entry in ENTRIES:
        answer = browser.get(entry.address)
        may = ranks.index(role) >= ranks.index(entry.role)
        assert answer.status_code == (200 if may else 403), entry
        looked_at(answer.content.decode())
        navigation = browser.get("/keys/").content.decode()
        assert (f'href="{entry.address}"' in navigation) == may, entry


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_each_page_speaks_each_language(signed_in: Callable[..., Client], language: str) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    Account.objects.update(language=language)
    for entry in ENTRIES:
        text = browser.get(entry.address).content.decode()
        assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in text, entry
        looked_at(text)


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.url)
def test_strangers_are_sent_to_sign_in_and_come_back(signed_in: Callable[..., Client], entry: Entry) -> None:
    answer = Client().get(entry.address)
    assert answer.status_code == 302 and answer["Location"] == f"/account/sign-in/?next={entry.address}"


def test_every_key_of_the_navigation_leads_to_one_page() -> None:
    keys = [entry.key for entry in ENTRIES if entry.key]
    assert len(keys) == len(set(keys)) and all(re.fullmatch("[a-z]", key) for key in keys)


@pytest.mark.parametrize(
    "page", ["/account/", "/account/security/", "/account/sessions/", "/account/password/", "/search/?q=a", "/keys/"]
)
def test_the_pages_beside_the_navigation(signed_in: Callable[..., Client], page: str) -> None:
    answer = signed_in(Role.OPERATOR).get(page)
    assert answer.status_code == 200
    looked_at(answer.content.decode())
    assert Client().get(page).status_code == 302


def test_what_is_not_there_is_said_with_a_way_on(signed_in: Callable[..., Client]) -> None:
    answer = signed_in(Role.READER).get("/nowhere/")
    text = answer.content.decode()
    assert answer.status_code == 404 and "There is nothing here" in text and 'href="/overview/"' in text
    looked_at(text)
    assert Client().get("/nowhere/").content == b"Not found.\n"
