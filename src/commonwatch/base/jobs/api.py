"""The API of jobs, and of backups, which are one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import ADMINISTRATOR, OPERATOR, Asked, Paged, caller, page, rows
from commonwatch.base.jobs import actions, queries
from commonwatch.base.jobs.backing_up import ask_backup
from commonwatch.base.jobs.shown import shown_job
from commonwatch.base.journal.backup import last_backup

jobs = Router(tags=["the node"])
backups = Router(tags=["the node"])
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="From the list of jobs.")]


class JobsAsked(Asked):
    """Which jobs."""

    which: Literal["open", "failed", "all"] = Field("open", description="open: those that wait or run.")


class Why(Schema):
    """Why, for the record."""

    reason: str = Field(min_length=1, max_length=2000)


@jobs.get("/jobs", response=Paged[dict[str, Any]], auth=OPERATOR)
def list_jobs(request: HttpRequest, asked: Query[JobsAsked]) -> dict[str, Any]:
    """Jobs of the worker, newest first: what each waits for, how far it is, what went wrong."""
    now = now_us()
    found = queries.jobs(open_only=asked.which == "open", failed_only=asked.which == "failed")
    return page(request, asked, rows(found, "-pk"), lambda one: one.pk, lambda one: shown_job(one, now))


@jobs.post("/jobs/{number}/retry", response=dict[str, Any], auth=OPERATOR)
def retry(request: HttpRequest, number: Number, given: Why) -> dict[str, Any]:
    """Let a job that waits or was given up be tried at once."""
    now = now_us()
    return shown_job(actions.retry_now(number, reason=given.reason, actor=caller(request).name, now_us=now), now)


@jobs.post("/jobs/{number}/give-up", response=dict[str, Any], auth=OPERATOR)
def give_up(request: HttpRequest, number: Number, given: Why) -> dict[str, Any]:
    """Let a job that waits never be tried again."""
    now = now_us()
    return shown_job(actions.give_up(number, reason=given.reason, actor=caller(request).name, now_us=now), now)


@backups.get("/backup", response=dict[str, Any], auth=OPERATOR)
def last(request: HttpRequest) -> dict[str, Any]:
    """When and where the last backup was written, and what is in it; empty where none is known."""
    return last_backup(settings.COMMONWATCH) or {}


@backups.post("/backup", response=dict[str, Any], auth=ADMINISTRATOR)
def back_up(request: HttpRequest, given: Why) -> dict[str, Any]:
    """Have the worker make a backup in the folder for them, on the node's machine; its job."""
    now = now_us()
    return shown_job(ask_backup(reason=given.reason, actor=caller(request).name, now_us=now), now)


routers = (jobs, backups)
