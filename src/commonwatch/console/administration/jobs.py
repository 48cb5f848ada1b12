"""Jobs of the worker: what waits for what, how far each is, what went wrong; trying again, giving up, and back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.edge import rows
from commonwatch.base.jobs import many, queries, together
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queries import Standing
from commonwatch.base.jobs.queue import MAX_ATTEMPTS
from commonwatch.console.administration.undoing import undo_at
from commonwatch.console.shell import cells
from commonwatch.console.shell.areas import WorkKind
from commonwatch.console.shell.meant import meant, moment_asked, newest
from commonwatch.console.shell.pages import OPERATOR, done, reason_given, shown_to
from commonwatch.console.shell.tables import Act, Column, Empty, Filter, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.waiting import WAITS_FOR
from commonwatch.console.shell.who import acting

STATES = {Standing.DUE: "waiting", Standing.LATER: "waiting", Standing.AGAIN: "waiting"}
JOBS = Table(
    _("Jobs, the last first"),
    (
        Column("work", _("Work"), cells.code),
        Column("key", _("Of what")),
        Column("state", _("State"), cells.status),
        Column("waits_for", _("Waits for")),
        Column("at", _("Not before"), cells.moment),
        Column("progress", _("Progress")),
        Column("attempts", _("Attempts")),
        Column("error", _("Last error")),
        Column("finished", _("Ended"), cells.moment, chosen=False),
    ),
)


class JobFilter(Filter):
    """Which jobs."""

    which = forms.ChoiceField(
        label=_("Which"),
        choices=[("", _("Those that wait or run")), ("failed", _("Those given up")), ("all", _("All"))],
    )


@shown_to(OPERATOR)
@require_safe
def jobs(request: HttpRequest) -> HttpResponse:
    """What waits or runs; all, when asked for."""
    asked, now = JobFilter(request), now_us()
    found = _asked_for(asked)
    listing = JOBS.paged(
        request,
        by_key(rows(found, "-pk"), lambda one: one.pk, lambda one: _row(one, now)),
        total=found.count(),
        filter=asked,
        acts=[
            Act(_("Try now"), reverse("jobs-retry")),
            Act(_("Give up"), reverse("jobs-give-up"), danger=True),
        ],
        newest=newest(Job.objects.all()),
        empty=Empty(_("Nothing waits"), _("Pulls of sources are jobs of the worker; each is here until it is done.")),
    )
    return listed(request, "console/administration/jobs.html", {"jobs": listing}, "jobs")


@shown_to(OPERATOR)
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Let all that are meant be tried at once."""
    numbers, reason, by = _meant(request), reason_given(request), acting(request)
    count, job = together.retry_all(numbers, reason=reason, actor=by.actor, now_us=by.now_us)
    if job is not None:
        return redirect("work", job.pk)
    done(request, _tried(count, len(numbers)))
    return redirect("jobs")


@shown_to(OPERATOR)
@require_POST
def give_up(request: HttpRequest) -> HttpResponse:
    """Let all that are meant never be tried again."""
    numbers, reason, by = _meant(request), reason_given(request), acting(request)
    count, job = together.give_up_all(numbers, reason=reason, actor=by.actor, now_us=by.now_us)
    if job is not None:
        return redirect("work", job.pk)
    done(request, _given_up(count, len(numbers)), undo=_back(by.now_us))
    return redirect(reverse("jobs") + "?which=failed")


@shown_to(OPERATOR)
@require_POST
def take_up(request: HttpRequest) -> HttpResponse:
    """Let those wait again that were given up at one moment."""
    by = acting(request)
    count, job = together.take_up_all(moment_asked(request), actor=by.actor, now_us=by.now_us)
    if job is not None:
        return redirect("work", job.pk)
    done(request, _waiting_again(count))
    return redirect("jobs")


def _asked_for(asked: Filter) -> QuerySet[Job]:
    which = asked.wanted("which")
    return queries.jobs(open_only=not which, failed_only=which == "failed")


def _meant(request: HttpRequest) -> list[int]:
    return meant(request, queries.not_done(_asked_for(JobFilter(request))))


def _tried(count: int, of: int) -> str:
    said = ngettext("%(count)s job is tried now.", "%(count)s jobs are tried now.", count)
    return said % {"count": f"{count:,}"} + _left(of - count)


def _given_up(count: int, of: int) -> str:
    said = ngettext("%(count)s job is given up.", "%(count)s jobs are given up.", count)
    return said % {"count": f"{count:,}"} + _left(of - count)


def _left(count: int) -> str:
    said = ngettext(
        "%(count)s is left as it is: it runs, is done, or waits as another job.",
        "%(count)s are left as they are: they run, are done, or wait as other jobs.",
        count,
    )
    return " " + said % {"count": f"{count:,}"} if count else ""


def _waiting_again(count: int) -> str:
    return ngettext("%(count)s job waits again.", "%(count)s jobs wait again.", count) % {"count": f"{count:,}"}


def _back(given_up_us: int) -> str:
    return undo_at(reverse("jobs-take-up"), at=str(given_up_us))


WORKS = (
    WorkKind(
        together.RETRY, _("Jobs are tried"), "jobs", lambda job: _tried(many.did(job), len(job.payload["numbers"]))
    ),
    WorkKind(
        together.GIVE_UP,
        _("Jobs are given up"),
        "jobs",
        lambda job: _given_up(many.did(job), len(job.payload["numbers"])),
        lambda job: _back(job.payload["at_us"]),
    ),
    WorkKind(together.TAKE_UP, _("Jobs wait again"), "jobs", lambda job: _waiting_again(many.did(job))),
)


def _row(one: Job, now_us: int) -> dict[str, Any]:
    now = queries.standing(one, now_us)
    waits = now in WAITS_FOR
    total = "" if one.progress_total is None else f" / {one.progress_total:,}"
    return {
        "id": one.pk,
        "work": one.kind,
        "key": one.key,
        "state": STATES.get(now, now.value),
        "waits_for": WAITS_FOR.get(now, ""),
        "at": one.run_at_us if waits else None,
        "progress": f"{one.progress_done:,}{total}" if one.progress_done else "",
        "attempts": gettext("%(number)s of %(most)s") % {"number": one.attempts, "most": MAX_ATTEMPTS},
        "error": one.last_error,
        "finished": one.finished_us,
    }
