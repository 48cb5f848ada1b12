"""The clocks of a duty as they stand by its events, its facts and the lists in use; and what differs from before. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from commonwatch.capabilities.duties.case_facts import Facts, read_facts
from commonwatch.capabilities.duties.law import where
from commonwatch.capabilities.duties.models import NO_LONGER_ASKED, Duty, Notice
from commonwatch.capabilities.duties.rules import known_flags, subject_named
from commonwatch.core.law.clocks import Asked, Due, Extension, Start, dues, extended, is_needed
from commonwatch.core.law.counting import Step
from commonwatch.core.law.duties import Duties, Regime, Stage
from commonwatch.core.law.working_days import Calendars


class Clock(NamedTuple):
    """One clock: the stage, which occurrence of its event, and its answer."""

    stage: Stage
    occurrence: int
    due: Due


class Move(msgspec.Struct, frozen=True):
    """A clock that a change moves. Empty `before`: it is new; empty `after`: it is no longer asked for."""

    duty: int
    title: str
    regime: str
    notice: str
    before: str
    after: str
    why: str


def law_of(duty: Duty) -> Regime:
    """The instrument as the duty keeps it."""
    return msgspec.convert(duty.law, Regime)


def facts_of(duty: Duty) -> Facts:
    """The facts of its case."""
    return read_facts(duty.facts)


def starts_of(duty: Duty) -> list[tuple[int, Start]]:
    """Its events, each with its number."""
    return [
        (one.pk, Start(one.event, one.at_us, one.basis, one.answer_by_us))
        for one in duty.events.order_by("at_us", "pk")
    ]


def starts_from(facts: Facts, law: Regime, duties: Duties) -> list[Start]:
    """The events that the times of the case stand for, until a person states better ones."""
    found = []
    for event in events_of(law):
        name = next((one for one in duties.start(event).from_times if one in facts.times), "")
        if name:
            found.append(Start(event, facts.times[name], f"Taken from the time of the case: {name}."))
    return found


def clocks(duty: Duty, law: Regime, duties: Duties, calendars: Calendars) -> list[Clock]:
    """Every clock that the duty has by an instrument; one that a fact rules out is left out."""
    facts, starts = facts_of(duty), starts_of(duty)
    flags = known_flags(facts, subject_named(facts, duty.member))
    there = where(duty.place, calendars)
    asked = Asked(duties, law, [start for _, start in starts], there, flags)
    given = _extensions(duty)
    found = []
    for stage, due in answers(asked):
        anew = duties.start(stage.clock_start).counts == "each"
        number = _number(starts, due.start) if anew else 0
        found.append(Clock(stage, number, extended(due, given.get((stage.id, number), ()), there)))
    return found


def answers(asked: Asked) -> Iterator[tuple[Stage, Due]]:
    """The clocks of every stage that no fact rules out; one that a fact would decide says so."""
    for stage in asked.regime.stages:
        needed = is_needed(stage, asked.flags)
        if needed is False:
            continue
        for due in dues(asked, stage):
            if needed is None:
                open_step = Step(f"Only if this holds, which is not stated: {stage.when.replace('_', ' ')}.")
                due = msgspec.structs.replace(due, steps=(open_step, *due.steps))
            yield stage, due


def moves(duty: Duty, law: Regime, duties: Duties, calendars: Calendars) -> list[Move]:
    """What of its unsent notices would change by an instrument and lists."""
    before = {(one.stage, one.occurrence): one for one in duty.notices.exclude(dropped_why=NO_LONGER_ASKED)}
    after = {(one.stage.id, one.occurrence): one for one in clocks(duty, law, duties, calendars)}
    found = []
    for key in dict.fromkeys([*before, *after]):
        old, new = before.get(key), after.get(key)
        if old is not None and (old.sent_us is not None or old.dropped_why):
            continue  # what was sent, or left out by a person, stays
        was, will = _shown(old), _told(new)
        if was != will:
            name = new.stage.stage if new else old.name if old else ""
            why = " ".join(step.sentence for step in new.due.steps[-2:]) if new else "The list no longer asks for it."
            found.append(Move(duty.pk, duty.title, law.title, name, was, will, why))
    return found


def events_of(law: Regime) -> tuple[str, ...]:
    """The events that matter to an instrument, in the order of its stages."""
    found: list[str] = []
    for stage in law.stages:
        found += [stage.clock_start, stage.counts_from, *stage.sends]
        found += [stage.outer.clock_start] if stage.outer else []
        found += [stage.ongoing.stated_by, stage.ongoing.clock_start] if stage.ongoing else []
    return tuple(dict.fromkeys(one for one in found if one and one != "any"))


def _extensions(duty: Duty) -> dict[tuple[str, int], Sequence[Extension]]:
    return {
        (notice.stage, notice.occurrence): [
            Extension(one.until_us, one.ground) for one in notice.extensions.order_by("pk")
        ]
        for notice in duty.notices.prefetch_related("extensions")
    }


def _number(starts: list[tuple[int, Start]], start: Start | None) -> int:
    return next((number for number, one in starts if one == start), 0)


def _shown(notice: Notice | None) -> str:
    return "" if notice is None else notice.local or notice.clock


def _told(clock: Clock | None) -> str:
    return "" if clock is None else clock.due.local or clock.due.state.value
