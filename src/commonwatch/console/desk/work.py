"""Long work that somebody started from a page: how far it is, what was done, and the way back."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queries import Standing, job_numbered, standing
from commonwatch.console.areas import AREAS
from commonwatch.console.shell.areas import WorkKind
from commonwatch.console.shell.pages import OPERATOR, READER, shown_to
from commonwatch.console.shell.waiting import WAITS_FOR
from commonwatch.console.shell.who import identity
from commonwatch.core.errors import NotFound


@shown_to(READER)
@require_safe
def work(request: HttpRequest, number: int) -> HttpResponse:
    """One job, for who started it and who runs the node."""
    job = job_numbered(number)
    kind = next((one for area in AREAS for one in area.works if one.job == job.kind), None)
    who = identity(request)
    if kind is None or not (who.may(OPERATOR) or job.payload.get("actor") == who.name):
        raise NotFound("job-unknown", f"There is no job {number}.", "Look at your own.")
    context = {"work": _shown(job, kind), "here": reverse("work", args=[number]), "back": reverse(kind.back)}
    return render(request, "console/desk/work.html", context)


def _shown(job: Job, kind: WorkKind) -> dict[str, Any]:
    now = standing(job, now_us())
    is_done = now is Standing.DONE
    return {
        "label": kind.label,
        "done": job.progress_done,
        "total": job.progress_total,
        "waiting": WAITS_FOR.get(now, ""),
        "finished": job.finished_us is not None,
        "said": kind.said(job) if is_done else "",
        "undo": kind.undo(job) if is_done else "",
        "problem": job.last_error,
    }
