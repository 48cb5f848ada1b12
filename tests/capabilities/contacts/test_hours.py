"""Who is there now: hours of the wall clock, over midnight, over the days on which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from commonwatch.capabilities.contacts import given
from commonwatch.capabilities.contacts.hours import is_there, there_from, there_until
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.contacts import Away, Contact, Day, Hours

WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1e6)


def office(zone: str, *hours: Hours, **more: object) -> Contact:
    return Contact("x", ("technical",), time_zone=zone, hours=hours, **more)  # type: ignore[arg-type]


DAY = Hours(WEEK, "09:00", "17:00")
VIENNA = office("Europe/Vienna", DAY)


# 2026: summer time in Europe from 29 March to 25 October; in New York from 8 March to 1 November; none in Nairobi.
@pytest.mark.parametrize(
    ("contact", "now", "there"),
    [
        (VIENNA, "2026-01-05T08:00", True),  # 09:00 in winter
        (VIENNA, "2026-01-05T07:59", False),
        (VIENNA, "2026-01-05T16:00", False),  # 17:00: the end is not in it
        (VIENNA, "2026-07-06T07:00", True),  # 09:00 in summer
        (VIENNA, "2026-07-06T06:59", False),
        (VIENNA, "2026-03-30T07:00", True),  # the Monday after the change
        (VIENNA, "2026-03-27T07:30", False),  # the Friday before it
        (VIENNA, "2026-10-26T08:00", True),
        (VIENNA, "2026-10-26T07:30", False),
        (VIENNA, "2026-01-03T10:00", False),  # a Saturday
        (office("Africa/Nairobi", DAY), "2026-07-06T06:00", True),
        (office("Africa/Nairobi", DAY), "2026-07-06T05:59", False),
        (office("America/New_York", DAY), "2026-03-09T13:00", True),  # a day after their change, before ours
        (office("America/New_York", DAY), "2026-03-06T13:30", False),
        (office("Asia/Kolkata", DAY), "2026-01-05T03:30", True),  # half hours
        (office("Asia/Kolkata", DAY), "2026-01-05T03:29", False),
        (office("Pacific/Auckland", DAY), "2026-01-04T20:00", True),  # Monday there, Sunday in UTC
        (office("UTC", Hours(("fri",), "22:00", "06:00")), "2026-01-03T05:59", True),  # Friday's night, on Saturday
        (office("UTC", Hours(("fri",), "22:00", "06:00")), "2026-01-03T06:00", False),
        (office("UTC", Hours(("fri",), "22:00", "06:00")), "2026-01-02T05:00", False),  # Thursday's is not meant
        (office("UTC", Hours(("sat",), "00:00", "24:00")), "2026-01-03T23:59", True),
        (office("UTC", Hours(("sat",), "00:00", "24:00")), "2026-01-04T00:00", False),
        (office("UTC"), "2026-01-03T03:00", True),  # no hours: always
        (office("Europe/Vienna", Hours(("sun",), "02:30", "04:00")), "2026-03-29T01:30", True),  # 02:30 is left out
        (office("Europe/Vienna", Hours(("sun",), "02:30", "04:00")), "2026-03-29T01:29", False),
        (office("Europe/Vienna", Hours(("sun",), "01:00", "02:30")), "2026-10-25T01:29", True),  # 02:29 comes twice
        (office("Europe/Vienna", Hours(("sun",), "01:00", "02:30")), "2026-10-25T01:30", False),
    ],
)
def test_who_is_there(contact: Contact, now: str, there: bool) -> None:
    assert is_there(contact, at(now)) is there


def test_when_somebody_is_there_again_and_until_when() -> None:
    friday_evening = at("2026-03-27T18:00")
    assert there_from(VIENNA, friday_evening) == at("2026-03-30T07:00")  # on Monday summer time has begun
    assert there_until(VIENNA, at("2026-03-30T08:00")) == at("2026-03-30T15:00")
    assert there_until(office("UTC"), friday_evening) is None
    away = office("Europe/Vienna", DAY, away=(Away("2026-03-30T00:00:00Z", "2026-04-01T00:00:00Z"),))
    assert not is_there(away, at("2026-03-30T08:00"))
    assert there_from(away, friday_evening) == at("2026-04-01T07:00")
    always = office("UTC", away=(Away("2026-03-27T17:00:00Z", "2026-03-28T00:00:00Z"),))
    assert there_from(always, friday_evening) == at("2026-03-28T00:00")
    ends = office("UTC", Hours(WEEK, "09:00", "12:00"), Hours(WEEK, "12:00", "17:00"))
    assert there_until(ends, at("2026-03-30T10:00")) == at("2026-03-30T17:00")  # no gap between the two
    assert (
        there_from(
            office(
                "UTC", Hours(("mon",), "09:00", "09:01"), away=(Away("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),)
            ),
            friday_evening,
        )
        is None
    )


def test_hours_are_read_or_refused_with_how_to_write_them() -> None:
    assert given.hours(["mon-fri 09:00-17:00"]) == (DAY,)
    assert given.hours(["sat,sun 22:00-06:00"]) == (Hours(("sat", "sun"), "22:00", "06:00"),)
    assert given.hours(["fri-mon 00:00-24:00"]) == (Hours(("fri", "sat", "sun", "mon"), "00:00", "24:00"),)
    for odd in ("mon 9-17", "funday 09:00-17:00", "mon-fri", "mon 25:00-26:00", "mon 09:60-10:00", "mon-x 09:00-10:00"):
        with pytest.raises(InvalidInput, match="no hours"):
            given.hours([odd])
    assert given.away(["2026-12-24T00:00:00Z/2026-12-27T00:00:00Z"]) == (
        Away("2026-12-24T00:00:00Z", "2026-12-27T00:00:00Z"),
    )
    for odd in ("christmas", "2026-12-24T00:00:00Z", "2026-12-27T00:00:00Z/2026-12-24T00:00:00Z"):
        with pytest.raises(InvalidInput, match="no two times"):
            given.away([odd])
