"""One act on many things, with one reason: a job that goes on a second at a time, so that what follows the journal never waits for it.

1. What it is meant for is fixed when it is asked for. 2. `progress_done` says how many were dealt with; what could not be done is
counted in `left`. 3. A worker that dies repeats what it did in the last second: acts are harmless when repeated.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from commonwatch.base.clock import now_us as clock
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import enqueue, rest
from commonwatch.core.errors import CommonwatchError

MOST = 10_000  # things of one job; their numbers stand in its row
AT_ONCE = 200  # things that are dealt with while a person waits for the page
SECONDS = 1.0  # of one turn

Act = Callable[[int], bool]  # whether it could be done


def ask(kind: str, numbers: Sequence[int], payload: dict[str, Any], *, actor: str, now_us: int) -> Job:
    """Ask the worker for it. The job's payload holds `actor`, `at_us`, and what else its act needs."""
    given = {**payload, "numbers": list(numbers)[:MOST], "actor": actor, "at_us": now_us, "left": 0}
    return enqueue(kind, f"{actor} {now_us}"[:200], given, run_at_us=now_us)


def on_all(
    kind: str, numbers: Sequence[int], payload: dict[str, Any], act: Act, *, actor: str, now_us: int
) -> tuple[int, Job | None]:
    """Act on a few at once, or ask the worker; with how many it was done, or the job. What is wrong with a single one is raised."""
    if len(numbers) > AT_ONCE:
        return 0, ask(kind, numbers, payload, actor=actor, now_us=now_us)
    if len(numbers) == 1:
        return int(act(numbers[0])), None
    return sum(_acted(act, number) for number in numbers), None


def go_on(job: Job, act: Act) -> bool:
    """One turn; False while there is more to do."""
    numbers, until = job.payload["numbers"], time.monotonic() + SECONDS
    done = job.progress_done
    for number in numbers[done:]:
        job.payload["left"] += not _acted(act, number)
        done += 1
        if time.monotonic() > until:
            break
    return rest(job, done, len(numbers), clock())


def _acted(act: Act, number: int) -> bool:
    try:
        return act(number)
    except CommonwatchError:
        return False  # it has changed meanwhile, or is gone


def did(job: Job) -> int:
    """With how many it was done."""
    return len(job.payload["numbers"]) - int(job.payload["left"])
