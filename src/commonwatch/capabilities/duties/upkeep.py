"""What the worker does for duties, each round: reminders that are due, into the history of the duty and on record."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from commonwatch.base.parties.actions import By
from commonwatch.capabilities.duties.keeping import first_reminder
from commonwatch.capabilities.duties.models import CONFIRMED, Notice
from commonwatch.capabilities.duties.reminding import OVER, parts_used
from commonwatch.capabilities.duties.writing import write_down
from commonwatch.core.law.clocks import State

ACTOR = "the clock"
_MOST = 200  # in one round


def upkeep(now_us: int) -> int:
    """Remind of notices whose next reminder is due; how many. One query where none is."""
    waiting = Notice.objects.filter(
        next_reminder_us__lte=now_us, sent_us=None, dropped_why="", duty__state=CONFIRMED
    ).select_related("duty")
    count = 0
    for notice in waiting.order_by("next_reminder_us", "pk")[:_MOST]:
        with transaction.atomic():
            _remind(notice, now_us)
        count += 1
    return count


def _remind(notice: Notice, now_us: int) -> None:
    start_us = notice.start_us or now_us
    used = OVER
    if notice.due_us is not None:
        used = parts_used(start_us, notice.due_us, settings.COMMONWATCH.duty_reminders, now_us)
    notice.reminded = used
    notice.next_reminder_us = first_reminder(notice)
    notice.save(update_fields=["reminded", "next_reminder_us"])
    name = notice.name.replace("_", " ")
    if notice.due_us is None:
        said = f"The notice {name} is to be sent at once."
    elif notice.clock == State.PERHAPS:
        said = f"The notice {name} is due {notice.local} only under a condition: state whether it holds."
    elif used >= OVER:
        said = f"The time of the notice {name} is over since {notice.local}."
    else:
        said = f"Of the time of the notice {name} {used} per cent are used; it is due {notice.local}."
    write_down(notice.duty, By(ACTOR, now_us), "reminder", said, {"notice": notice.stage, "part": used})
