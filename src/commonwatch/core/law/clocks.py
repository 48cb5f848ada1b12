"""When a notice is due: a value with reasons, never a bare time.

1. Only an event that happened starts a clock (`Start`): who says so and why stands with it.
2. Of several occurrences the first counts, the latest, or each by itself, as the data says of the event.
3. Two limits from two starts: the earlier holds; if the first start came after the second limit, only the first counts
   (Delegated Regulation (EU) 2025/301 Art. 5(1)(a) and (2)).
4. A fact that is not known never lengthens a limit: the shorter variant holds, a rule about days of rest that may not
   apply is left out.
5. A length that guidance names is shown as such, not as a limit. 6. An extension moves a limit later, with its ground.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import msgspec

from commonwatch.core.law.counting import Counted, Counting, Step, Where, counted
from commonwatch.core.law.duties import Duties, Regime, Stage
from commonwatch.core.law.periods import Length, Word, parse_deadline, parse_length

Flags = Mapping[str, bool]  # what is known; a fact that is not in it is open


class State(StrEnum):
    """What kind of answer a clock gives."""

    LIMIT = "limit"  # due at a moment
    AT_ONCE = "at-once"  # runs since a moment; the law names no end
    PERHAPS = "perhaps"  # a moment that holds only if something happens, or goes on, by then
    WAITING = "waiting"  # for an event
    NO_LIMIT = "no-limit"  # voluntary, or to be set by who asks
    UNSET = "unset"  # the law says that rules will name the time


class Start(msgspec.Struct, frozen=True):
    """An event at its time. `answer_by_us`: the time that whoever asks has set."""

    event: str
    at_us: int
    basis: str = ""
    answer_by_us: int | None = None


class Extension(msgspec.Struct, frozen=True):
    """More time, until when, on which ground."""

    until_us: int
    ground: str


class Due(msgspec.Struct, frozen=True):
    """When a notice is due, in the recipient's time, and why."""

    state: State
    due_us: int | None
    local: str  # in the recipient's zone, with its offset; empty where there is no moment
    start: Start | None
    steps: tuple[Step, ...]
    gaps: tuple[str, ...] = ()
    awaited: str = ""  # the event that it waits for
    is_guide: bool = False  # the moment is one of guidance, not of law


class Asked(msgspec.Struct, frozen=True):
    """Everything a clock is asked with."""

    duties: Duties
    regime: Regime
    starts: Sequence[Start]
    where: Where
    flags: Flags = {}

    @property
    def rule(self) -> Counting:
        """How the regime counts."""
        return self.duties.counting(self.regime.counting)


def is_needed(stage: Stage, flags: Flags) -> bool | None:
    """Whether a stage applies, by the facts; None: open."""
    if not stage.when:
        return True
    known = flags.get(stage.when.removeprefix("!"))
    return known if known is None or not stage.when.startswith("!") else not known


def dues(asked: Asked, stage: Stage) -> tuple[Due, ...]:
    """The moments of a stage: one, or one for each occurrence of an event that starts it anew."""
    if stage.ongoing and (stated := _first(asked, stage.ongoing.stated_by)):
        return _after_ongoing(asked, stage, stated)
    if stage.counts_from:
        return (_under_condition(asked, stage),)
    occurrences = _occurrences(asked, stage.clock_start)
    if not occurrences:
        return (_not_started(asked, stage),)
    return tuple(_started(asked, stage, start) for start in occurrences)


def extended(due: Due, extensions: Sequence[Extension], where: Where) -> Due:
    """The same with more time; one that would shorten it changes nothing."""
    for one in extensions:
        if due.due_us is None or one.until_us > due.due_us:
            step = Step(f"It was extended until {where.local(one.until_us):%Y-%m-%d %H:%M %Z}.", one.ground)
            due = msgspec.structs.replace(
                due,
                state=State.LIMIT,
                due_us=one.until_us,
                local=where.written(one.until_us),
                steps=(*due.steps, step),
                is_guide=False,
            )
    return due


def length_of(stage: Stage, flags: Flags) -> tuple[str, tuple[Step, ...]]:
    """Which deadline counts, where facts choose between several."""
    known = [one for one in stage.variants if flags.get(one.when) is True]
    if known:
        return known[0].deadline, (
            Step(f"It is stated that {known[0].when} holds: {known[0].deadline} instead of {stage.deadline}."),
        )
    open_ones = [one for one in stage.variants if one.when not in flags]
    shorter = [one for one in open_ones if _weight(one.deadline) < _weight(stage.deadline)]
    if shorter:
        chosen = min(shorter, key=lambda one: _weight(one.deadline))
        said = f"Whether {chosen.when} holds is not stated: the shorter limit counts, {chosen.deadline}."
        return chosen.deadline, (Step(said),)
    return stage.deadline, ()


def _occurrences(asked: Asked, event: str) -> list[Start]:
    found = sorted((one for one in asked.starts if one.event == event), key=lambda one: one.at_us)
    how = asked.duties.start(event).counts
    return found if how == "each" else found[:1] if how == "first" else found[-1:]


def _first(asked: Asked, event: str) -> Start | None:
    found = _occurrences(asked, event)
    return found[0] if found else None


def _started(asked: Asked, stage: Stage, start: Start) -> Due:
    text, chosen = length_of(stage, asked.flags)
    steps = (_began(asked, start), *chosen, Step(f"The instrument says: {stage.text}.", asked.regime.source))
    length = parse_deadline(text)
    if isinstance(length, Word) and length is not Word.END_OF_NEXT_CALENDAR_DAY:
        return _by_word(asked, stage, start, length, steps)
    due = _limit(asked, stage, start, length, steps)
    if stage.outer is None:
        return due
    return _with_outer(asked, stage, start, due)


def _limit(asked: Asked, stage: Stage, start: Start, length: Length, steps: tuple[Step, ...]) -> Due:
    rolls, why = _rolls(asked, stage)
    found = counted(length, start.at_us, asked.where, asked.rule, rolls=rolls)
    return _due(State.LIMIT, found, asked.where, start, (*steps, *why))


def _with_outer(asked: Asked, stage: Stage, start: Start, due: Due) -> Due:
    outer = stage.outer
    assert outer is not None  # noqa: S101 - the caller asked
    other = _first(asked, outer.clock_start)
    if other is None:
        missing = (
            f"The limit of {outer.deadline} from {_named(asked, outer.clock_start)} cannot be told: no time is stated."
        )
        return msgspec.structs.replace(due, gaps=(*due.gaps, missing))
    rolls, _ = _rolls(asked, stage)
    length = parse_length(outer.deadline)
    raw = counted(length, other.at_us, asked.where, asked.rule, rolls=False)
    if start.at_us > raw.due_us:
        said = f"It began after the limit of {outer.deadline} from {_named(asked, other.event)}: only the first limit counts."
        return msgspec.structs.replace(due, steps=(*due.steps, Step(said, outer.source)))
    found = counted(length, other.at_us, asked.where, asked.rule, rolls=rolls)
    second = _due(State.LIMIT, found, asked.where, other, (_began(asked, other),))
    if due.due_us is not None and found.due_us < due.due_us:
        said = f"The limit of {outer.deadline} from {_named(asked, other.event)} is the earlier of the two and holds."
        return msgspec.structs.replace(second, steps=(*due.steps, *second.steps, Step(said, outer.source)))
    said = f"The limit of {outer.deadline} from {_named(asked, other.event)}, {second.local}, is not earlier."
    return msgspec.structs.replace(due, steps=(*due.steps, Step(said, outer.source)))


def _by_word(asked: Asked, stage: Stage, start: Start, word: Word, steps: tuple[Step, ...]) -> Due:
    if start.answer_by_us is not None:
        set_by = Step("Whoever asked has set this time.", start.basis)
        return Due(State.LIMIT, start.answer_by_us, asked.where.written(start.answer_by_us), start, (*steps, set_by))
    if not word.is_at_once:
        unset = word is Word.TO_BE_SET
        said = "The law leaves the time to rules that are not on record." if unset else "No time is named."
        return Due(State.UNSET if unset else State.NO_LIMIT, None, "", start, (*steps, Step(said)))
    at_once = Step(f"The law says {word.value.replace('_', ' ')}: the clock runs, and names no moment as its end.")
    if not stage.guide:
        return Due(State.AT_ONCE, None, "", start, (*steps, at_once))
    found = counted(parse_length(stage.guide), start.at_us, asked.where, asked.rule)
    guide = Step(f"Guidance speaks of {stage.guide}; that is no limit of the law.", asked.regime.source)
    due = _due(State.AT_ONCE, found, asked.where, start, (*steps, at_once, guide))
    return msgspec.structs.replace(due, is_guide=True)


def _not_started(asked: Asked, stage: Stage) -> Due:
    awaited = _named(asked, stage.clock_start)
    length = parse_deadline(stage.deadline)
    if length is Word.NONE:
        return Due(State.NO_LIMIT, None, "", None, (Step("It is voluntary: no time is named.", asked.regime.source),))
    if stage.outer and (other := _first(asked, stage.outer.clock_start)):
        outer = parse_length(stage.outer.deadline)
        found = counted(outer, other.at_us, asked.where, asked.rule, rolls=False)
        said = f"If {awaited} comes by then, this is the latest moment; if it comes later, {stage.deadline} from it."
        due = _due(State.PERHAPS, found, asked.where, other, (_began(asked, other), Step(said, stage.outer.source)))
        return msgspec.structs.replace(due, awaited=stage.clock_start)
    said = f"It starts with {awaited}, which has not happened or is not stated."
    return Due(State.WAITING, None, "", None, (Step(said, asked.regime.source),), awaited=stage.clock_start)


def _after_ongoing(asked: Asked, stage: Stage, stated: Start) -> tuple[Due, ...]:
    """The final report of an incident that went on past its date waits for the end of the incident."""
    ongoing = stage.ongoing
    assert ongoing is not None  # noqa: S101 - the caller asked
    before = Step(
        f"It was stated on {asked.where.local(stated.at_us):%Y-%m-%d} that the incident goes on.", stated.basis
    )
    handled = _first(asked, ongoing.clock_start)
    if handled is None:
        said = f"{ongoing.deadline} from {_named(asked, ongoing.clock_start)}, which has not happened or is not stated."
        return (Due(State.WAITING, None, "", None, (before, Step(said)), awaited=ongoing.clock_start),)
    steps = (before, _began(asked, handled), Step(f"{ongoing.deadline} from then.", asked.regime.source))
    return (_limit(asked, stage, handled, parse_length(ongoing.deadline), steps),)


def _under_condition(asked: Asked, stage: Stage) -> Due:
    """A notice that is due at a date only if a condition holds then: the progress report of an incident that goes on."""
    base = _first(asked, stage.counts_from)
    if base is None:
        return _not_started(asked, msgspec.structs.replace(stage, clock_start=stage.counts_from, outer=None))
    said = Step(f"The instrument says: {stage.text}.", asked.regime.source)
    due = _limit(asked, stage, base, parse_length(stage.deadline), (_began(asked, base), said))
    if (stated := _first(asked, stage.clock_start)) is not None:
        return msgspec.structs.replace(due, start=stated, steps=(*due.steps, _began(asked, stated)))
    condition = Step(f"It is due only under a condition: {_named(asked, stage.clock_start)}.")
    return msgspec.structs.replace(due, state=State.PERHAPS, steps=(*due.steps, condition), awaited=stage.clock_start)


def _rolls(asked: Asked, stage: Stage) -> tuple[bool, tuple[Step, ...]]:
    """Whether the rule about days of rest holds for this stage."""
    if not stage.never_rolls or asked.rule.roll == "none":
        return True, ()
    known = asked.flags.get(stage.never_rolls)
    if known is False:
        return True, ()
    if known:
        why = f"It is stated that {stage.never_rolls} holds: the rule about weekends and holidays is not used."
    else:
        why = f"Whether {stage.never_rolls} holds is not stated: the rule about weekends and holidays is not used."
    return False, (Step(why, asked.rule.source),)


def _due(state: State, found: Counted, where: Where, start: Start, steps: tuple[Step, ...]) -> Due:
    return Due(state, found.due_us, where.written(found.due_us), start, (*steps, *found.steps), found.gaps)


def _began(asked: Asked, start: Start) -> Step:
    when = asked.where.local(start.at_us)
    return Step(f"It began with {_named(asked, start.event)}: {when:%Y-%m-%d %H:%M %Z}.", start.basis)


def _named(asked: Asked, event: str) -> str:
    return asked.duties.start(event).means or event.replace("_", " ")


def _weight(text: str) -> int:
    """Which of two lengths is shorter, for choosing among variants; words come first."""
    length = parse_deadline(text)
    if isinstance(length, Word):
        return 0
    return length.months * 28 * 86_400 + (length.days + length.business_days) * 86_400 + length.seconds
