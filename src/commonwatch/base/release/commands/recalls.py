"""`commonwatch recall`: what was taken back from whom, and who answered."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.release.holders import holders, holders_of, shown_holder
from commonwatch.base.release.models import Loss, Recall
from commonwatch.base.release.recalls import send
from commonwatch.base.release.shown import shown_recall
from commonwatch.base.terminal import current

app = typer.Typer(no_args_is_help=True, help="Recalls: what was taken back, from whom, and who confirmed it.")


@app.command("list")
def list_recalls(
    member: Annotated[str, typer.Option(help="Only those to this member.")] = "",
    open_only: Annotated[bool, typer.Option("--open", help="Only those without an answer.")] = False,
) -> None:
    """List recalls, newest first. An answer is what the member says it did; nobody can prove that it did.

    Example: commonwatch recall list --open
    """
    rows = Recall.objects.select_related("member").order_by("-pk")
    if member:
        rows = rows.filter(member__name=member)
    if open_only:
        rows = rows.filter(answered_us=None, lifted_us=None)
    found = [shown_recall(one) for one in rows]
    columns = ["recall", "member", "objects", "reason", "made", "answer", "answered", "reminders"]
    current().table(columns, [[row[column] or "" for column in columns] for row in found], "Nothing was taken back.")
    waiting = Loss.objects.filter(done=False).count()
    if waiting:
        current().print(f"{waiting} losses are still to be recalled: the worker does it, or `recall send`.")
    current().result({"recalls": found, "waiting": waiting})


@app.command("report")
def report(
    identity: Annotated[str, typer.Option("--object", help="Only of this object, by its STIX id.")] = "",
) -> None:
    """Say who still holds what was taken back, who has not answered since when, and who cannot be expected to.

    Example: commonwatch recall report
    """
    every = Recall.objects.all()
    found = [shown_holder(one) for one in (holders_of(every, identity) if identity else holders(every))]
    columns = ["member", "holding", "objects", "since", "reminders", "next_reminder"]
    current().table(columns, [[row[column] or "" for column in columns] for row in found], "Nothing was taken back.")
    current().result({"holders": found})


@app.command("send")
def send_now() -> None:
    """Send what is still to be recalled, without waiting for the worker.

    Example: commonwatch recall send
    """
    sent = send(10**12)
    current().print(f"{sent:,} objects were recalled.")
    current().result({"objects": sent})
