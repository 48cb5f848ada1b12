"""`commonwatch alerts`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import current
from commonwatch.capabilities.detection.alerts import queries, triage
from commonwatch.capabilities.detection.commands.given import ACTOR, moment
from commonwatch.capabilities.detection.models import Told

app = typer.Typer(no_args_is_help=True, help="What fired here: list it, see why, say what it was.")
Number = Annotated[int, typer.Argument(help="The alert's number, as `alerts list` shows it.")]
Note = Annotated[str, typer.Option(help="Why, for those who read it later.")]
_COLUMNS = ["alert", "severity", "score", "count", "value", "entity", "first", "last", "marking", "verdict", "name"]


@app.command("list")
def list_alerts(
    verdict: Annotated[str, typer.Option(help="open, true, false, benign, unknown, or any.")] = "open",
    suppressed: Annotated[bool, typer.Option("--suppressed", help="Those kept back instead, with the reason.")] = False,
    object_id: Annotated[str, typer.Option("--object", help="STIX id of the object that fired.")] = "",
    source: Annotated[str, typer.Option(help="Name of a telemetry source, or a path.")] = "",
    entity: Annotated[str, typer.Option(help="The host that the events are about.")] = "",
    since: Annotated[str, typer.Option(help="Only what was seen since: 2018-11-02, 36h, 7d.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = 50,
) -> None:
    """List alerts, the most severe first.

    Example: commonwatch alerts list --since 7d
    """
    wanted = queries.Wanted(
        suppressed=suppressed,
        verdict="" if verdict == "any" else verdict,
        object=object_id,
        sources=(source,) if source else (),
        entity=entity,
        since_us=moment(since, now_us()),
        limit=limit,
    )
    found = [queries.line_of(one) for one in queries.alerts(wanted)]
    counts = queries.counts()
    empty = "No such alerts. Watch telemetry with `commonwatch watch`, look back with `commonwatch hunt PATH`."
    if counts["suppressed"] and not suppressed:
        empty += f" {counts['suppressed']:,} were suppressed: `commonwatch alerts list --suppressed`."
    terminal = current()
    terminal.table(_COLUMNS, [[row[column] for column in _COLUMNS] for row in found], empty)
    if len(found) == limit:
        terminal.print(f"\nThere may be more than {limit}: see --limit.")
    terminal.result({"alerts": found, "counts": counts})


@app.command()
def show(number: Number) -> None:
    """Show one alert: which object, whose, under which marking, which log lines, and why it weighs what it weighs.

    Example: commonwatch alerts show 17
    """
    found = queries.whole(queries.alert(number))
    terminal = current()
    for label, value in _head(found):
        terminal.print(f"{label:<14}{value}")
    terminal.print("\nWhy:")
    for reason in found["reasons"]:
        terminal.print(f"  {reason}")
    terminal.print("\nLog lines:")
    for line in found["lines"]:
        terminal.print(f"  {line['place']}:{line['record']} {line['column']} = {line['value']}")
        if line["text"]:
            terminal.print(f"    {line['text']}")
    if found["history"]:
        terminal.print("")
        columns = ["at", "verdict", "stands", "note", "actor"]
        terminal.table(columns, [[row[column] for column in columns] for row in found["history"]], "")
    terminal.result(found)


@app.command("triage")
def triage_alert(
    number: Number,
    verdict: Annotated[str, typer.Argument(help="true, false, benign or unknown.")],
    note: Note = "",
) -> None:
    """Say what an alert was. True becomes a sighting, false an opinion, for the author alone: counts and times only.

    Example: commonwatch alerts triage 17 true --note "Beacon confirmed on the host"
    """
    told = triage.triage(number, verdict, note, actor=ACTOR, now_us=now_us())
    current().print(f"Alert {number} is {verdict}.")
    _tell(number, told)


@app.command()
def undo(number: Number, note: Note = "") -> None:
    """Take the latest verdict of an alert back; what its author was told is revoked.

    Example: commonwatch alerts undo 17 --note "Wrong host"
    """
    told = triage.undo(number, note, actor=ACTOR, now_us=now_us())
    current().print(f"Alert {number} is {queries.alert(number).verdict} again.")
    _tell(number, told)


def _tell(number: int, told: Told | None) -> None:
    terminal = current()
    if told is not None and told.outcome == Told.Outcome.SENT:
        terminal.print(f"{told.to} is told by {told.object_id}.")
    elif told is not None and told.outcome == Told.Outcome.REVOKED:
        terminal.print(f"{told.object_id} is revoked.")
    elif told is not None:
        terminal.print("The author is not told:")
        for reason in told.reasons:
            terminal.print(f"  {reason}")
    terminal.result(queries.whole(queries.alert(number)))


def _head(found: dict[str, Any]) -> list[tuple[str, str]]:
    told = found["told"]
    rows = [
        ("Alert", f"{found['alert']}, {found['severity']} ({found['score']}), {found['verdict']}"),
        ("Object", f"{found['object']} {found['name']}"),
        ("Author", f"{found['author'] or 'not named'}, brought by {found['brought_by']}"),
        ("Marking", f"{found['marking']} {' '.join(found['obligations'])}"),
        ("Value", found["value"]),
        ("Entity", found["entity"] or "none named"),
        ("Source", found["source"]),
        ("Seen", f"{found['count']:,} events from {found['first']} to {found['last']}"),
        ("Indicators", f"as of entry {found['generation']}"),
        ("Suppressed", "yes" if found["suppressed"] else "no"),
    ]
    if told is not None:
        rows.append(("Told", f"{told['outcome']} {told['to']} {told['object']} {'; '.join(told['reasons'])}"))
    return rows
