"""What time-stamping authorities said of the record's daily checkpoints: to be served, shown, and handed over with proofs."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count

from commonwatch.base.jobs.models import Job
from commonwatch.base.journal.examine import Examined
from commonwatch.capabilities.transparency import record
from commonwatch.capabilities.transparency.models import Daily, DailyStamp
from commonwatch.capabilities.transparency.stamping import STAMPING, missing, stamp_key
from commonwatch.core.merkle.notes import parse_note
from commonwatch.core.merkle.proofs import inclusion_proof
from commonwatch.core.merkle.stamped import StampedProof
from commonwatch.core.stix.times import format_time

TROUBLE = 3  # failures in a row that a person should hear of
ENOUGH = 2  # authorities: no single one is to be believed alone


@dataclass(frozen=True)
class StampState:
    """A stamp over a day's checkpoint: `at` as the authority says, or empty with the reason why it is not there yet."""

    day: str
    size: int
    authority: str
    at: str
    trouble: str
    attempts: int


def states(days: int = 30) -> list[StampState]:
    """Every stamp of the last days, newest first; of the newest also those that are missing."""
    found: list[StampState] = []
    for daily in Daily.objects.order_by("-day").prefetch_related("stamps")[:days]:
        if not found:
            found += [_missing(daily, name) for name in missing(daily)]
        rows = sorted(daily.stamps.all(), key=lambda one: one.authority)
        found += [StampState(daily.day, daily.size, one.authority, format_time(one.at_us, 0), "", 0) for one in rows]
    return found


def troubles() -> list[StampState]:
    """Stamps that the newest checkpoint lacks although they were asked for more than once or twice."""
    return [one for one in states(1) if one.attempts >= TROUBLE]


def stamped_proof(number: int) -> StampedProof | None:
    """That a leaf existed, by the earliest checkpoint with it that enough authorities have stamped, else any. None before it is stamped."""
    having = Daily.objects.filter(size__gt=number).annotate(count=Count("stamps")).order_by("day")
    daily = having.filter(count__gte=ENOUGH).first() or having.filter(count__gte=1).first()
    if daily is None:
        return None
    path = tuple(inclusion_proof(number, daily.size, record.reading_of(daily.size)))
    answers = {one.authority: bytes(one.answer) for one in daily.stamps.order_by("authority")}
    return StampedProof(number, path, parse_note(bytes(daily.note)), answers)


def day_note(day: str) -> bytes | None:
    """A day's checkpoint, as it was stamped."""
    daily = Daily.objects.filter(pk=day).first()
    return bytes(daily.note) if daily is not None else None


def day_answer(day: str, authority: str) -> bytes | None:
    """What an authority answered about it."""
    found = DailyStamp.objects.filter(daily=day, authority=authority).first()
    return bytes(found.answer) if found is not None else None


def days() -> list[tuple[str, str]]:
    """Every day and authority of a stamp, oldest first."""
    return list(DailyStamp.objects.order_by("daily", "authority").values_list("daily_id", "authority"))


def examined() -> list[Examined]:
    """For `doctor`: authorities that do not stamp."""
    return [
        Examined(
            f"time stamps of {one.authority}",
            False,
            f"{one.authority} has not stamped the record's checkpoint of {one.day}: {one.trouble}",
            "Look at stamp_authorities and stamp_roots; then `commonwatch log stamp`.",
        )
        for one in troubles()
    ]


def _missing(daily: Daily, authority: str) -> StampState:
    job = Job.objects.filter(kind=STAMPING, key=stamp_key(daily.day, authority)).order_by("-pk").first()
    attempts, trouble = (job.attempts, job.last_error) if job is not None else (0, "")
    return StampState(daily.day, daily.size, authority, "", trouble, attempts)
