"""Drafts in six languages: what is ours or stands in the list of law is translated, what people wrote and names are not."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from django.conf import settings
from django.utils.translation import override

from commonwatch.capabilities.duties import notices, words
from commonwatch.capabilities.duties.case_facts import SEVERITIES, TEXTS, TIMES
from commonwatch.capabilities.duties.drafting import Draft, draft
from commonwatch.capabilities.duties.law import calendars, shipped_duties, where
from commonwatch.capabilities.duties.vocabulary import vocabulary
from commonwatch.core.errors import InvalidInput
from commonwatch.core.law.duties import Field
from commonwatch.core.law.periods import Word
from tests.capabilities.duties.cases import HOUR, NOW, by, duty_of, hospital, notice_of

OTHERS = ["fr", "es", "ar", "zh-hans", "ru"]
LATIN = re.compile("[A-Za-z]{3,}")
NIS2, DORA = "RO:EU-NIS2-23", "RO:EU-DORA-19"
FACTS = {**dict.fromkeys(TEXTS, "7"), "summary": "8"}  # without letters: all letters of a draft are ours
EVERYTHING = hospital(
    title="9", texts=FACTS, flags={"malicious": True, "cross_border": False}, times=dict.fromkeys(TIMES, NOW)
)


def drafted(regime: str, number: int, language: str, **changes: object) -> Draft:
    """Of a stage of the shipped list, with every fact known."""
    found = msgspec.structs.replace(shipped_duties().by_id()[regime], recipient="1", instrument="2")
    stage = msgspec.structs.replace(found.stages[number], **changes)
    local = "2026-12-01T10:00:00+01:00"
    return draft(EVERYTHING, found, stage, "3", local, where("DE", calendars()), language=language, late=True)


@pytest.mark.parametrize("language", OTHERS)
def test_every_point_and_stage_of_the_list_has_words(language: str) -> None:
    stages = [stage for regime in shipped_duties().regimes for stage in regime.stages]
    with override(language):
        said = [words.stage_said(stage.stage) for stage in stages]
        said += [words.point_said(field.text) for stage in stages for field in stage.content]
        known = {regime.recipient: words.recipient_said(regime.recipient) for regime in shipped_duties().regimes}
    assert all((said != one) == words.is_described(one) for one, said in known.items())
    assert not [one.text for one in said if one.untranslated]


@pytest.mark.parametrize("language", OTHERS)
def test_every_other_word_of_the_list_has_words_also_inside_a_sentence(language: str) -> None:
    duties = shipped_duties()
    roles, sectors, flags = vocabulary(duties)
    with override(language):
        said = [words.event_said(start.means) for start in duties.starts]
        said += [words.counting_said(one) for rule in duties.countings for one in (rule.title, rule.hours_note) if one]
        said += [words.told_too_said(whom) for regime in duties.regimes for whom in regime.also_inform]
        said += [words.limit_said(word) for word in Word]
        said += [*map(words.role_said, roles), *map(words.sector_said, sectors), *map(words.flag_said, flags)]
        inside = [*(start.means for start in duties.starts), *roles, *flags, *TIMES]
        assert not [word for word in inside if words.listed_said(word) == word]
        assert words.listed_said("Ana") == "Ana"
    assert not [one.text for one in said if one.untranslated]


@pytest.mark.parametrize("language", OTHERS)
def test_every_fact_that_a_notice_asks_for_has_a_name(language: str) -> None:
    stages = [stage for regime in shipped_duties().regimes for stage in regime.stages]
    asked = {name for stage in stages for field in stage.content for name in field.facts} | {*TIMES, *TEXTS}
    with override("en"):
        english = {name: words.fact_said(name) for name in asked}
        graded = {one: words.severity_said(one) for one in SEVERITIES}
    with override(language):
        same = {name for name in asked if words.fact_said(name) == english[name]}
        assert same <= ({"cause", "techniques"} if language == "fr" else set())
        assert all(words.severity_said(one) != graded[one] for one in SEVERITIES)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["ar", "zh-hans", "ru"])
def test_no_english_word_of_ours_is_left_in_a_draft(language: str) -> None:
    for regime in shipped_duties().regimes:
        for number in range(len(regime.stages)):
            made = drafted(regime.id, number, language)
            assert set(LATIN.findall(made.text)) <= {"HHS", "ANPD"} and not made.untranslated, made.text


@pytest.mark.django_db
def test_the_number_of_lines_that_stay_english_is_known_where_a_list_has_points_of_its_own() -> None:
    own = (Field("root causes"), Field("colour of the <ship>", ("summary", "severity")))
    made = drafted(NIS2, 0, "ar", content=own)
    lines = made.text.split("\n")
    assert [lines[number] for number in made.untranslated] == ["2. Colour of the <ship>"]
    assert [point.untranslated for point in made.points] == [False, True, False]
    assert not drafted(NIS2, 0, "en", content=own).untranslated


@pytest.mark.django_db
def test_a_time_has_a_line_of_its_own_where_a_script_runs_from_right_to_left() -> None:
    """Beside Arabic letters a date is shown as day, month, year, or its hour before its day: nobody could tell."""
    for regime in shipped_duties().regimes:
        for number in range(len(regime.stages)):
            for line in drafted(regime.id, number, "ar").text.split("\n"):
                assert "2026-" not in line or re.fullmatch(r"2026-[0-9T:+-]+", line), line


def test_a_draft_in_french_says_what_the_english_one_says(ready: Path) -> None:
    notice = notice_of(duty_of(NIS2), "early_warning")
    made = notices.made_draft(notice, NOW, "fr")
    assert made.text.startswith("À : CSIRT national ou, le cas échéant, autorité compétente\nDe : home\n")
    assert (
        "Notification : alerte précoce\nObjet : Ransomware at a hospital\nÉchéance : 2026-12-01T10:00:00+01:00"
        in made.text
    )
    assert "1. Si des actes illicites ou malveillants sont soupçonnés\noui" in made.text
    assert "2. Si une incidence transfrontière est possible\n[pas encore connu]" in made.text
    assert made.gaps == ("si une incidence transfrontière est possible",) and made.language == "fr"
    final = notices.made_draft(notice_of(notice.duty, "final_report"), NOW, "fr").text
    assert "Files of two wards are encrypted.\nGravité : élevée\nIncidence : [pas encore connu]" in final
    late = notices.made_draft(notice, NOW + 1000 * HOUR, "fr")
    assert late.gaps[-1] == "les motifs du retard"


def test_what_is_sent_without_a_text_is_the_draft_in_the_language_that_was_chosen(ready: Path) -> None:
    notice = notice_of(duty_of(NIS2), "early_warning")
    sending = notices.sent(notice.pk, at_us=NOW, how="mail", to="ANSSI", by=by(), language="ru")
    assert sending.text == notices.made_draft(notice, NOW, "ru").text and sending.text.startswith("Кому: ")
    notices.save_draft(notice.pk, "Our own words.", by())
    notice.refresh_from_db()
    assert notices.text_of(notice, NOW, "ar") == "Our own words."
    again = notices.sent(notice.pk, at_us=NOW, how="mail", to="ANSSI", by=by(), language="ar")
    sending.refresh_from_db()
    assert again.text == "Our own words." and sending.text.startswith("Кому: ")


def test_a_language_without_words_is_refused(ready: Path) -> None:
    notice = notice_of(duty_of(NIS2), "early_warning")
    assert "tlh" not in dict(settings.LANGUAGES)
    with pytest.raises(InvalidInput, match="no words in tlh"):
        notices.made_draft(notice, NOW, "tlh")
