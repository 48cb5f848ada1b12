"""The lists of help and of legal requests are said in the reader's language; what another list says stays as it is."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import translation

from commonwatch.base.accounts.models import Account, Role
from commonwatch.capabilities.incidents.rules import measured
from commonwatch.console.response import case_words, list_words
from tests.base.release.nodes import member
from tests.console.test_duty_pages import page, shown

SignIn = Callable[..., Client]
NAMES = {"CERT", "CSIRT", "CyCLONe", "ENISA", "MISP", "RSIT", "STIX", "UTC", "TLP", "sinkhole"}


def said_by(text: str) -> set[str]:
    """Words in Latin letters of labels, helps and choices."""
    parts = re.findall(r"<(label|option|p)\b[^>]*>(.*?)</\1>", text, re.DOTALL)
    return set(re.findall("[A-Za-z]{4,}", " ".join(shown(part) for _, part in parts)))


@pytest.mark.parametrize("language", ["ar", "zh-hans", "ru"])
@pytest.mark.parametrize("form", ["eu-reserve", "csirt", "norm-h", "generic"])
def test_a_form_on_which_help_is_asked_for(signed_in: SignIn, form: str, language: str) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    Account.objects.update(language=language)
    text = page(browser, f"/response/help/new/{form}/")
    form_itself = text[text.index('<form method="post" class="narrow"') :]
    people = {"contributor", "home", "CLEAR", "GREEN", "AMBER", "STRICT", "incident", "analysis"}  # one is a code
    assert said_by(form_itself) <= NAMES | people


def test_skills_ways_and_legal_forms_in_french(signed_in: SignIn) -> None:
    member("cert-fi")
    browser = signed_in(Role.CONTRIBUTOR)
    Account.objects.update(language="fr")
    assert "Bac à sable pour fichiers (licence d’utilisation)" in page(browser, "/response/catalogue/new/")
    assert "faire conserver des données stockées avant toute demande" in page(browser, "/response/legal/ways/")
    text = page(browser, "/response/legal/ask/cert-fi/preserve/")
    for said in (
        "Autorité requérante",
        "numéro de dossier propre",
        "Accès illégal",
        "Demande de conservation de données",
    ):
        assert said in text
    assert "addressee" not in text and "Requesting authority" not in text


@pytest.mark.parametrize("language", ["fr", "es", "ar", "zh-hans", "ru"])
def test_every_measured_time_has_a_name(language: str) -> None:
    with translation.override(language):
        assert all(str(case_words.SPANS[name]) != name for name, _, _ in measured.SPANS)


def test_a_word_of_another_list_stays_and_is_marked_as_english() -> None:
    with translation.override("ar"):
        assert list_words.help_said("Own field") == "Own field" and list_words.field_named("own_field") == "Own field"
        assert str(list_words.legal("<Own>")) == '<bdi lang="en">&lt;Own&gt;</bdi>'
    assert str(list_words.legal("<Own>")) == "&lt;Own&gt;"


def test_a_question_of_the_room_itself_is_said_as_well() -> None:
    with translation.override("fr"):
        said = list_words.legal("Which offence is it, by the law of the side that asks?")
    assert "infraction" in said and "lang" not in said


def test_what_is_known_is_said_and_what_a_member_wrote_is_not() -> None:
    of_the_room = "Reservations and declarations of the parties are not in this list: look them up at the depositary."
    with translation.override("fr"):
        assert "dépositaire" in list_words.known(of_the_room) and "[U+" not in list_words.known(of_the_room)
        assert "Accès illégal" in list_words.known("Illegal access")
        assert str(list_words.known("<Own>")) == "<bdi dir=auto>&lt;Own&gt;</bdi>"
