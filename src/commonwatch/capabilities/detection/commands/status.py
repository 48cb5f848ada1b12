"""`commonwatch detection`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import current
from commonwatch.capabilities.detection.alerts import queries as alerts
from commonwatch.capabilities.detection.extra import need_extra
from commonwatch.capabilities.detection.indicators import queries
from commonwatch.capabilities.detection.watch import memory

app = typer.Typer(no_args_is_help=True, help="What this member matches with, and what it cannot use.")
Limit = Annotated[int, typer.Option(min=1, max=1_000_000, help="At most so many.")]


@app.command()
def status() -> None:
    """Show indicators in force, by type and kind of value, alerts, and how far the follower has come.

    Example: commonwatch detection status
    """
    found = {**queries.numbers(now_us()), "alerts": alerts.counts(), "memory": memory.status()}
    terminal = current()
    for title, name in (
        ("Indicators", "states"),
        ("In force by type", "types"),
        ("Values", "values"),
        ("Alerts", "alerts"),
    ):
        rows = [[key, f"{number:,}"] for key, number in found[name].items()]
        terminal.table([title, ""], rows, f"{title}: none yet. Import intelligence: commonwatch import FILE")
    terminal.print(f"Not yet valid: {found['not_yet']:,}; no longer: {found['ended']:,}.")
    terminal.print(f"Benign lists: {found['benign']['lists']} with {found['benign']['entries']:,} entries.")
    kept = found["memory"]
    terminal.print(f"Patterns that remember events: {kept['patterns']:,}; last kept: {kept['kept'] or 'never'}.")
    for one in kept["troubles"]:
        terminal.print(f"Warning, {one['object']}: {one['trouble']}")
    follower = found["follower"]
    terminal.print(
        f"Follower at entry {follower['entry'] if follower else 0}. {follower['failure'] if follower else ''}"
    )
    terminal.result(found)


@app.command()
def unexecutable(limit: Limit = 100) -> None:
    """List indicators that no matcher can execute, each with the reason.

    Example: commonwatch detection unexecutable --limit 20
    """
    found = queries.unexecutable(limit)
    rows = [[row["object"], row["type"], row["reason"]] for row in found]
    current().table(["object", "type", "reason"], rows, "Every indicator that is in force can be executed.")
    current().result(found)


@app.command()
def gaps(
    mapping: Annotated[str, typer.Argument(help="A kind of log: zeek-dns, windows, suricata-eve ...")],
) -> None:
    """Show why indicators and rules in force can never match one kind of log, and how many each reason keeps from it.

    Example: commonwatch detection gaps zeek-dns
    """
    need_extra()
    from commonwatch.capabilities.detection.indicators.gaps import gaps as found

    rows = found(mapping)
    shown = [[f"{row.count:,}", row.reason, ", ".join(row.examples)] for row in rows]
    current().table(["indicators", "because", "for example"], shown, f"Everything in force can match {mapping}.")
    current().result(rows)


@app.command()
def withheld(limit: Limit = 100) -> None:
    """List indicators that are not in force: revoked, recalled, withdrawn, erased, or not granted to this member.

    Example: commonwatch detection withheld --limit 20
    """
    found = queries.not_in_force(limit)
    rows = [[row["object"], row["state"], row["reason"]] for row in found]
    current().table(["object", "state", "reason"], rows, "Every indicator is in force.")
    current().result(found)
