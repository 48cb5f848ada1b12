"""When an agreement binds: hand-checked cases, and what can never be."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.law.agreements import PartyDates, out_of_order, standing

DAY = date(2026, 11, 23)
BEFORE, AFTER = date(2026, 1, 1), date(2027, 1, 1)


@pytest.mark.parametrize(
    ("dates", "binds", "because"),
    [
        (PartyDates(), False, "not signed"),
        (PartyDates(signed=AFTER), False, "not signed"),
        (PartyDates(signed=BEFORE), False, "signed on 2026-01-01, not in force"),
        (PartyDates(signed=BEFORE, ratified=BEFORE), False, "ratified on 2026-01-01, not in force yet"),
        (PartyDates(signed=BEFORE, ratified=AFTER), False, "signed on 2026-01-01, not in force"),
        (PartyDates(BEFORE, BEFORE, in_force=DAY), True, "in force since 2026-11-23"),
        (PartyDates(in_force=AFTER), False, "in force only from 2027-01-01"),
        (PartyDates(in_force=BEFORE, denounced=AFTER), True, "in force since 2026-01-01"),
        (PartyDates(in_force=BEFORE, denounced=DAY), False, "denounced, no longer binding since 2026-11-23"),
        (PartyDates(signed=BEFORE, denounced=BEFORE), False, "denounced, no longer binding since 2026-01-01"),
    ],
)
def test_where_a_party_stands(dates: PartyDates, binds: bool, because: str) -> None:
    found = standing(dates, DAY)
    assert (found.in_force, found.reason) == (binds, because)


days = st.none() | st.dates(date(2000, 1, 1), date(2040, 1, 1))


@given(days, days, days, days, st.dates(date(2000, 1, 1), date(2040, 1, 1)))
def test_nothing_binds_without_entry_into_force_or_after_its_end(
    signed: date | None, ratified: date | None, in_force: date | None, denounced: date | None, on: date
) -> None:
    dates = PartyDates(signed, ratified, in_force, denounced)
    found = standing(dates, on)
    assert found.reason
    assert found.in_force == (in_force is not None and in_force <= on and (denounced is None or on < denounced))
    if found.in_force and denounced is None:
        assert standing(dates, on + timedelta(days=1)).in_force


def test_steps_come_one_after_the_other() -> None:
    assert out_of_order(PartyDates(BEFORE, BEFORE, DAY, AFTER)) == ""
    assert (
        out_of_order(PartyDates(signed=DAY, in_force=BEFORE)) == "in force (2026-01-01) lies before signed (2026-11-23)"
    )
    assert "denounced" in out_of_order(PartyDates(in_force=DAY, denounced=BEFORE))
