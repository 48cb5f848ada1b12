"""Timestamps: every digit comes back as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.stix.times import format_time, parse_time

LAST_MICROSECOND_OF_9999 = 253_402_300_799_999_999


@given(st.integers(-62_135_596_800_000_000, LAST_MICROSECOND_OF_9999), st.integers(0, 6))
def test_formatting_and_parsing_are_inverse(microseconds: int, digits: int) -> None:
    cut = microseconds - microseconds % 10 ** (6 - digits)
    assert parse_time(format_time(cut, digits)) == (cut, digits)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-23",
        "2025-15-08T00:00:00.000Z",
        "2026-02-30T00:00:00Z",
        "2026-11-23T24:00:00Z",
        "2026-11-23T08:00:00",
        "2026-11-23T08:00:00.Z",
        "2026-11-23T08:00:00,000Z",
        "2026-11-23 08:00:00Z",
        "2026-11-23T08:00:00+01:00",
        "२०२६-११-२३T08:00:00Z",
        "2026-11-23T08:61:00Z",
        "x026-11-23T08:00:00Z",
        "2026-11-23T08:00:00.1x3Z",
    ],
)
def test_what_is_no_utc_timestamp_is_none(text: str) -> None:
    assert parse_time(text) is None


def test_more_than_six_digits_are_cut_and_marked() -> None:
    assert parse_time("1970-01-01T00:00:00.123456789Z") == (123_456, 7)


def test_a_leap_second_is_the_second_after_it() -> None:
    assert parse_time("2016-12-31T23:59:60Z") == parse_time("2017-01-01T00:00:00Z")
