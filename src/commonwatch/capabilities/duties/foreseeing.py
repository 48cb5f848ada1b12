"""What a person sees before anything is kept: which instruments may require notice, to whom, and by when."""

from __future__ import annotations

import msgspec

from commonwatch.capabilities.duties.case_facts import Facts
from commonwatch.capabilities.duties.clockwork import answers, starts_from
from commonwatch.capabilities.duties.law import calendars, day_of, duties_list, groups_on, where
from commonwatch.capabilities.duties.rules import NO, Assessed, assess, known_flags, subject_named
from commonwatch.core.law.clocks import Asked, State
from commonwatch.core.law.duties import Duties, Regime


class NoticeAhead(msgspec.Struct, frozen=True):
    """A notice that a duty would ask for: its limit in the recipient's time, or what it waits for."""

    name: str
    clock: str
    local: str
    due_us: int | None
    text: str
    awaited: str


class Foreseen(msgspec.Struct, frozen=True):
    """An answer of the assessment with its notices, and how sure the list is of its law."""

    assessed: Assessed
    instrument: str
    recipient: str
    source: str
    as_of: str
    verified: bool
    notices: tuple[NoticeAhead, ...]

    @property
    def first(self) -> NoticeAhead | None:
        """The notice that is due first."""
        timed = [one for one in self.notices if one.due_us is not None]
        return min(timed, key=lambda one: one.due_us or 0, default=None)


def assessed(facts: Facts, now_us: int) -> tuple[Assessed, ...]:
    """What the facts lead to, by the list in use."""
    places = {place for subject in facts.subjects for place in subject.places}
    return assess(facts, duties_list(), groups_on(places, now_us), day_of(now_us))


def foreseen(facts: Facts, now_us: int, *, everything: bool = False) -> list[Foreseen]:
    """The same with notices and limits; without `everything` only what may apply."""
    duties = duties_list()
    law = duties.by_id()
    return [
        _foreseen(facts, one, law[one.regime], duties)
        for one in assessed(facts, now_us)
        if everything or one.outcome != NO
    ]


def _foreseen(facts: Facts, one: Assessed, law: Regime, duties: Duties) -> Foreseen:
    notices: tuple[NoticeAhead, ...] = ()
    if one.outcome != NO:
        flags = known_flags(facts, subject_named(facts, one.member))
        asked = Asked(duties, law, starts_from(facts, law, duties), where(one.place, calendars()), flags)
        notices = tuple(
            NoticeAhead(
                stage.stage.replace("_", " "),
                due.state.value,
                due.local,
                due.due_us if due.state in (State.LIMIT, State.PERHAPS) else None,
                stage.text,
                duties.start(due.awaited).means if due.awaited else "",
            )
            for stage, due in answers(asked)
        )
    return Foreseen(one, law.instrument, law.recipient, law.source, law.as_of.isoformat(), law.verified, notices)
