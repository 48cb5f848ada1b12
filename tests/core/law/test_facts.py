"""Dated facts: when they hold, and what a list of them may not be."""

from __future__ import annotations

import json
from datetime import date

import pytest

from commonwatch.core.errors import InvalidInput
from commonwatch.core.law.facts import Fact, holding, parse_country_facts, parse_day

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("since", "until", "holds"),
    [
        (None, None, True),
        (DAY, None, True),
        (date(2026, 11, 24), None, False),
        (None, DAY, False),  # `until` is the first day on which it no longer holds
        (None, date(2026, 11, 24), True),
        (date(2020, 1, 1), date(2026, 1, 1), False),
    ],
)
def test_a_fact_holds_from_its_first_day_until_its_end(since: date | None, until: date | None, holds: bool) -> None:
    assert Fact("group", "eu", "list", since, until).holds(DAY) is holds


def test_facts_that_hold_are_found_by_kind_and_keep_their_order() -> None:
    facts = [Fact("group", "eu", "x"), Fact("treaty", "b", "x", since=date(2030, 1, 1)), Fact("group", "nato", "x")]
    assert [fact.value for fact in holding(facts, DAY)] == ["eu", "nato"]
    assert holding(facts, DAY, "treaty") == [] and len(holding(facts, date(2031, 1, 1), "treaty")) == 1


def listed(*countries: object, **changes: object) -> bytes:
    return json.dumps({"as_of": "2026-01-01", "sources": ["s"], "countries": countries, **changes}).encode()


def test_a_list_of_countries_is_read() -> None:
    at = {
        "code": "AT",
        "name": "Austria",
        "facts": [{"kind": "group", "value": "eu", "source": "s", "since": "1995-01-01"}],
    }
    found = parse_country_facts(listed(at, {"code": "SG", "name": "Singapore"}))
    assert found.by_code()["AT"].facts[0].since == date(1995, 1, 1) and found.by_code()["SG"].facts == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff",
        listed({"code": "at", "name": "x"}),
        listed({"code": "AUT", "name": "x"}),
        listed({"code": "ÄT", "name": "x"}),
        listed({"code": "AT", "name": "x"}, {"code": "AT", "name": "y"}),
        listed({"code": "AT", "name": "x", "colour": "red"}),
        listed({"code": "AT", "name": "x", "facts": [{"kind": "group", "value": "eu"}]}),  # who says so?
        listed(as_of="soon"),
    ],
)
def test_a_list_that_cannot_be_relied_on_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_country_facts(raw)
    assert caught.value.code == "country-facts" and caught.value.advice


@pytest.mark.parametrize("text", ["", "yesterday", "20261123", "2026-W48-1", "2026-13-01", "2026-11-23T"])
def test_a_day_is_written_one_way(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_day(text)
    assert parse_day("2026-11-23") == DAY
