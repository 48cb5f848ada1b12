"""Many held objects at once, with one reason: judged again or let go, a few at once, more by the worker."""

from __future__ import annotations

from collections.abc import Sequence

from commonwatch.base.intake.quarantine import all_held, drop, retry
from commonwatch.base.jobs import many
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import Handler

RETRY, DROP = "quarantine.retry", "quarantine.drop"
AT_ONCE = 200  # entries; people wait for a page


def retry_all(numbers: Sequence[int], *, actor: str, now_us: int) -> tuple[int, Job | None]:
    """Judge entries again, as they are; how many were admitted, or the job where the worker does it.

    Raises, before anything is done, where one of them is not held.
    """
    numbers = all_held(numbers)
    if len(numbers) > AT_ONCE:
        return 0, many.ask(RETRY, numbers, {}, actor=actor, now_us=now_us)
    return sum(retry(number, None, actor=actor, now_us=now_us).is_in for number in numbers), None


def drop_all(numbers: Sequence[int], *, reason: str, actor: str, now_us: int) -> Job | None:
    """Decide that entries are not wanted; the job, where the worker does it. Raises as `retry_all` does."""
    numbers = all_held(numbers)
    if len(numbers) > AT_ONCE:
        return many.ask(DROP, numbers, {"reason": reason}, actor=actor, now_us=now_us)
    for number in numbers:
        drop(number, actor=actor, reason=reason, now_us=now_us)
    return None


def _retry_on(job: Job) -> bool:
    given = job.payload
    return many.go_on(job, lambda number: retry(number, None, actor=given["actor"], now_us=given["at_us"]).is_in)


def _drop_on(job: Job) -> bool:
    given = job.payload

    def act(number: int) -> bool:
        drop(number, actor=given["actor"], reason=given["reason"], now_us=given["at_us"])
        return True

    return many.go_on(job, act)


HANDLERS: dict[str, Handler] = {RETRY: _retry_on, DROP: _drop_on}
