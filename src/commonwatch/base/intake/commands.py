"""`commonwatch quarantine`: what could not be admitted, why, and what a person does about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.intake import quarantine
from commonwatch.base.intake.quarantine import entry, page, retry
from commonwatch.base.intake.shown import shown_entry, shown_whole
from commonwatch.base.terminal import Exit, current
from commonwatch.core.stix.times import format_time

app = typer.Typer(no_args_is_help=True, help="List, look at, mend and retry, or drop what could not be admitted.")

Number = Annotated[int, typer.Argument(help="Number of the entry, from `quarantine list`.")]


@app.command("list")
def list_entries(
    reason: Annotated[str, typer.Option(help="Only entries held for this reason, e.g. version-conflict.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Also entries that were admitted or dropped since.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
) -> None:
    """List what is held, newest first.

    Example: commonwatch quarantine list --reason version-conflict
    """
    terminal = current()
    entries, total = page(reasons=(reason,) if reason else (), everything=everything, limit=limit)
    terminal.table(
        ["no", "received", "source", "reason", "object", "state"],
        [
            (
                e.entry.pk,
                format_time(e.entry.received_us, 0),
                e.source_name,
                e.entry.reason,
                e.entry.object_id,
                e.entry.state,
            )
            for e in entries
        ],
        empty="Nothing is held in quarantine.",
    )
    if total > len(entries):
        terminal.print(f"{total - len(entries)} more: give --limit or --reason.")
    terminal.result({"total": total, "entries": [shown_entry(e) for e in entries]})


@app.command()
def show(number: Number) -> None:
    """Show one entry: every finding with its place and remedy, and the bytes.

    Example: commonwatch quarantine show 7
    """
    terminal = current()
    listed = entry(number)
    held = listed.entry
    terminal.print(f"{held.object_id or 'No id could be read'} from {listed.source_name}, {held.place} ({held.state})")
    for finding in held.findings:
        terminal.print(f"- {finding['code']} at {finding['place'] or '/'}: {finding['sentence']} {finding['remedy']}")
    if held.resolution:
        terminal.print(f"{held.state} by {held.resolved_by}: {held.resolution}")
    whole = shown_whole(listed)
    terminal.print(whole["raw"])
    terminal.result(whole)


@app.command("retry")
def retry_entries(
    numbers: Annotated[list[int], typer.Argument(help="Numbers of entries; see `quarantine list`.")],
    mended: Annotated[
        Path | None, typer.Option("--with", exists=True, dir_okay=False, help="The mended object, for one entry.")
    ] = None,
) -> None:
    """Judge entries again, as they are or with a mended object in place of the bytes held.

    Example: commonwatch quarantine retry 7 --with mended.json
    """
    terminal = current()
    if mended is not None and len(numbers) != 1:
        raise typer.BadParameter("--with mends one entry at a time.")
    results = []
    for number in numbers:
        result = retry(number, mended.read_bytes() if mended else None, actor="command line", now_us=now_us())
        results.append({"number": number, "kind": result.kind, "id": result.object_id, "findings": result.findings})
        terminal.print(f"{number}: {result.kind} {result.object_id}")
        if not result.is_in:
            for finding in result.findings:
                terminal.print(f"  {finding.code} at {finding.place or '/'}: {finding.sentence} {finding.remedy}")
    terminal.result(results)
    if any(result["kind"] in ("held", "refused") for result in results):
        terminal.stop(Exit.NOT_ALL_ADMITTED)


@app.command()
def drop(
    numbers: Annotated[list[int], typer.Argument(help="Numbers of entries; see `quarantine list`.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
) -> None:
    """Decide that entries are not wanted. They stay on record; the same bytes will not be held again.

    Example: commonwatch quarantine drop 7 --reason "test data"
    """
    for number in numbers:
        quarantine.drop(number, actor="command line", reason=reason, now_us=now_us())
        current().print(f"{number}: dropped")
    current().result({"dropped": numbers})
