"""The calendar of this node's duties: notices that are open, and those of the last months."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db.models import Q

from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.duties.ical import Entry, calendar
from commonwatch.capabilities.duties.models import CONFIRMED, Notice

MOST = 2_000  # entries of a calendar
_KEPT_US = 92 * 86_400 * 1_000_000  # what is done stays so long
NAME = "Commonwatch: duties to notify"


def duties_calendar(now_us: int) -> bytes:
    """The file that calendar programs fetch."""
    return calendar(NAME, _entries(now_us), settings.COMMONWATCH.duty_reminders)


def _entries(now_us: int) -> Iterator[Entry]:
    lately = Q(sent_us=None, dropped_why="", duty__state=CONFIRMED) | Q(changed_us__gte=now_us - _KEPT_US)
    found = Notice.objects.filter(lately).exclude(due_us=None).select_related("duty").order_by("-due_us", "pk")[:MOST]
    node = own_member().identity.removeprefix("identity--")
    for notice in found:
        duty = notice.duty
        assert notice.due_us is not None  # noqa: S101 - excluded above
        name = f"{duty.law['title']}: {notice.name.replace('_', ' ')} ({duty.place})"
        about = f"Duty {duty.pk}. To: {duty.law['recipient']}. Limit there: {notice.local}."
        about += " The law names no limit; this is what guidance says." if notice.is_guide else ""
        yield Entry(
            f"{notice.pk}@{node}",
            max(notice.sequence, 0),
            notice.changed_us,
            name,
            about,
            notice.due_us,
            notice.start_us,
            notice.sent_us,
            bool(notice.dropped_why) or (notice.sent_us is None and duty.state != CONFIRMED),
        )
