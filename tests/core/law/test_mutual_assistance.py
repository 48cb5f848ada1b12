"""Who may ask whom by which treaty on which day, with reasons; forms, checklists and clocks."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from commonwatch.core.errors import InvalidInput
from commonwatch.core.law.mutual_assistance import (
    Declaration,
    Instruments,
    Party,
    checklist,
    dues,
    fill,
    least_days,
    parse_instruments,
    ways,
)
from commonwatch.core.law.preservation import Kept, preserved

SHIPPED = Path("src/commonwatch/capabilities/evidence/data/legal_instruments.json")
TODAY = date(2026, 11, 29)


@pytest.fixture(scope="module")
def known() -> Instruments:
    return parse_instruments(SHIPPED.read_bytes())


def changed(known: Instruments, name: str, **more: object) -> Instruments:
    """The list with something else said of one treaty."""
    made = tuple(msgspec.structs.replace(one, **more) if one.id == name else one for one in known.instruments)
    return msgspec.structs.replace(known, instruments=made)


def codes(
    known: Instruments, asking: str, asked: str, purpose: str, on: date = TODAY
) -> dict[str, tuple[str, set[str]]]:
    return {
        way.instrument.id: (way.answer, {reason.code for reason in way.reasons})
        for way in ways(known, asking, asked, purpose, on)
    }


@pytest.mark.parametrize(
    ("asking", "asked", "on", "answer", "code"),
    [
        ("AT", "NO", TODAY, "may", "party"),
        ("AT", "NO", date(2012, 9, 30), "may-not", "not-yet-a-party"),  # AT: in force on 2012-10-01
        ("AT", "NO", date(2012, 10, 1), "may", "party"),
        ("AT", "NO", date(2004, 6, 30), "may-not", "not-in-force"),
        ("AT", "NZ", date(2025, 11, 30), "may-not", "not-yet-a-party"),
        ("AT", "NZ", date(2025, 12, 1), "may", "party"),
        ("AT", "IE", TODAY, "may-not", "signed-only"),
        ("ZA", "AT", TODAY, "may-not", "signed-only"),
        ("AT", "KE", TODAY, "unknown", "not-listed"),  # the list may lack accessions
        ("AT", "LU", date(2015, 3, 1), "unknown", "date-uncertain"),
        ("AT", "LU", TODAY, "may", "party"),
        ("AT", "AT", TODAY, "may-not", "same-country"),
        ("AT", "", TODAY, "may-not", "no-country"),
    ],
)
def test_a_way_is_open_between_parties_on_a_day(
    known: Instruments, asking: str, asked: str, on: date, answer: str, code: str
) -> None:
    found = codes(known, asking, asked, "preserve", on)["budapest"]
    assert (found[0], code in found[1]) == (answer, True)


def test_every_reason_has_its_source_its_day_and_whether_it_was_verified(known: Instruments) -> None:
    (budapest,) = [way for way in ways(known, "AT", "NO", "preserve", TODAY) if way.instrument.id == "budapest"]
    assert all(reason.source and reason.as_of for reason in budapest.reasons)
    # Norway's day is general knowledge, Austria's was checked.
    assert {one.place: one.verified for one in budapest.reasons if one.code == "party"} == {"AT": True, "NO": False}
    assert [one.verified for one in budapest.reasons if one.code == "declarations-unknown"] == [False]


def test_treaties_that_are_not_in_force_open_nothing_until_the_list_says_so(known: Instruments) -> None:
    for purpose, name in (("subscriber-order", "budapest-second-protocol"), ("preserve", "un-cybercrime-convention")):
        answer, why = codes(known, "JP", "RS", purpose)[name]
        assert (answer, "not-in-force" in why) == ("may-not", True)
    parties = tuple(
        Party(place, in_force=date(2027, 1, 1), signed=date(2022, 5, 12)) for place in ("JP", "RS")
    )  # as it may come
    later = changed(known, "budapest-second-protocol", in_force=date(2027, 1, 1), parties=parties)
    assert codes(later, "JP", "RS", "subscriber-order", date(2027, 1, 1))["budapest-second-protocol"][0] == "may"
    assert codes(later, "JP", "RS", "subscriber-order")["budapest-second-protocol"][0] == "may-not"
    # Who is in the protocol has to be in the convention as well: Vietnam is not on its list.
    odd = changed(later, "budapest-second-protocol", parties=(*parties, Party("VN", in_force=date(2027, 1, 1))))
    assert codes(odd, "VN", "RS", "subscriber-order", date(2027, 2, 1))["budapest-second-protocol"][0] == "unknown"


def test_a_declaration_is_named_and_one_that_shuts_an_article_shuts_it(known: Instruments) -> None:
    said = Declaration("NO", "Art. 29", "dual criminality is required for other offences.", "Depositary, 2006")
    reserved = changed(known, "budapest", declarations=(said,), declarations_known=True)
    (way,) = [one for one in ways(reserved, "AT", "NO", "preserve", TODAY) if one.instrument.id == "budapest"]
    assert (way.answer, {"declared"} <= {one.code for one in way.reasons}) == ("may", True)
    assert "declarations-unknown" not in {one.code for one in way.reasons}
    (check,) = [one for one in checklist(reserved, way, ["bud-2"]) if one.id == "dual-criminality"]
    assert "NO declared on Art. 29" in check.known
    shut = changed(known, "budapest", declarations=(msgspec.structs.replace(said, shuts=True),))
    assert codes(shut, "AT", "NO", "preserve")["budapest"][0] == "may-not"
    assert codes(shut, "AT", "NO", "stored-data")["budapest"][0] == "may"  # of that article only
    assert codes(shut, "AT", "DE", "preserve")["budapest"][0] == "may"


def test_who_denounced_a_treaty_is_no_party_any_more(known: Instruments) -> None:
    parties = (Party("AT", in_force=date(2012, 10, 1)), Party("NO", date(2006, 10, 1), denounced=date(2026, 1, 1)))
    left = changed(known, "budapest", parties=parties)
    answer, why = codes(left, "AT", "NO", "preserve")["budapest"]
    assert (answer, "denounced" in why) == ("may-not", True)
    assert codes(left, "AT", "NO", "preserve", date(2025, 12, 31))["budapest"][0] == "may"


def test_the_checklist_asks_for_dual_criminality_as_each_way_has_it(known: Instruments) -> None:
    def asked(purpose: str) -> dict[str, str]:
        (way,) = [one for one in ways(known, "AT", "NO", purpose, TODAY) if one.instrument.id == "budapest"]
        return {one.id: one.question for one in checklist(known, way, ["bud-2", "bud-5"])}

    assert "reserved dual criminality" in asked("preserve")["dual-criminality"]
    assert "whatever it calls it" in asked("stored-data")["dual-criminality"]
    assert set(asked("preserve")) >= {"dual-criminality-reserved", "political-offence", "sovereignty", "ordre-public"}
    assert set(asked("stored-data")) >= {"own-proceedings", "use-limits", "domestic-law"}
    assert "own-proceedings" not in asked("preserve")  # Art. 29(5) has no such ground
    (way,) = [one for one in ways(known, "AT", "NO", "trace", TODAY) if one.instrument.id == "budapest"]
    (offence,) = [one for one in checklist(known, way, ["bud-2"]) if one.id == "offence"]
    assert offence.known == "Illegal access (Budapest Convention Art. 2; UN Convention Art. 7)"
    with pytest.raises(InvalidInput, match="no offence bud-99"):
        checklist(known, way, ["bud-99"])


def test_a_form_is_filled_from_facts_and_what_is_missing_is_named(known: Instruments) -> None:
    form = known.form("preservation")
    assert form is not None
    facts = {"today": "2026-11-29", "offences": "Illegal access", "period": "60 days", "person": "A. Officer"}
    filled = fill(form, facts, {"data_to_preserve": "Logs of 198.51.100.7", "facts_summary": " "})
    assert filled.values["date"] == "2026-11-29"
    assert filled.values["data_to_preserve"] == "Logs of 198.51.100.7"
    assert {"facts_summary", "necessity", "urgency"} <= set(filled.missing)
    assert not {"date", "offence", "signature", "confidentiality"} & set(filled.missing)  # the last is not required
    with pytest.raises(InvalidInput, match="no field colour"):
        fill(form, facts, {"colour": "red"})


def test_clocks_of_an_article_run_from_what_happened(known: Instruments) -> None:
    budapest = known.instrument("budapest")
    assert budapest is not None
    preservation = budapest.article("Art. 29")
    assert preservation is not None and least_days(preservation) == 60
    found = {one.id: (one.day, one.least) for one in dues(preservation, {"preserved": date(2026, 12, 1)})}
    assert found == {"least": (date(2027, 1, 30), True), "domestic-order": (date(2027, 3, 1), False)}
    assert dues(preservation, {}) == ()
    protocol = known.instrument("budapest-second-protocol")
    order = protocol.article("Art. 8") if protocol else None
    assert order is not None
    days = {one.id: (one.day - TODAY).days for one in dues(order, {"received": TODAY})}
    assert days == {"served": 45, "subscriber": 20, "traffic": 45}


@pytest.mark.parametrize(
    ("day", "state", "left", "warned"),
    [(0, "running", 60, None), (30, "ending", 30, 30), (46, "ending", 14, 14), (59, "ending", 1, 1), (60, "ending", 0, 1), (61, "ended", -1, None)],
)  # fmt: skip
def test_preservation_runs_at_least_as_long_as_the_treaty_says(
    day: int, state: str, left: int, warned: int | None
) -> None:
    since = date(2026, 12, 1)
    found = preserved([Kept(since, since + timedelta(days=20))], 60, since + timedelta(days=day))
    assert (found.state, found.left, found.warned, found.until) == (state, left, warned, date(2027, 1, 30))


def test_an_extension_moves_the_end_and_a_request_for_the_data_holds_them() -> None:
    since, on = date(2026, 12, 1), date(2027, 1, 25)
    kept = [Kept(since), Kept(date(2027, 1, 20), date(2027, 4, 1))]
    assert preserved(kept[:1], 60, on).state == "ending"
    assert preserved(reversed(kept), 60, on) == preserved(kept, 60, on)
    assert (preserved(kept, 60, on).state, preserved(kept, 60, on).until) == ("running", date(2027, 4, 1))
    assert preserved(kept, 60, date(2027, 6, 1), asked_for=True).state == "held"
    assert preserved(kept, 60, on, withdrawn=True).state == "withdrawn"
    assert [preserved([], 60, on, refused=refused).state for refused in (False, True)] == ["asked", "refused"]


def test_a_list_that_does_not_hold_together_is_refused(known: Instruments) -> None:
    whole = msgspec.to_builtins(known)
    assert parse_instruments(msgspec.json.encode(whole)) == known
    for place, wrong in (("grounds", ["none"]), ("form", "none"), ("purpose", "none")):
        broken = msgspec.json.decode(msgspec.json.encode(whole))
        broken["instruments"][0]["articles"][0][place] = wrong
        with pytest.raises(InvalidInput, match="budapest names"):
            parse_instruments(msgspec.json.encode(broken))
    with pytest.raises(InvalidInput, match="cannot be read"):
        parse_instruments(b"{}")
    with pytest.raises(InvalidInput, match="no purpose gossip"):
        ways(known, "AT", "NO", "gossip", TODAY)


def test_the_shipped_list_has_what_was_compiled(known: Instruments) -> None:
    counts = {one.id: sum(party.in_force is not None for party in one.parties) for one in known.instruments}
    assert counts == {"budapest": 79, "budapest-second-protocol": 0, "un-cybercrime-convention": 0}
    assert {article.ref for one in known.instruments if one.id == "budapest" for article in one.articles} == {
        "Art. 29",
        "Art. 30",
        "Art. 31",
        "Art. 35",
    }
    assert sum(bool(party.ratified) for one in known.instruments for party in one.parties) == 3
    assert len(known.offences) == 10
