"""Clocks against cases that were worked out by hand: instrument, start, time zone, holiday, extension."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import commonwatch.capabilities.duties
from commonwatch.core.errors import InvalidInput
from commonwatch.core.law.clocks import Asked, Due, Extension, Start, State, dues, extended, is_needed
from commonwatch.core.law.counting import Where, counted
from commonwatch.core.law.duties import Duties, parse_duties
from commonwatch.core.law.periods import Period, Word, parse_deadline
from commonwatch.core.law.working_days import Calendars, parse_calendars
from commonwatch.core.stix.times import EPOCH

DATA = Path(commonwatch.capabilities.duties.__file__).parent / "data"
DUTIES: Duties = parse_duties((DATA / "duties.json").read_bytes())
CALENDARS: Calendars = parse_calendars((DATA / "holidays.json").read_bytes())
FEWEST = 120


class Case(NamedTuple):
    stage: str
    place: str
    events: str
    facts: str
    extension: str
    expected: str
    checked: str


def _cases() -> list[Case]:
    lines = Path(__file__).with_name("clock_cases.txt").read_text(encoding="utf-8").splitlines()
    return [Case(*map(str.strip, line.split("|"))) for line in lines if line and not line.startswith("#")]


CASES = _cases()


def us(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // EPOCH.resolution


def where(place: str) -> Where:
    calendar = CALENDARS.calendar(place)
    return Where(ZoneInfo(calendar.days.zone), calendar)


def starts(text: str) -> list[Start]:
    found = []
    for one in filter(None, text.split(";")):
        event, _, times = one.strip().partition("=")
        at, _, answer_by = times.partition(">")
        found.append(Start(event, us(at), "the table", us(answer_by) if answer_by else None))
    return found


def answers(case: Case) -> tuple[Due, ...]:
    regime = next(one for one in DUTIES.regimes if one.stage(case.stage))
    stage = regime.stage(case.stage)
    assert stage is not None
    flags = {
        name: word == "yes" for name, _, word in (one.partition("=") for one in filter(None, case.facts.split(";")))
    }
    if is_needed(stage, flags) is False:
        return ()
    there = where(case.place)
    more = [Extension(us(case.extension), "the table")] if case.extension else []
    asked = Asked(DUTIES, regime, starts(case.events), there, flags)
    return tuple(extended(due, more, there) for due in dues(asked, stage))


def said(due: Due) -> str:
    if due.state is State.LIMIT:
        return due.local
    if due.state is State.WAITING:
        return f"waiting {due.awaited}"
    return f"{due.state.value} {due.local}".strip()


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.stage}-{case.place}-{case.events}{case.facts}{case.extension}"
)
def test_a_clock_ends_when_the_table_says(case: Case) -> None:
    found = answers(case)
    assert [said(due) for due in found] == ([] if case.expected == "none" else [case.expected]), case.checked
    for due in found:
        assert due.steps, "a moment without a reason"
        if due.due_us is not None:
            assert us(due.local) == due.due_us


def test_the_table_has_every_instrument_and_enough_cases() -> None:
    assert len(CASES) >= FEWEST
    assert max(Counter(CASES).values()) == 1
    assert all(case.checked for case in CASES)
    regimes = {case.stage.rpartition(".")[0] for case in CASES}
    assert regimes == {regime.id for regime in DUTIES.regimes}
    assert {case.stage for case in CASES} == {stage.id for regime in DUTIES.regimes for stage in regime.stages}


def test_each_occurrence_of_a_further_fact_has_its_own_clock() -> None:
    case = Case(
        "RO:KR-NETACT.s2",
        "KR",
        "additional_facts_confirmed=2026-12-01T10:00+09:00;additional_facts_confirmed=2026-12-05T08:00+09:00",
        "",
        "",
        "",
        "",
    )
    assert [due.local for due in answers(case)] == ["2026-12-02T10:00:00+09:00", "2026-12-06T08:00:00+09:00"]


def test_a_limit_is_written_to_the_second_and_never_too_late() -> None:
    case = Case("RO:KR-NETACT.s2", "KR", "additional_facts_confirmed=2026-12-01T10:00:07.999999+09:00", "", "", "", "")
    (due,) = answers(case)
    assert due.local == "2026-12-02T10:00:07+09:00"
    assert due.due_us == us("2026-12-02T10:00:07.999999+09:00")


def test_a_reason_names_start_rule_and_calendar() -> None:
    case = Case("RO:US-SEC-8K.s1", "US", "materiality_determined=2026-11-24T10:00-05:00", "", "", "", "")
    (due,) = answers(case)
    text = " ".join(step.sentence for step in due.steps)
    assert "It began with the determination that the incident is material: 2026-11-24 10:00 EST." in text
    assert (
        "In the calendar of US 4 business days after 2026-11-24 is 2026-12-01. "
        "Days of rest on the way do not count: 2026-11-26 Thanksgiving Day; 2 days of weekends." in text
    )
    assert any(step.source.startswith("17 CFR 232.13") for step in due.steps)
    assert due.gaps == ("Holidays of parts of the State are not on record.",)


@given(
    st.sampled_from(sorted(CALENDARS.places)),
    st.sampled_from([rule.id for rule in DUTIES.countings]),
    st.sampled_from(["PT4H", "PT72H", "P1M", "P14D", "P4BD", "P1Y2M"]),
    st.integers(us("2025-01-01T00:00Z"), us("2029-01-01T00:00Z")),
    st.integers(0, 10 * 86_400 * 1_000_000),
)
def test_a_later_start_never_has_an_earlier_limit(place: str, rule: str, text: str, start: int, more: int) -> None:
    length, there = parse_deadline(text), where(place)
    assert isinstance(length, Period)
    first = counted(length, start, there, DUTIES.counting(rule)).due_us
    assert start < first <= counted(length, start + more, there, DUTIES.counting(rule)).due_us


def test_what_is_not_known_of_a_calendar_is_said() -> None:
    far = Case("RO:US-SEC-8K.s1", "US", "materiality_determined=2041-11-25T10:00-05:00", "", "", "", "")
    (due,) = answers(far)
    assert due.gaps == ("Holidays of US are on record for 2024 to 2030 only.",)
    nowhere = Case("RO:BR-LGPD.s1", "ZZ", "aware_that_personal_data_affected=2026-11-17T10:00Z", "", "", "", "")
    (due,) = answers(nowhere)
    assert due.gaps == ("No holidays of ZZ are on record: only Saturdays and Sundays are left out.",)
    assert due.local == "2026-11-20T10:00:00+00:00"


def test_a_missing_second_start_is_said() -> None:
    case = Case("RO:EU-DORA-19.s1", "DE", "classified_as_major=2026-12-01T10:00+01:00", "", "", "", "")
    (due,) = answers(case)
    assert due.gaps == ("The limit of PT24H from becoming aware of the incident cannot be told: no time is stated.",)


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("PT72H", Period(seconds=72 * 3600)),
        ("PT90M", Period(seconds=5400)),
        ("P1M", Period(months=1)),
        ("P1Y2M", Period(months=14)),
        ("P2W", Period(days=14)),
        ("P14D", Period(days=14)),
        ("P1DT12H", Period(days=1, seconds=43_200)),
        ("P4BD", Period(business_days=4)),
        ("immediately", Word.IMMEDIATELY),
    ],
)
def test_a_deadline_is_read(text: str, period: Period | Word) -> None:
    assert parse_deadline(text) == period


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P0D", "P0BD", "72H", "P-1D", "P1.5D", "P99999D", "P1DT", "soon", "PT72h", "P١D"]
)
def test_what_is_no_deadline_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="deadline"):
        parse_deadline(text)


def test_a_list_with_a_mistake_names_its_place() -> None:
    broken = msgspec.to_builtins(DUTIES)
    broken["regimes"][3]["stages"][0]["deadline"] = "72 hours"
    with pytest.raises(InvalidInput) as caught:
        parse_duties(msgspec.json.encode(broken))
    assert caught.value.data["place"] == "$.regimes[3].stages[0].deadline"
    wordy = msgspec.to_builtins(DUTIES)
    dora = next(one for one in wordy["regimes"] if one["id"] == "RO:EU-DORA-19")
    dora["stages"][0]["outer"]["deadline"] = "immediately"  # a second limit must have an end
    with pytest.raises(InvalidInput, match="cannot be read: 'immediately'"):
        parse_duties(msgspec.json.encode(wordy))
    twice = msgspec.to_builtins(DUTIES)
    twice["regimes"][1]["id"] = twice["regimes"][0]["id"]
    with pytest.raises(InvalidInput, match="stands there twice"):
        parse_duties(msgspec.json.encode(twice))
    with pytest.raises(InvalidInput, match="cannot be read"):
        parse_duties(b'{"regimes": []}')


def test_the_list_says_what_the_compiled_one_says(shared: Path) -> None:
    yaml = pytest.importorskip("yaml")
    compiled = yaml.safe_load((shared / "frameworks" / "reporting_obligations.yaml").read_text(encoding="utf-8"))
    ours = DUTIES.by_id()
    assert list(ours) == [item["id"] for item in compiled["items"]]
    assert len(ours) == 72
    for item in compiled["items"]:
        regime = ours[item["id"]]
        assert (regime.instrument, regime.status, regime.jurisdiction, regime.recipient, regime.verified, regime.confidence) == (
            item["instrument"], item["status"], item["jurisdiction"], item["recipient"], item["verified"], item["confidence"],
        )  # fmt: skip
        assert [(one.id, one.stage, one.deadline, one.clock_start, one.text) for one in regime.stages] == [
            (one["id"], one["stage"], one["deadline"], one["clock_start"], one["text"]) for one in item["stages"]
        ]
        for stage, compiled_stage in zip(regime.stages, item["stages"], strict=True):
            if "content" in compiled_stage:
                assert [field.text for field in stage.content] == compiled_stage["content"]
            else:
                assert stage.general_content
    assert set(compiled["clock_starts"]) <= {one.id for one in DUTIES.starts}
    outer = next(item for item in compiled["items"] if item["id"] == "RO:EU-DORA-19")["outer_limit"]
    stage = ours["RO:EU-DORA-19"].stages[0]
    assert stage.outer is not None
    assert (stage.outer.deadline, stage.outer.clock_start) == (outer["deadline"], outer["clock_start"])
