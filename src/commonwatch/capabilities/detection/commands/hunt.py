"""`commonwatch hunt`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.detection.alerts import queries
from commonwatch.capabilities.detection.alerts.console import progress
from commonwatch.capabilities.detection.commands.given import entry_since, moment
from commonwatch.capabilities.detection.extra import need_extra
from commonwatch.capabilities.detection.hunts.period import Period
from commonwatch.capabilities.detection.hunts.running import Chosen, run_hunt

MOST_SHOWN = 20
_COLUMNS = ["alert", "severity", "count", "value", "entity", "source", "first", "last", "marking", "name"]


def hunt(
    places: Annotated[
        list[str] | None, typer.Argument(help="Files, folders, names of telemetry; default: all that is registered.")
    ] = None,
    since: Annotated[str, typer.Option(help="Events from then on: 2018-11-02, 2018-11-02T10:00:00Z, 36h, 7d.")] = "",
    until: Annotated[str, typer.Option(help="Events before then.")] = "",
    indicator: Annotated[
        list[str] | None, typer.Option("--indicator", help="STIX id: only with this one; may be repeated.")
    ] = None,
    new: Annotated[
        str,
        typer.Option("--new-since", help="Only with what came in force or changed since: 2026-11-01, 7d, or an entry."),
    ] = "",
    mapping: Annotated[
        str, typer.Option(help="How the files are read: a mapping's name or file; default: found.")
    ] = "",
    processes: Annotated[
        int, typer.Option(min=0, max=1_000, help="In so many processes; 0: all processors where it pays.")
    ] = 0,
) -> None:
    """Look through stored telemetry for everything that is in force, or for chosen indicators. Safe to run again.

    Example: commonwatch hunt /var/log/zeek --since 30d --json
    """
    need_extra()
    terminal = current()
    now = now_us()
    period = Period(moment(since, now), moment(until, now))
    with progress(terminal, "Hunting") as step:
        meter = run_hunt(
            places or [],
            mapping=mapping,
            period=period,
            chosen=Chosen(indicator or [], entry_since(new, now)),
            now_us=now,
            step=step,
            processes=processes,
        )
    raised = [queries.line_of(queries.alert(number)) for number in meter.raised]
    raised.sort(key=lambda row: (-row["score"], row["alert"]))
    terminal.print(
        f"{meter.events:,} events in {meter.files:,} files: {meter.hits:,} new hits, {len(raised):,} new alerts, "
        f"{len(meter.suppressed):,} suppressed."
    )
    shown = [[row[column] for column in _COLUMNS] for row in raised[:MOST_SHOWN]]
    if new and not meter.events and not meter.left_out:
        terminal.print(f"No indicator in force is new since {new}, or there was nothing to read.")
    terminal.table(_COLUMNS, shown, "Nothing new. See `commonwatch alerts list` for what is known already.")
    if len(raised) > MOST_SHOWN:
        terminal.print(f"and {len(raised) - MOST_SHOWN:,} more: commonwatch alerts list")
    if meter.dirty:
        terminal.note(f"{meter.dirty:,} records could not be read whole: {dict(meter.reasons.most_common(5))}")
    for path, reason in list(meter.left_out.items())[:MOST_SHOWN]:
        terminal.note(f"{path}: {reason}")
    terminal.result({**meter.data(), "alerts": raised})
    if meter.left_out and not meter.files:
        terminal.stop(Exit.NOT_ALL_ADMITTED)
