"""`commonwatch telemetry`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import current
from commonwatch.capabilities.detection.alerts import sources
from commonwatch.capabilities.detection.commands.given import ACTOR, need_extra
from commonwatch.capabilities.detection.hunts.running import known_mappings

app = typer.Typer(no_args_is_help=True, help="Telemetry that this node watches, and hunts in.")
Name = Annotated[str, typer.Argument(help="Name of the telemetry.")]


@app.command()
def add(
    name: Name,
    place: Annotated[str, typer.Argument(help="A file, a folder, nats://HOST:PORT/SUBJECT, syslog+udp://HOST:PORT.")],
    mapping: Annotated[str, typer.Option(help="How it is read: a mapping's name; default: found by looking.")] = "",
    live: Annotated[bool, typer.Option(help="Watch it while the node runs; else only hunts read it.")] = True,
) -> None:
    """Register telemetry: the node watches it from now on, and hunts find it by name.

    Example: commonwatch telemetry add border /var/log/zeek/current
    """
    need_extra()
    known_mappings(mapping)
    made = sources.add_source(name, place, mapping, live=live, actor=ACTOR, now_us=now_us())
    current().print(f"Telemetry {name} is {made.place}. " + ("`serve` watches it." if live else "Hunts read it."))
    current().result({"name": name, "place": made.place, "mapping": mapping, "live": live})


@app.command("list")
def list_telemetry() -> None:
    """List telemetry: place, mapping, whether it is watched.

    Example: commonwatch telemetry list
    """
    _show(["name", "place", "mapping", "live"])


@app.command()
def status() -> None:
    """Show what each telemetry brought: events, hits, unreadable lines, the last event, and what is wrong.

    Example: commonwatch telemetry status
    """
    _show(["name", "events", "hits", "dirty", "last_event", "read", "trouble"])


@app.command()
def remove(name: Name) -> None:
    """Forget telemetry and how far it was read. Its alerts stay.

    Example: commonwatch telemetry remove border
    """
    sources.remove_source(name, actor=ACTOR, now_us=now_us())
    current().print(f"Telemetry {name} is removed.")
    current().result({"removed": name})


def _show(columns: list[str]) -> None:
    found = sources.shown_sources()
    empty = "There is no telemetry yet: commonwatch telemetry add NAME PLACE"
    current().table(columns, [[row[column] for column in columns] for row in found], empty)
    current().result(found)
