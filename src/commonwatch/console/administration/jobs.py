"""Jobs of the worker: what waits for what, how far each is, what went wrong; trying again, giving up."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.edge import rows
from commonwatch.base.jobs import actions, queries
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queries import Standing
from commonwatch.base.jobs.queue import MAX_ATTEMPTS
from commonwatch.console.shell import cells
from commonwatch.console.shell.meant import meant
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
    which = asked.wanted("which")
    found = queries.jobs(open_only=not which, failed_only=which == "failed")
    listing = JOBS.paged(
        request,
        by_key(rows(found, "-pk"), lambda one: one.pk, lambda one: _row(one, now)),
        total=found.count(),
        filter=asked,
        acts=[
            Act(_("Try now"), reverse("jobs-retry")),
            Act(_("Give up"), reverse("jobs-give-up"), danger=True),
        ],
        empty=Empty(_("Nothing waits"), _("Pulls of sources are jobs of the worker; each is here until it is done.")),
    )
    return listed(request, "console/administration/jobs.html", {"jobs": listing}, "jobs")


@shown_to(OPERATOR)
@require_POST
def retry(request: HttpRequest) -> HttpResponse:
    """Let all that are ticked be tried at once."""
    numbers, reason, by = meant(request), reason_given(request), acting(request)
    for number in numbers:
        actions.retry_now(number, reason=reason, actor=by.actor, now_us=by.now_us)
    sentence = ngettext("%(count)s job is tried now.", "%(count)s jobs are tried now.", len(numbers))
    done(request, sentence % {"count": len(numbers)})
    return redirect("jobs")


@shown_to(OPERATOR)
@require_POST
def give_up(request: HttpRequest) -> HttpResponse:
    """Let all that are ticked never be tried again."""
    numbers, reason, by = meant(request), reason_given(request), acting(request)
    for number in numbers:
        actions.give_up(number, reason=reason, actor=by.actor, now_us=by.now_us)
    sentence = ngettext("%(count)s job is given up.", "%(count)s jobs are given up.", len(numbers))
    done(request, sentence % {"count": len(numbers)})
    return redirect(reverse("jobs") + "?which=failed")


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
