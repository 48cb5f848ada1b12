"""The clocks of a duty as rows: worked out anew after each change, so that lists, reminders and the calendar read only rows."""

from __future__ import annotations

import msgspec
from django.conf import settings

from commonwatch.base.parties.actions import By
from commonwatch.capabilities.duties.clockwork import Clock, clocks, facts_of, law_of, starts_from
from commonwatch.capabilities.duties.law import calendars, duties_list
from commonwatch.capabilities.duties.models import NO_LONGER_ASKED, Duty, Notice
from commonwatch.capabilities.duties.reminding import next_moment
from commonwatch.capabilities.duties.writing import add_event
from commonwatch.core.law.clocks import State


def refresh(duty: Duty, now_us: int) -> None:
    """Work the clocks of a confirmed duty out anew. What was sent, or left out by a person, stays as it was."""
    Duty.objects.select_for_update().get(pk=duty.pk)  # two people at once would both make the same rows
    found = clocks(duty, law_of(duty), duties_list(), calendars())
    known = {(one.stage, one.occurrence): one for one in duty.notices.all()}
    wanted = {(one.stage.id, one.occurrence): one for one in found}
    for key, clock in wanted.items():
        notice = known.get(key) or Notice(duty=duty, stage=key[0], occurrence=key[1], sequence=-1)
        if notice.sent_us is None and notice.dropped_why in ("", NO_LONGER_ASKED):
            _set(notice, clock, now_us)
    for key, notice in known.items():
        if key not in wanted and notice.sent_us is None and not notice.dropped_why:
            notice.dropped_why, notice.next_reminder_us = NO_LONGER_ASKED, None
            notice.sequence, notice.changed_us = notice.sequence + 1, now_us
            notice.save()


def _set(notice: Notice, clock: Clock, now_us: int) -> None:
    due, values = clock.due, _values(clock)
    if notice.pk is None or notice.dropped_why or any(getattr(notice, name) != value for name, value in values.items()):
        moved = notice.due_us is not None and due.due_us != notice.due_us
        for name, value in values.items():
            setattr(notice, name, value)
        if moved:
            notice.reminded = 0
        notice.dropped_why = ""
        notice.sequence, notice.changed_us = notice.sequence + 1, now_us
        notice.next_reminder_us = first_reminder(notice)
        notice.save()


def _values(clock: Clock) -> dict[str, object]:
    due = clock.due
    return {
        "name": clock.stage.stage,
        "clock": due.state.value,
        "start_us": due.start.at_us if due.start else None,
        "due_us": due.due_us,
        "local": due.local,
        "is_guide": due.is_guide,
        "steps": msgspec.to_builtins(due.steps),
        "gaps": list(due.gaps),
        "awaited": due.awaited,
    }


def first_reminder(notice: Notice) -> int | None:
    """When people are reminded of a notice next; None: never again, or only once something happens."""
    if notice.start_us is None or notice.sent_us is not None or notice.clock in (State.WAITING, State.NO_LIMIT):
        return None
    if notice.due_us is None:
        return notice.start_us if notice.clock == State.AT_ONCE and not notice.reminded else None
    return next_moment(notice.start_us, notice.due_us, settings.COMMONWATCH.duty_reminders, notice.reminded)


def take_times(duty: Duty, by: By) -> None:
    """Events that the times of the case stand for, where a person has stated none for this duty."""
    duty.events.filter(stated=False).delete()
    stated = set(duty.events.values_list("event", flat=True))
    for start in starts_from(facts_of(duty), law_of(duty), duties_list()):
        if start.event not in stated:
            add_event(duty, start.event, start.at_us, start.basis, by, stated=False)
