"""What the worker does for requests between two rests: somebody is reminded of a clock, once before it is due and once after.

A reminder is a line of the audit and a notice of the console; digests by mail tell of notices. The clock of another member reminds the one
that asked: who is silent cannot be reminded by us.
"""

from __future__ import annotations

from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import for_member
from commonwatch.base.threads.models import ThreadEntry
from commonwatch.capabilities.assistance import queries
from commonwatch.capabilities.assistance.clocks import Clock, clocks
from commonwatch.capabilities.assistance.models import Reminder
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.response.assistance import REQUEST
from commonwatch.core.stix.times import format_time

ACTOR = "worker"
EVERY_US = 60 * MICROSECONDS
_last_us = 0


def upkeep(now_us: int) -> bool:
    """Whether anybody was reminded."""
    global _last_us
    if now_us - _last_us < EVERY_US or not ThreadEntry.objects.filter(kind=REQUEST).exists():
        return False
    _last_us = now_us
    return remind(now_us) > 0


def remind(now_us: int) -> int:
    """Remind of every clock whose time has come; how many were."""
    reader = for_member(HOME, DEFAULT_PURPOSE, ACTOR)
    own, count = own_member().identity, 0
    for _, view in queries.requests(reader, now_us):
        for clock in clocks(view, now_us):
            what = clock.reminds(now_us)
            if what and own in (clock.member, view.author):
                count += _once(view.id, clock, what, now_us)
    return count


def _once(request: str, clock: Clock, what: str, now_us: int) -> int:
    with transaction.atomic():
        _, is_new = Reminder.objects.get_or_create(clock=clock.key, what=what, defaults={"at_us": now_us})
        if is_new:
            said = {"clock": clock.what, "member": clock.member, "due": format_time(clock.due_us, 0), "is": what}
            record(ACTOR, "assistance.remind", request, "done", said, now_us=now_us)
    return int(is_new)
