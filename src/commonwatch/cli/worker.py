"""The worker's loop: every follower up to the journal's end, then every job that is due, then a short rest."""

from __future__ import annotations

import logging
import threading

from django.db import DatabaseError, connections

from commonwatch.base.clock import now_us
from commonwatch.base.jobs.queue import run_due
from commonwatch.base.journal import followers
from commonwatch.base.release.receipts import ReceiptFollower
from commonwatch.base.release.upkeep import upkeep
from commonwatch.capabilities.exchange.inventory import InventoryFollower
from commonwatch.capabilities.exchange.sources.jobs import HANDLERS, schedule_due
from commonwatch.capabilities.federation import recalling
from commonwatch.capabilities.federation.sending import fetch_due, send_due
from commonwatch.capabilities.federation.transport import HttpTransport

log = logging.getLogger(__name__)

FOLLOWERS = (InventoryFollower(), ReceiptFollower(), recalling.RecallFollower())
TRANSPORT = HttpTransport()
ENTRIES_AT_ONCE = 5_000  # bounds a follower's transaction and memory: about 10 MB of objects
REST_SECONDS = 0.25  # so a follower lags at most this behind a quiet journal
DATABASE_REST_SECONDS = 5.0


def run(stop: threading.Event) -> None:
    """Work until `stop` is set. A database that is gone is waited for."""
    while not stop.is_set():
        try:
            busy = any([followers.advance(follower, ENTRIES_AT_ONCE) for follower in FOLLOWERS])  # noqa: C419 - all of them
            schedule_due(now_us())
            busy = upkeep(now_us()) or busy
            busy = recalling.carry_out() > 0 or busy
            busy = send_due(TRANSPORT, now_us()) or busy
            busy = fetch_due(TRANSPORT, now_us()) or busy
            busy = run_due(HANDLERS, now_us()) > 0 or busy
        except DatabaseError as error:
            log.warning("The database did not answer (%s); trying again in %s s.", error, DATABASE_REST_SECONDS)
            connections.close_all()
            stop.wait(DATABASE_REST_SECONDS)
            continue
        if not busy:
            stop.wait(REST_SECONDS)
