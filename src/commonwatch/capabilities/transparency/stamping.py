"""Having the checkpoint of each day stamped by time-stamping authorities (RFC 3161).

1. With the first turn of a day (UTC) the checkpoint that is out becomes that day's; it holds everything of the days before. 2. Every
authority of the settings is asked about it by a job of its own: one that is silent is asked again, and keeps neither the log nor the
others waiting. 3. The next day's checkpoint takes over what the last one lacks, because it holds the same and more. 4. Where nothing was
logged since and no stamp lacks, there is nothing to ask.
"""

from __future__ import annotations

from django.db import transaction

from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import enqueue, withdraw
from commonwatch.base.stamping.asking import ask, authorities
from commonwatch.capabilities.transparency import record
from commonwatch.capabilities.transparency.models import Daily, DailyStamp
from commonwatch.core.errors import NodeUnable, NotFound, PeerError
from commonwatch.core.merkle.checkpoints import parse_checkpoint
from commonwatch.core.merkle.notes import parse_note
from commonwatch.core.stix.times import format_time

STAMPING = "record.stamp"  # the kind of job that asks an authority
LARGEST_BYTES = 16 * 1024  # of an answer: real ones have 1 to 6 KB, and all of a day's go into one file


def ask_due(now_us: int) -> bool:
    """Choose the checkpoint of the day where it is time, and let the worker ask about it; whether there was anything to do."""
    daily = begin_day(now_us)
    if daily is None:
        return False
    asked = set(Job.objects.filter(kind=STAMPING, key__startswith=f"{daily.day} ").values_list("key", flat=True))
    wanted = [name for name in missing(daily) if stamp_key(daily.day, name) not in asked]
    for name in wanted:
        _enqueue(daily.day, name, now_us)
    return bool(wanted)


def begin_day(now_us: int) -> Daily | None:
    """The checkpoint that is to be stamped now: the day's, or an earlier one where there is nothing more to say. None without authorities."""
    if not authorities():
        return None
    day = format_time(now_us, 0)[:10]
    last = Daily.objects.order_by("-day").first()
    if last is not None and last.day >= day:
        return last
    note = record.checkpoint()
    size = parse_checkpoint(parse_note(note).text).size
    if size == 0 or (last is not None and size == last.size and not missing(last)):
        return last
    with transaction.atomic():
        made, _ = Daily.objects.get_or_create(day=day, defaults={"note": note, "size": size})
        if last is not None:
            for name in missing(last):
                withdraw(STAMPING, stamp_key(last.day, name))
    return made


def stamp(day: str, authority: str) -> None:
    """Ask an authority about a day's checkpoint and keep the answer, unless it is there; raises PeerError where none comes that holds."""
    daily = Daily.objects.filter(pk=day).first()
    if daily is None:
        raise NotFound("day-unknown", f"No checkpoint of {day} is to be stamped.", "See `commonwatch log stamps`.")
    if daily.stamps.filter(authority=authority).exists():
        return
    answer, told = ask(authority, bytes(daily.note))
    if len(answer) > LARGEST_BYTES:
        raise PeerError(
            "stamp-too-large",
            f"The answer of {authority} has more than {LARGEST_BYTES:,} bytes.",
            "Ask it for fewer certificates, or take another authority.",
            retry=True,
        )
    DailyStamp.objects.get_or_create(daily=daily, authority=authority, defaults={"answer": answer, "at_us": told.at_us})


def ask_missing(now_us: int) -> tuple[list[str], list[str]]:
    """Ask now for every stamp that the day's checkpoint lacks: the authorities that gave one, and the sentences of those that did not.

    Those stay asked for: the worker tries them again.
    """
    daily = begin_day(now_us)
    came: list[str] = []
    failed: list[str] = []
    if daily is None:
        return came, failed
    for name in missing(daily):
        try:
            stamp(daily.day, name)
        except (PeerError, NodeUnable) as error:
            failed.append(error.sentence)
            _enqueue(daily.day, name, now_us)
        else:
            came.append(name)
            withdraw(STAMPING, stamp_key(daily.day, name))
    return came, failed


def missing(daily: Daily) -> list[str]:
    """The authorities of the settings that have not stamped it."""
    have = set(daily.stamps.values_list("authority", flat=True))
    return [name for name in authorities() if name not in have]


def stamp_key(day: str, authority: str) -> str:
    """The key of the job that asks this authority about this day's checkpoint."""
    return f"{day} {authority}"


def _enqueue(day: str, authority: str, now_us: int) -> None:
    enqueue(STAMPING, stamp_key(day, authority), {"day": day, "authority": authority}, run_at_us=now_us)
