"""What the worker does for contacts between two rests.

1. A ping of our own contact is answered by the node, marked as such, and written of by mail to the contact; a person answers it. 2. A ping of
ours that nobody answered goes on to the next contact of the same member, where who sent it asked for that. 3. Once a year each contact of our
own is to be confirmed: the worker says so once, and a notice stays until it is done.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import enqueue
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import for_member
from commonwatch.base.threads.models import ThreadEntry
from commonwatch.capabilities.contacts import actions, queries, rules
from commonwatch.capabilities.contacts.models import Handled
from commonwatch.capabilities.contacts.rules import ContactView, PingView
from commonwatch.core.errors import CommonwatchError
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.response import contacts as stix

ACTOR = "worker"
MAIL = "contact-mail"
EVERY_US = 30 * MICROSECONDS
FRESH_US = 7 * 86_400 * MICROSECONDS  # older pings are of a time when this node was not there
_last_us = 0


def upkeep(now_us: int) -> bool:
    """Whether there was anything to do."""
    global _last_us
    if now_us - _last_us < EVERY_US or not ThreadEntry.objects.filter(kind=stix.CONTACT).exists():
        return False
    _last_us = now_us
    return look_after(now_us) > 0


def look_after(now_us: int) -> int:
    """Do all of it; how many things were done."""
    own = own_member().identity
    views = [view for _, view in queries.contacts(for_member(HOME, DEFAULT_PURPOSE, ACTOR), now_us)]
    done = 0
    for view in views:
        if view.author == own:
            done += _overdue(view, now_us)
            done += sum(_received(view, one, now_us) for one in view.pings if one.author != own)
        done += sum(_unanswered(views, one, now_us) for one in view.pings if one.author == own)
    return done


def send_mail(job: Job) -> None:
    """Write to a contact that somebody pinged it. Mail is read by others on its way: it says nothing but where to look."""
    node = settings.COMMONWATCH.public_url.rstrip("/")
    text = f"Somebody asks whether you are reached as a point of contact. Please answer at {node}/response/contacts/pings/\n"
    headers = {"Auto-Submitted": "auto-generated"}  # RFC 3834: nobody's absence is answered to us
    EmailMessage("Please answer a ping", text, to=[str(job.payload["to"])], headers=headers).send()


HANDLERS = {MAIL: send_mail}


def _received(view: ContactView, ping: PingView, now_us: int) -> int:
    if ping.sent_us < now_us - FRESH_US:
        return 0
    done = 0
    if ping.automatic_us is None and _first(ping.id, "answered", now_us):
        try:
            actions.answer(ping.id, By(ACTOR, now_us), automatic=True)
        except CommonwatchError as problem:  # who sent it may not have an answer from us: that is on record, once
            record(ACTOR, "contact.answer", ping.id, "refused", {"reason": problem.sentence}, now_us=now_us)
        done += 1
    wants_mail = settings.COMMONWATCH.sends_mail and view.content.email and ping.answered_us is None
    if wants_mail and _first(ping.id, "mailed", now_us):
        enqueue(MAIL, ping.id, {"to": view.content.email}, run_at_us=now_us)
        done += 1
    return done


def _unanswered(views: Iterable[ContactView], ping: PingView, now_us: int) -> int:
    if ping.standing != "unanswered" or not _first(ping.id, "unanswered", now_us):
        return 0
    everybody = list(views)
    following = rules.following(everybody, ping, _tried(everybody, ping)) if ping.escalates else None
    said = {"contact": ping.contact, "next": following.id if following is not None else ""}
    record(ACTOR, "contact.unanswered", ping.id, "done", said, now_us=now_us)
    if following is not None and ping.due_us is not None:
        minutes = max((ping.due_us - ping.sent_us) // actions.MINUTE_US, 1)
        actions.ping(following.id, By(ACTOR, now_us), text=ping.text, minutes=minutes, escalates=True, after=ping.id)
    return 1


def _tried(views: Iterable[ContactView], ping: PingView) -> set[str]:
    """The contacts that the pings before this one went to."""
    sent = {one.id: one for view in views for one in view.pings}
    tried: set[str] = set()
    current: PingView | None = ping
    while current is not None and current.contact not in tried:
        tried.add(current.contact)
        current = sent.get(current.after)
    return tried


def _overdue(view: ContactView, now_us: int) -> int:
    if not view.overdue or not _first(f"{view.id} {view.confirmed_us}", "overdue", now_us):
        return 0
    record(ACTOR, "contact.overdue", view.id, "done", {"name": view.content.name}, now_us=now_us)
    return 1


def _first(subject: str, what: str, now_us: int) -> bool:
    """Whether it is done now for the first time."""
    with transaction.atomic():
        _, is_new = Handled.objects.get_or_create(subject=subject, what=what, defaults={"at_us": now_us})
    return is_new
