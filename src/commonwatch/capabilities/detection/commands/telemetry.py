"""`commonwatch telemetry`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import current
from commonwatch.capabilities.detection.alerts import sources
from commonwatch.capabilities.detection.anomalies.places import check_names, forget, why_off
from commonwatch.capabilities.detection.commands.given import ACTOR
from commonwatch.capabilities.detection.extra import need_extra
from commonwatch.capabilities.detection.hunts.running import known_mappings

app = typer.Typer(no_args_is_help=True, help="Telemetry that this node watches, and hunts in.")
Name = Annotated[str, typer.Argument(help="Name of the telemetry.")]


@app.command()
def add(
    name: Name,
    place: Annotated[str, typer.Argument(help="A file, a folder, nats://HOST:PORT/SUBJECT, syslog+udp://HOST:PORT.")],
    mapping: Annotated[str, typer.Option(help="How it is read: a mapping's name; default: found by looking.")] = "",
    live: Annotated[bool, typer.Option(help="Watch it while the node runs; else only hunts read it.")] = True,
    anomalies: Annotated[bool, typer.Option(help="Learn what is usual in it, and note what is not.")] = True,
    names: Annotated[str, typer.Option(help="The model of generated names to hold new names against.")] = "",
) -> None:
    """Register telemetry: the node watches it from now on, and hunts find it by name.

    Example: commonwatch telemetry add border /var/log/zeek/current
    """
    need_extra()
    known_mappings(mapping)
    check_names(names)
    made = sources.add_source(name, place, mapping, live=live, actor=ACTOR, now_us=now_us())
    if (anomalies, names) != (made.anomalies, made.names):
        sources.change_source(name, anomalies=anomalies, names=names, actor=ACTOR, now_us=now_us())
    current().print(f"Telemetry {name} is {made.place}. " + ("`serve` watches it." if live else "Hunts read it."))
    if live and anomalies and (off := why_off()):
        current().note(off)
    current().result(
        {"name": name, "place": made.place, "mapping": mapping, "live": live, "anomalies": anomalies, "names": names}
    )


@app.command()
def change(
    name: Name,
    anomalies: Annotated[
        bool | None, typer.Option("--anomalies/--no-anomalies", help="Learn what is usual in it, or no more.")
    ] = None,
    names: Annotated[str | None, typer.Option(help="The model of generated names; empty: none.")] = None,
) -> None:
    """Switch live anomalies of a telemetry on or off. A running node notices within seconds.

    Example: commonwatch telemetry change border --no-anomalies
    """
    check_names(names or "")
    made = sources.change_source(name, anomalies=anomalies, names=names, actor=ACTOR, now_us=now_us())
    current().print(f"Telemetry {name}: anomalies are {'noted' if made.anomalies else 'off'}.")
    if made.anomalies and (off := why_off()):
        current().note(off)
    current().result({"name": name, "anomalies": made.anomalies, "names": made.names})


@app.command("list")
def list_telemetry() -> None:
    """List telemetry: place, mapping, whether it is watched.

    Example: commonwatch telemetry list
    """
    _show(["name", "place", "mapping", "live", "anomalies"])


@app.command()
def status() -> None:
    """Show what each telemetry brought: events, hits, unreadable lines, the last event, and what is wrong.

    Example: commonwatch telemetry status
    """
    _show(["name", "events", "hits", "dirty", "last_event", "read", "trouble"])


@app.command()
def remove(name: Name) -> None:
    """Forget telemetry, how far it was read and what was learned of it. Its alerts and anomalies stay.

    Example: commonwatch telemetry remove border
    """
    sources.remove_source(name, actor=ACTOR, now_us=now_us())
    forget(name)
    current().print(f"Telemetry {name} is removed.")
    current().result({"removed": name})


def _show(columns: list[str]) -> None:
    found = sources.shown_sources()
    empty = "There is no telemetry yet: commonwatch telemetry add NAME PLACE"
    current().table(columns, [[row[column] for column in columns] for row in found], empty)
    current().result(found)
