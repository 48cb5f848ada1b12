"""Digests: what waits for somebody, written by mail to an address that they confirmed, as often as they chose. The worker sends them.

Mail is read by others on its way, and kept where it arrives. So a digest says of each kind of notice how much there is, with a link, and
nothing else: no object, no marking, no name of a member, a source or a peer. Where nothing waits, nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils.translation import gettext, ngettext, override

from commonwatch.base.accounts.identify import Identity, signed_in
from commonwatch.base.accounts.models import Account
from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import Handler, enqueue
from commonwatch.console.desk import actions, confirming, queries
from commonwatch.console.desk.letters import here, letter
from commonwatch.console.models import Desk

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
        self.handlers = {KIND: send, confirming.KIND: confirming.send}
        self._looked_us = 0

    def schedule(self, now: int) -> None:
        """See that everybody whose time has come is written to."""
        if not settings.COMMONWATCH.sends_mail or now - self._looked_us < LOOK_US:
            return
        self._looked_us = now
        for account in queries.digests_due(now):
            enqueue(KIND, str(account), {}, run_at_us=now)
        for desk in queries.never_asked():  # to confirm what was set up before addresses were confirmed
            confirming.ask(desk, now)
            desk.save(update_fields=["mail_links_us"])


def send(job: Job) -> None:
    """Write to one person. Who stopped it meanwhile, or may not sign in any more, is left."""
    desk, who = queries.digest_of(int(job.key)), signed_in(int(job.key), "")
    if desk is None or not desk.digest or not desk.mail_to or who is None:
        return
    with override(Account.objects.get(pk=who.account_id).language or settings.LANGUAGE_CODE):
        lines = waiting(who)
        if lines:
            _digest(who.name, lines, desk).send()
    actions.digest_sent(who.account_id, now_us())


def waiting(who: Identity) -> list[Line]:
    """What waits for somebody, of the kinds that they did not mute, in their language."""
    from commonwatch.console.desk.views import kinds_for  # all areas: the worker does without them until it writes

    found, muted = [], queries.muted(who)
    for kind in kinds_for(who):
        notices = list(kind.find(who)) if kind.name not in muted else []
        if notices:
            found.append(Line(str(kind.label), sum(one.count for one in notices), here(notices[0].url)))
    return found


def _digest(name: str, lines: list[Line], desk: Desk) -> EmailMultiAlternatives:
    count = sum(line.much for line in lines)
    subject = ngettext("%(count)s thing waits for you on %(node)s", "%(count)s things wait for you on %(node)s", count)
    node = urlsplit(settings.COMMONWATCH.public_url).hostname or ""
    context = {
        "name": name,
        "lines": lines,
        "why": gettext("You get this once a day, because you asked for it.")
        if desk.digest == "daily"
        else gettext("You get this once a week, because you asked for it."),
        "change": here(reverse("notices")),
    }
    return letter("digest", subject % {"count": count, "node": node}, context, desk.mail_to)
