"""`commonwatch watch`."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import Terminal, current
from commonwatch.capabilities.detection.alerts.console import emit, progress, say_alert
from commonwatch.capabilities.detection.alerts.meter import Meter
from commonwatch.capabilities.detection.alerts.sources import is_stream
from commonwatch.capabilities.detection.anomalies.places import why_off
from commonwatch.capabilities.detection.extra import need_extra
from commonwatch.capabilities.detection.hunts.running import follow
from commonwatch.capabilities.detection.models import TelemetrySource
from commonwatch.core.errors import InvalidInput


def watch(
    places: Annotated[
        list[str] | None,
        typer.Argument(help="Names of telemetry, files, folders, - for standard input, nats:// or syslog addresses."),
    ] = None,
    mapping: Annotated[str, typer.Option(help="How they are read: a mapping's name; default: found by looking.")] = "",
    once: Annotated[bool, typer.Option("--once", help="End when nothing more comes.")] = False,
    anomalies: Annotated[bool, typer.Option(help="Note what is unusual, too, unless it is switched off.")] = True,
) -> None:
    """Watch telemetry as it comes and say at once what matches. It goes on where it was left off.

    Example: commonwatch watch /var/log/zeek/current --json
    """
    need_extra()
    terminal = current()
    follow()
    wanted = _wanted(places or [], mapping)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    from commonwatch.capabilities.detection.indicators.engine import Engine
    from commonwatch.capabilities.detection.watch.service import inputs, owner_of, run

    off = why_off() if anomalies else ""
    if off:
        terminal.note(off)
    with inputs(
        Engine(),
        lambda number: say_alert(terminal, number),
        lambda number: _say_anomaly(terminal, number),
        learning=anomalies,
        owner=owner_of([name for name, _, _ in wanted]),
    ) as found:
        for name, place, how in wanted:
            found.add(name, place, how)
        terminal.note(f"Watching {', '.join(name for name, _, _ in wanted)}. Stop with Ctrl-C.")
        with progress(terminal, "Watching", _lag) as step:
            run(found, stop.is_set, step, once=once)
        for name, watcher in found.watchers.items():
            if watcher.noticing.trouble and not off:
                terminal.note(f"{name}: {watcher.noticing.trouble}")
        meter = found.meter()
    if terminal.json:
        emit({"summary": meter.data()})
    terminal.print(
        f"{meter.events:,} events: {meter.hits:,} hits, {len(meter.raised):,} new alerts, "
        f"{len(meter.suppressed):,} suppressed, {meter.dirty:,} unreadable lines."
    )


def _wanted(places: list[str], mapping: str) -> list[tuple[str, str, str]]:
    """Name, place and mapping of each input: registered telemetry by its name, everything else by its place."""
    registered = {source.name: source for source in TelemetrySource.objects.order_by("name")}
    named = places or [name for name, source in registered.items() if source.live]
    if not named:
        raise InvalidInput("telemetry-none", "There is nothing to watch.", "Name a file, or `telemetry add` one.")
    found = []
    for place in named:
        if place in registered:
            found.append((place, registered[place].place, mapping or registered[place].mapping))
        elif is_stream(place):
            found.append((place, place, mapping))
        else:
            absolute = str(Path(place).expanduser().absolute())
            by_place = next((source.name for source in registered.values() if source.place == absolute), absolute)
            found.append((by_place, absolute, mapping))
    return found


def _say_anomaly(terminal: Terminal, number: int) -> None:
    from commonwatch.capabilities.detection.anomalies import records

    found = records.shown(records.anomaly(number))
    if terminal.json:
        emit({"anomaly": found})
        return
    terminal.print(
        f"UNUSUAL {found['model']}  {found['entity']}  {found['source']}  {found['at']}  {found['because'][0]}  "
        f"(commonwatch anomalies show {number})"
    )


def _lag(meter: Meter) -> str:
    """How far the latest event lies behind the clock."""
    if meter.last_event_us is None:
        return ""
    seconds = max(0, now_us() - meter.last_event_us) / 1_000_000
    return f"lag {seconds:,.1f} s" if seconds < 86_400 else f"events of {seconds / 86_400:,.0f} days ago"
