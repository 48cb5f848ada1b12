"""Hunts that somebody asks for from a page or by the API: done by the worker, one after the other, in a thread of their own.

1. They look through registered telemetry only: who may hunt from a page may not name files of the machine. 2. What a hunt found is
recorded as it goes; one that is ended early has found what it found, and is shown as ended. 3. A hunt that a person has to mend
(telemetry that is gone, a mapping that is not there) is given up at once, with what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from commonwatch.base.audit.record import record
from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.clock import now_us as clock
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queries import Standing, standing
from commonwatch.base.jobs.queue import MAX_ATTEMPTS, Handler, enqueue, report
from commonwatch.capabilities.detection.alerts.meter import Meter
from commonwatch.capabilities.detection.alerts.sources import is_stream
from commonwatch.capabilities.detection.extra import need_extra
from commonwatch.capabilities.detection.hunts.period import Period
from commonwatch.capabilities.detection.hunts.running import Chosen, numbers_of, places_of, run_hunt
from commonwatch.capabilities.detection.models import TelemetrySource
from commonwatch.core.errors import CommonwatchError, Conflict, InvalidInput, NotFound

HUNT = "detection.hunt"
MOST_INDICATORS = 1_000
_REPORT_US = MICROSECONDS // 2


@dataclass(frozen=True)
class Wish:
    """What to look for, where and when: names of registered telemetry (none: all that is stored), times in microseconds, STIX ids
    of indicators (none: everything in force)."""

    telemetry: Sequence[str] = ()
    since_us: int | None = None
    until_us: int | None = None
    indicators: Sequence[str] = ()


class EndedEarly(Exception):
    """Somebody ended the hunt."""


def ask_hunt(wish: Wish, *, reason: str, actor: str, now_us: int) -> Job:
    """Ask the worker for a hunt; raises InvalidInput or NotFound for what it could not do."""
    need_extra()
    known = {one.name: one.place for one in TelemetrySource.objects.all()}
    for name in wish.telemetry:
        if name not in known:
            raise NotFound("telemetry-unknown", f"No telemetry is called {name}.", "See the list of telemetry.")
        if is_stream(known[name]):
            raise InvalidInput(
                "telemetry-stream", f"{name} is not stored: it flows past.", "Hunt in files and folders."
            )
    if len(wish.indicators) > MOST_INDICATORS:
        raise InvalidInput(
            "indicators-many", f"At most {MOST_INDICATORS:,} indicators are taken.", "Hunt with everything in force."
        )
    if wish.since_us is not None and wish.until_us is not None and wish.since_us >= wish.until_us:
        raise InvalidInput("period-empty", "The period ends before it begins.", "Give an earlier beginning.")
    places_of(list(wish.telemetry))
    numbers_of(wish.indicators)
    payload = {
        "telemetry": list(wish.telemetry),
        "since_us": wish.since_us,
        "until_us": wish.until_us,
        "indicators": list(wish.indicators),
        "actor": actor,
        "reason": reason,
        "at_us": now_us,
    }
    with transaction.atomic():
        job = enqueue(HUNT, f"{now_us}", payload, run_at_us=now_us)
        record(actor, "hunt.ask", ", ".join(wish.telemetry), "done", {"reason": reason, "job": job.pk}, now_us=now_us)
    return job


def end_hunt(number: int, *, reason: str, actor: str, now_us: int) -> Job:
    """End a hunt that waits or goes on; what it found stays."""
    with transaction.atomic():
        hunt_numbered(number)
        job = Job.objects.select_for_update().get(pk=number)
        if job.finished_us is not None:
            raise Conflict("hunt-ended", "The hunt has ended.", "There is nothing to do about it.")
        job.payload = {**job.payload, "ended_by": actor}
        job.save(update_fields=["payload"])
        if standing(job, now_us) is not Standing.RUNNING:
            Job.objects.filter(pk=number).update(finished_us=now_us)
        record(actor, "hunt.end", str(number), "done", {"reason": reason}, now_us=now_us)
    return job


def hunts() -> QuerySet[Job]:
    """Every hunt that was asked for here and is still on record."""
    return Job.objects.filter(kind=HUNT)


def hunt_numbered(number: int) -> Job:
    """One of them; raises NotFound."""
    job = hunts().filter(pk=number).first()
    if job is None:
        raise NotFound("hunt-unknown", f"There is no hunt {number}.", "See the list of hunts.")
    return job


def shown_hunt(job: Job, now_us: int) -> dict[str, Any]:
    """A hunt for machines: what was asked, how it stands, what it found."""
    said = job.payload
    found = said.get("found", {})
    state = "ended early" if said.get("ended_by") and job.finished_us else standing(job, now_us).value
    return {
        "hunt": job.pk,
        "state": state,
        "asked_us": said["at_us"],
        "by": said["actor"],
        "reason": said["reason"],
        "telemetry": said["telemetry"],
        "since_us": said["since_us"],
        "until_us": said["until_us"],
        "indicators": said["indicators"],
        "events": found.get("events", 0),
        "hits": found.get("hits", 0),
        "raised": found.get("raised", 0),
        "dirty": found.get("dirty", 0),
        "left_out": found.get("left_out", {}),
        "trouble": job.last_error,
        "finished_us": job.finished_us,
    }


def _hunt(job: Job) -> None:
    said = job.payload
    last_us = 0

    def step(meter: Meter) -> None:
        nonlocal last_us
        now = clock()
        if now - last_us < _REPORT_US:
            return
        last_us = now
        if Job.objects.filter(pk=job.pk, payload__has_key="ended_by").exists():
            _note(job, meter)
            raise EndedEarly
        report(job, meter.events, None, now)

    try:
        meter = run_hunt(
            said["telemetry"],
            mapping="",
            period=Period(said["since_us"], said["until_us"]),
            chosen=Chosen(said["indicators"]),
            now_us=clock(),
            step=step,
        )
    except EndedEarly:
        return
    except CommonwatchError:
        job.attempts = MAX_ATTEMPTS  # rule 3
        raise
    _note(job, meter)


def _note(job: Job, meter: Meter) -> None:
    with transaction.atomic():
        now = Job.objects.select_for_update().get(pk=job.pk)
        now.payload = {**now.payload, "found": meter.data()}
        now.progress_done = meter.events
        now.save(update_fields=["payload", "progress_done"])


HANDLERS: dict[str, Handler] = {HUNT: _hunt}
