"""The worker's loop: every follower up to the journal's end, then a short rest. Jobs, the exchange with peers and witnesses have threads
of their own, so that a long pull or a peer that is slow keeps no follower waiting; and so have indicators, which wait for no other follower."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils.module_loading import import_string

from commonwatch.base.clock import now_us
from commonwatch.base.intake import together as intake
from commonwatch.base.jobs import backing_up, together
from commonwatch.base.jobs import upkeep as jobs
from commonwatch.base.jobs.queue import Handler, run_due
from commonwatch.base.jobs.rounds import Round, Rounds
from commonwatch.base.journal import followers
from commonwatch.base.release.arrivals import ArrivalFollower
from commonwatch.base.release.receipts import ReceiptFollower
from commonwatch.base.release.upkeep import upkeep
from commonwatch.base.search.follower import SearchFollower
from commonwatch.base.threads.follower import ThreadFollower
from commonwatch.capabilities.assistance import upkeep as assistance
from commonwatch.capabilities.contacts import upkeep as contacts
from commonwatch.capabilities.detection import jobs as detection
from commonwatch.capabilities.detection.hunts import asked as hunts
from commonwatch.capabilities.detection.indicators.follower import IndicatorFollower
from commonwatch.capabilities.duties import upkeep as duties
from commonwatch.capabilities.evidence import jobs as evidence
from commonwatch.capabilities.exchange.inventory import InventoryFollower
from commonwatch.capabilities.exchange.sources import jobs as sources
from commonwatch.capabilities.federation import recalling
from commonwatch.capabilities.federation.jobs import exchange_rounds
from commonwatch.capabilities.transparency import jobs as transparency
from commonwatch.capabilities.transparency.keeping import EvidenceFollower
from commonwatch.capabilities.transparency.sources import JournalRecord, follow_decisions

log = logging.getLogger(__name__)

INDICATORS = IndicatorFollower()
FOLLOWERS = (
    InventoryFollower(),
    ArrivalFollower(),
    ReceiptFollower(),
    recalling.RecallFollower(),
    JournalRecord(),
    ThreadFollower(),
    SearchFollower(),
    EvidenceFollower(),
)
ROOMS = (assistance, contacts, duties, evidence, transparency)  # rooms with clocks of their own
HANDLERS = {
    **sources.HANDLERS,
    **detection.HANDLERS,
    **contacts.HANDLERS,
    **evidence.HANDLERS,
    **transparency.HANDLERS,
    **intake.HANDLERS,
    **backing_up.HANDLERS,
    **together.HANDLERS,
}
ENTRIES_AT_ONCE = 1_000  # bounds a follower's transaction: while it lasts, nothing else is written
JOBS_REST_SECONDS = 0.25  # between looks for a job that is due
REST_SECONDS = 1.0  # between rounds in which there was nothing to do, and nobody else wrote
CHANGE_SECONDS = 0.25  # between looks whether anybody wrote anything
LOOK_SECONDS = 0.02  # between looks at the journal's end: so much a follower lags behind a quiet journal
DATABASE_REST_SECONDS = 5.0


def run(stop: threading.Event) -> None:
    """Work until `stop` is set. A database that is gone is waited for."""
    pages = [import_string(name)() for name in settings.WORK_OF_PAGES]
    handlers = {**HANDLERS, **{kind: handler for one in pages for kind, handler in one.handlers.items()}}
    background = detection.Background()
    rounds = (
        Rounds("indicators", _indicators, LOOK_SECONDS),
        exchange_rounds(),
        transparency.witness_rounds(),
        job_rounds("jobs", handlers),
        job_rounds("hunts", hunts.HANDLERS),  # they may take hours
    )
    for one in rounds:
        one.start()
    try:
        while not stop.is_set():
            try:
                seen = followers.end()
                busy = any([followers.advance(follower, ENTRIES_AT_ONCE) for follower in FOLLOWERS])  # noqa: C419 - all of them
                sources.schedule_due(now_us())
                for page in pages:
                    page.schedule(now_us())
                jobs.upkeep(now_us())
                busy = upkeep(now_us()) or busy
                busy = detection.upkeep(now_us()) or busy
                busy = any([room.upkeep(now_us()) for room in ROOMS]) or busy  # noqa: C419 - all of them
                busy = recalling.carry_out() > 0 or busy
                busy = follow_decisions(now_us()) > 0 or busy
                background.keep(now_us())
                if not busy:
                    _rest(stop, seen)
            except DatabaseError as error:
                log.warning("The database did not answer (%s); trying again in %s s.", error, DATABASE_REST_SECONDS)
                connections.close_all()
                stop.wait(DATABASE_REST_SECONDS)
    finally:
        background.stop()
        for one in rounds:
            one.stop()


def job_rounds(name: str, handlers: Mapping[str, Handler]) -> Rounds:
    """Runs the jobs of these kinds that are due."""

    @contextmanager
    def working() -> Iterator[Round]:
        yield lambda: run_due(handlers, now_us()) > 0

    return Rounds(name, working, JOBS_REST_SECONDS)


@contextmanager
def _indicators() -> Iterator[Round]:
    """Follows with indicators alone. A journal that has not grown costs a look at its end, and one a second at whether a person
    has resumed the follower or asked for a rebuild."""
    seen, looked = -1, 0.0

    def follow() -> bool:
        nonlocal seen, looked
        end, now = followers.end(), time.monotonic()
        if end == seen and now - looked < REST_SECONDS:
            return False
        advanced = followers.advance(INDICATORS, ENTRIES_AT_ONCE)
        if not advanced:
            seen, looked = end, now
        return advanced

    yield follow


def _rest(stop: threading.Event, seen: int) -> None:
    """Until something comes into the journal, somebody writes anything else, or the rest is over."""
    before = followers.written()
    for _ in range(int(REST_SECONDS / CHANGE_SECONDS)):
        for _ in range(int(CHANGE_SECONDS / LOOK_SECONDS)):
            if stop.wait(LOOK_SECONDS) or followers.end() != seen:
                return
        if followers.written() != before:
            return
