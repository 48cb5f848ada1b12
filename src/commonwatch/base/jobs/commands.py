"""`commonwatch job`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.jobs import actions, queries
from commonwatch.base.jobs.shown import shown_job
from commonwatch.base.terminal import current

ACTOR = "command line"
app = typer.Typer(no_args_is_help=True, help="See what the worker has to do, try it again or give it up.")
Number = Annotated[int, typer.Argument(help="Number of the job, from `job list`.")]
Reason = Annotated[str, typer.Option(help="Why, for the record.")]


@app.command("list")
def list_jobs(
    failed: Annotated[bool, typer.Option("--failed", help="Those that were given up.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
) -> None:
    """List what waits or runs: what for, how far it is, what went wrong.

    Example: commonwatch job list
    """
    now = now_us()
    found = [shown_job(one, now) for one in queries.jobs(failed_only=failed).order_by("-pk")[:limit]]
    columns = ["number", "kind", "key", "standing", "not_before", "attempts", "done", "last_error"]
    current().table(columns, [[row[column] for column in columns] for row in found], "Nothing waits.")
    current().result(found)


@app.command()
def retry(number: Number, reason: Reason) -> None:
    """Let a job that waits or was given up be tried at once.

    Example: commonwatch job retry 7 --reason "mended there"
    """
    now = now_us()
    job = actions.retry_now(number, reason=reason, actor=ACTOR, now_us=now)
    current().print(f"Job {number} is tried as soon as the worker is free.")
    current().result(shown_job(job, now))


@app.command("give-up")
def give_up(number: Number, reason: Reason) -> None:
    """Let a job that waits never be tried again.

    Example: commonwatch job give-up 7 --reason "the server is gone"
    """
    now = now_us()
    job = actions.give_up(number, reason=reason, actor=ACTOR, now_us=now)
    current().print(f"Job {number} is given up.")
    current().result(shown_job(job, now))
