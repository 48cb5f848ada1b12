"""Digests: what waits for somebody, written to them by mail as often as they chose. The worker sends them.

Mail is read by others on its way, and kept where it arrives. So a digest says of each kind of notice how much there is, with a link, and
nothing else: no object, no marking, no name of a member, a source or a peer. Where nothing waits, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi, gettext, ngettext, override

from commonwatch.base.accounts.identify import Identity, signed_in
from commonwatch.base.accounts.models import Account
from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import Handler, enqueue
from commonwatch.console.desk import actions, queries

KIND = "digest"
LOOK_US = 60 * MICROSECONDS  # between looks at whose time has come


class Line(NamedTuple):
    """One kind of notice."""

    label: str
    much: int
    address: str


class Digests:
    """The worker's part of it."""

    handlers: Mapping[str, Handler]

    def __init__(self) -> None:
        self.handlers = {KIND: send}
        self._looked_us = 0

    def schedule(self, now: int) -> None:
        """See that everybody whose time has come is written to."""
        if not settings.COMMONWATCH.sends_mail or now - self._looked_us < LOOK_US:
            return
        self._looked_us = now
        for account in queries.digests_due(now):
            enqueue(KIND, str(account), {}, run_at_us=now)


def send(job: Job) -> None:
    """Write to one person. Who stopped it meanwhile, or may not sign in any more, is left."""
    desk, who = queries.digest_of(int(job.key)), signed_in(int(job.key), "")
    if desk is None or not desk.digest or who is None:
        return
    with override(Account.objects.get(pk=who.account_id).language or settings.LANGUAGE_CODE):
        lines = waiting(who)
        if lines:
            letter(who.name, lines, desk.digest, desk.mail_to).send()
    actions.digest_sent(who.account_id, now_us())


def waiting(who: Identity) -> list[Line]:
    """What waits for somebody, of the kinds that they did not mute, in their language."""
    from commonwatch.console.desk.views import kinds_for  # all areas: the worker does without them until it writes

    found, muted = [], queries.muted(who)
    for kind in kinds_for(who):
        notices = list(kind.find(who)) if kind.name not in muted else []
        if notices:
            found.append(Line(str(kind.label), sum(one.count for one in notices), _here(notices[0].url)))
    return found


def letter(name: str, lines: list[Line], how_often: str, to: str) -> EmailMultiAlternatives:
    """The digest as plain text and as HTML."""
    count = sum(line.much for line in lines)
    subject = ngettext("%(count)s thing waits for you on %(node)s", "%(count)s things wait for you on %(node)s", count)
    node = urlsplit(settings.COMMONWATCH.public_url).hostname or ""
    context: dict[str, Any] = {
        "name": name,
        "lines": lines,
        "subject": subject % {"count": count, "node": node},
        "why": gettext("You get this once a day, because you asked for it.")
        if how_often == "daily"
        else gettext("You get this once a week, because you asked for it."),
        "change": _here(reverse("notices")),
        "language": get_language(),
        "is_rtl": get_language_bidi(),
    }
    text = render_to_string("console/desk/digest.txt", context)
    headers = {"Auto-Submitted": "auto-generated"}  # RFC 3834: nobody's absence is answered to us
    made = EmailMultiAlternatives(context["subject"], text, to=[to], headers=headers)
    made.attach_alternative(render_to_string("console/desk/digest.html", context), "text/html")
    return made


def _here(path: str) -> str:
    return settings.COMMONWATCH.public_url.rstrip("/") + path
