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
from commonwatch.capabilities.detection import jobs as detection
from commonwatch.capabilities.detection.indicators.follower import IndicatorFollower
from commonwatch.capabilities.exchange.inventory import InventoryFollower
from commonwatch.capabilities.exchange.sources.jobs import HANDLERS, schedule_due
from commonwatch.capabilities.federation import recalling
from commonwatch.capabilities.federation.jobs import Exchange
from commonwatch.capabilities.transparency.sources import JournalRecord, follow_decisions

log = logging.getLogger(__name__)

FOLLOWERS = (IndicatorFollower(), InventoryFollower(), ReceiptFollower(), recalling.RecallFollower(), JournalRecord())
ENTRIES_AT_ONCE = 1_000  # bounds a follower's transaction: while it lasts, nothing else is written
REST_SECONDS = 0.25  # between rounds in which there was nothing to do
LOOK_SECONDS = 0.02  # between looks at the journal's end meanwhile: so much a follower lags behind a quiet journal
DATABASE_REST_SECONDS = 5.0


def run(stop: threading.Event) -> None:
    """Work until `stop` is set. A database that is gone is waited for."""
    background, exchange = detection.Background(), Exchange()
    exchange.start()
    try:
        while not stop.is_set():
            try:
                seen = followers.end()
                busy = any([followers.advance(follower, ENTRIES_AT_ONCE) for follower in FOLLOWERS])  # noqa: C419 - all of them
                schedule_due(now_us())
                busy = upkeep(now_us()) or busy
                busy = detection.upkeep(now_us()) or busy
                busy = recalling.carry_out() > 0 or busy
                busy = follow_decisions(now_us()) > 0 or busy
                background.keep(now_us())
                busy = run_due(HANDLERS, now_us()) > 0 or busy
                if not busy:
                    _rest(stop, seen)
            except DatabaseError as error:
                log.warning("The database did not answer (%s); trying again in %s s.", error, DATABASE_REST_SECONDS)
                connections.close_all()
                stop.wait(DATABASE_REST_SECONDS)
    finally:
        background.stop()
        exchange.stop()


def _rest(stop: threading.Event, seen: int) -> None:
    """Until something comes into the journal, or the rest is over."""
    for _ in range(int(REST_SECONDS / LOOK_SECONDS)):
        if stop.wait(LOOK_SECONDS) or followers.end() != seen:
            return
