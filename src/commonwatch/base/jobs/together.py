"""Many jobs, or many tokens, at once with one reason: a few while the page is waited for, more by the worker.

All jobs of one act are given up at its moment: by that they are found again when it is taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from commonwatch.base.accounts.actions import revoke_token
from commonwatch.base.jobs import actions, many
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import Handler

RETRY, GIVE_UP, TAKE_UP, REVOKE = "job.retry", "job.give-up", "job.take-up", "token.revoke"
_VERBS: dict[str, Callable[..., object]] = {
    RETRY: actions.retry_now,
    GIVE_UP: actions.give_up,
    TAKE_UP: actions.take_up,
    REVOKE: revoke_token,
}
Done = tuple[int, Job | None]  # with how many, or the job where the worker does it


def retry_all(numbers: Sequence[int], *, reason: str, actor: str, now_us: int) -> Done:
    """Let jobs be tried at once."""
    return _on_all(RETRY, numbers, {"reason": reason}, actor, now_us)


def give_up_all(numbers: Sequence[int], *, reason: str, actor: str, now_us: int) -> Done:
    """Let jobs never be tried again."""
    return _on_all(GIVE_UP, numbers, {"reason": reason}, actor, now_us)


def take_up_all(given_up_us: int, *, actor: str, now_us: int) -> Done:
    """Let the jobs that were given up at one moment wait again."""
    given_up = Job.objects.filter(failed=True, finished_us=given_up_us).order_by("pk")
    return _on_all(TAKE_UP, list(given_up.values_list("pk", flat=True)), {}, actor, now_us)


def revoke_all(numbers: Sequence[int], *, reason: str, actor: str, now_us: int) -> Done:
    """Make tokens useless at once."""
    return _on_all(REVOKE, numbers, {"reason": reason}, actor, now_us)


def _on_all(kind: str, numbers: Sequence[int], payload: dict[str, Any], actor: str, now_us: int) -> Done:
    act = _act(kind, {**payload, "actor": actor, "at_us": now_us})
    return many.on_all(kind, numbers, payload, act, actor=actor, now_us=now_us)


def _act(kind: str, given: dict[str, Any]) -> many.Act:
    why = {"reason": given["reason"]} if "reason" in given else {}

    def act(number: int) -> bool:
        _VERBS[kind](number, **why, actor=given["actor"], now_us=given["at_us"])
        return True

    return act


def _go_on(job: Job) -> bool:
    return many.go_on(job, _act(job.kind, job.payload))


HANDLERS: dict[str, Handler] = dict.fromkeys(_VERBS, _go_on)
