"""Verdicts on many alerts at once, with one reason; taken back together. A few are judged at once, more by the worker.

All verdicts of one act bear its moment: by that and who gave them they are found again.
"""

from __future__ import annotations

from collections.abc import Sequence

from commonwatch.base.jobs import many
from commonwatch.base.jobs.models import Job
from commonwatch.capabilities.detection.alerts.triage import check_verdict, standing, triage, undo
from commonwatch.capabilities.detection.models import Alert, Triage

JUDGE, REOPEN = "detection.judge", "detection.reopen"
AT_ONCE = 200  # alerts; each may tell an author, and people wait for a page


def judge(numbers: Sequence[int], verdict: str, note: str, *, actor: str, now_us: int) -> Job | None:
    """Say of alerts what they were; the job, where the worker does it."""
    check_verdict(verdict)
    if len(numbers) > AT_ONCE:
        return many.ask(JUDGE, numbers, {"verdict": verdict, "note": note}, actor=actor, now_us=now_us)
    for number in numbers:
        triage(number, verdict, note, actor=actor, now_us=now_us)
    return None


def judge_on(job: Job) -> bool:
    """The worker's turn at it."""
    given = job.payload

    def act(number: int) -> bool:
        if not Triage.objects.filter(alert=number, actor=given["actor"], at_us=given["at_us"]).exists():
            triage(number, given["verdict"], given["note"], actor=given["actor"], now_us=given["at_us"])
        return True

    return many.go_on(job, act)


def reopen(said_us: int, *, actor: str, now_us: int) -> tuple[int, Job | None]:
    """Take back what somebody said at one moment, where nobody said anything after it; how many, and the job where the worker does it."""
    numbers = [one.alert_id for one in Triage.objects.filter(actor=actor, at_us=said_us, undoes=None).order_by("pk")]
    if len(numbers) > AT_ONCE:
        return len(numbers), many.ask(REOPEN, numbers, {"said_us": said_us}, actor=actor, now_us=now_us)
    return sum(_reopened(number, said_us, actor, now_us) for number in numbers), None


def reopen_on(job: Job) -> bool:
    """The worker's turn at it."""
    given = job.payload
    return many.go_on(job, lambda number: _reopened(number, given["said_us"], given["actor"], given["at_us"]))


def _reopened(number: int, said_us: int, actor: str, now_us: int) -> bool:
    said = standing(Alert.objects.get(pk=number))
    if not said or (said[-1].actor, said[-1].at_us) != (actor, said_us):
        return False
    undo(number, "", actor=actor, now_us=now_us)
    return True
