"""The exchange with peers, in a thread of the worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from time import monotonic

from commonwatch.base.clock import now_us
from commonwatch.base.jobs.rounds import Round, Rounds
from commonwatch.base.parties.actions import By
from commonwatch.capabilities.federation import arriving, watching
from commonwatch.capabilities.federation.fetching import fetch_due
from commonwatch.capabilities.federation.membership.exchanging import sync_due
from commonwatch.capabilities.federation.models import Peer
from commonwatch.capabilities.federation.sending import send_due
from commonwatch.capabilities.federation.transport import HttpTransport

REST_SECONDS = 0.1  # between looks at the journal's end: a published object is with its peers well within two seconds
MEMBERSHIP_REST_SECONDS = 2.0  # a look costs a few milliseconds


def exchange_rounds() -> Rounds:
    """Sends and fetches whatever is due."""
    return Rounds("exchange", _exchanging, REST_SECONDS)


@contextmanager
def _exchanging() -> Iterator[Round]:
    with closing(HttpTransport()) as transport:
        yield _Exchange(transport).round


class _Exchange:
    def __init__(self, transport: HttpTransport) -> None:
        self._transport = transport
        self._begun, self._membership_at, self._watched_us = False, 0.0, 0

    def round(self) -> bool:
        """Whether anything went or came."""
        if not self._begun:
            Peer.objects.update(greeted=False)
            self._begun = True
        if monotonic() >= self._membership_at:
            self._membership_at = monotonic() + MEMBERSHIP_REST_SECONDS
            sync_due(self._transport, By("exchange", now_us()))
        busy = send_due(self._transport, now_us())
        busy = fetch_due(self._transport, now_us()) or busy
        if now_us() - self._watched_us >= watching.EVERY_US:
            self._watched_us = now_us()
            watching.look(self._watched_us)
            arriving.expire(self._watched_us)
        return busy
