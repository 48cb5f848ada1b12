"""Lists that a lawyer edits: mistakes are named, the clocks that move are said first, and undoing moves them back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commonwatch.capabilities.duties import actions, law, lawmaking
from commonwatch.capabilities.duties.models import LawList
from commonwatch.core.errors import Conflict, InvalidInput
from tests.capabilities.duties.cases import NOW, by, duty_of, notice_of, us

GDPR = "RO:EU-GDPR-33"


def edited(**stage: Any) -> bytes:
    """The list in use, with the first stage of the GDPR changed."""
    value = json.loads(law.raw_list(law.DUTIES))
    regime = next(one for one in value["regimes"] if one["id"] == GDPR)
    regime["stages"][0].update(stage)
    return json.dumps(value).encode()


def test_a_change_says_which_open_clocks_move_before_it_takes_effect(ready: Path) -> None:
    duty = duty_of(GDPR)
    raw = edited(deadline="PT96H")
    change = lawmaking.preview(law.DUTIES, raw)
    assert change.changed == (GDPR,)
    (move,) = change.moves
    assert (move.duty, move.notice, move.before, move.after) == (
        duty.pk, "notification", "2026-12-03T10:00:00+01:00", "2026-12-04T10:00:00+01:00",
    )  # fmt: skip
    assert notice_of(duty, "notification").local == move.before
    assert lawmaking.put_in(law.DUTIES, raw, "Omnibus in force", by()) == change
    assert notice_of(duty, "notification").local == move.after
    assert duty.history.get(what="law").said == "The list of duties of 2026-11-21 is in use: Omnibus in force"


def test_taking_a_list_back_moves_the_clocks_back(ready: Path) -> None:
    duty = duty_of(GDPR)
    before = notice_of(duty, "notification").local
    lawmaking.put_in(law.DUTIES, edited(deadline="PT96H"), "Omnibus", by())
    lawmaking.put_in(law.DUTIES, edited(deadline="PT48H"), "Error", by())
    assert notice_of(duty, "notification").local == "2026-12-02T10:00:00+01:00"
    lawmaking.undo(law.DUTIES, "Not adopted", by())
    assert notice_of(duty, "notification").local == "2026-12-04T10:00:00+01:00"
    lawmaking.undo(law.DUTIES, "Not adopted", by())
    assert notice_of(duty, "notification").local == before
    with pytest.raises(Conflict, match="shipped"):
        lawmaking.undo(law.DUTIES, "Again", by())
    assert law.raw_list(law.DUTIES) == law.shipped(law.DUTIES)
    assert LawList.objects.count() == 2


def test_a_holiday_more_moves_business_days(ready: Path) -> None:
    subject = {"name": "home", "places": ["BR"]}
    duty = duty_of("RO:BR-LGPD", "BR", subjects=[subject], times={"aware": NOW})
    assert notice_of(duty, "communication").local == "2026-12-03T07:00:00-03:00"
    value = json.loads(law.raw_list(law.HOLIDAYS))
    value["places"]["BR"]["holidays"]["2026-12-02"] = "A day of mourning"
    change = lawmaking.put_in(law.HOLIDAYS, json.dumps(value).encode(), "Decree", by())
    assert [move.after for move in change.moves] == ["2026-12-04T07:00:00-03:00"]
    assert any("2026-12-02 A day of mourning" in step["sentence"] for step in notice_of(duty, "communication").steps)


def test_an_instrument_that_leaves_the_list_keeps_its_open_duties(ready: Path) -> None:
    duty = duty_of(GDPR)
    value = json.loads(law.raw_list(law.DUTIES))
    value["regimes"] = [one for one in value["regimes"] if one["id"] != GDPR]
    change = lawmaking.put_in(law.DUTIES, json.dumps(value).encode(), "Shorter", by())
    assert change.removed == (GDPR,)
    assert change.moves == ()
    assert notice_of(duty, "notification").local == "2026-12-03T10:00:00+01:00"


def test_a_sent_notice_stays_as_it_was(ready: Path) -> None:
    from commonwatch.capabilities.duties import notices

    duty = duty_of(GDPR)
    notices.sent(notice_of(duty, "notification").pk, at_us=NOW, how="portal", to="LfDI", by=by())
    assert lawmaking.put_in(law.DUTIES, edited(deadline="PT96H"), "Omnibus", by()).moves == ()
    assert notice_of(duty, "notification").local == "2026-12-03T10:00:00+01:00"


def test_a_duty_that_is_opened_again_takes_the_law_of_the_list_in_use(ready: Path) -> None:
    duty = duty_of(GDPR)
    actions.close(duty.pk, "Done", by())
    lawmaking.put_in(law.DUTIES, edited(deadline="PT96H"), "Omnibus", by())
    assert notice_of(duty, "notification").local == "2026-12-03T10:00:00+01:00"
    actions.reopen(duty.pk, "Not done", by())
    assert notice_of(duty, "notification").local == "2026-12-04T10:00:00+01:00"


def test_the_doctor_says_when_an_own_list_is_older_than_the_program(ready: Path) -> None:
    assert all(one.fine for one in law.examined(NOW))
    value = json.loads(law.raw_list(law.DUTIES))
    value["as_of"] = "2026-11-20"
    lawmaking.put_in(law.DUTIES, json.dumps(value).encode(), "Old copy", by())
    (found,) = law.examined(NOW)
    assert not found.fine and "is of 2026-11-20, the one that the program brought of 2026-11-21" in found.sentence
    lawmaking.undo(law.DUTIES, "Too old", by())
    (late,) = law.examined(us("2031-01-01T00:00:00+00:00"))
    assert "to 2030 only" in late.sentence


def test_a_zone_that_nobody_knows_is_refused(ready: Path) -> None:
    value = json.loads(law.raw_list(law.HOLIDAYS))
    value["places"]["DE"]["zone"] = "../../etc/passwd"
    assert lawmaking.examine(law.HOLIDAYS, json.dumps(value).encode()) == [
        ("$", "The time zone ../../etc/passwd is not known here.")
    ]


def test_every_mistake_is_named_and_nothing_changes(ready: Path) -> None:
    raw = edited(deadline="72 hours", clock_start="yesterday")
    found = lawmaking.examine(law.DUTIES, raw)
    assert [place.rpartition(".")[2] for place, _ in found] == ["deadline", "clock_start"]
    with pytest.raises(InvalidInput, match="cannot be read"):
        lawmaking.put_in(law.DUTIES, raw, "x", by())
    with pytest.raises(InvalidInput, match="reason"):
        lawmaking.put_in(law.DUTIES, edited(deadline="PT96H"), " ", by())
    assert lawmaking.examine(law.HOLIDAYS, b"{}")
    assert lawmaking.examine(law.DUTIES, edited(text="a\0b")) == [("$", "It holds the character NUL.")]
    assert lawmaking.examine(law.DUTIES, b"\xff" * 10)
    assert not LawList.objects.exists()
