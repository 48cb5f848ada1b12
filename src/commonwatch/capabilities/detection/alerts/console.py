"""What watch and hunt show while they run: a moving line for a person, one JSON object a line for a script."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from rich.live import Live
from rich.text import Text

from commonwatch.base.terminal import Terminal, harmless
from commonwatch.capabilities.detection.alerts import queries
from commonwatch.capabilities.detection.alerts.meter import Meter

_EVERY_SECONDS = 0.5

Step = Callable[[Meter], None]


@contextmanager
def progress(terminal: Terminal, label: str, lag: Callable[[Meter], str] = lambda meter: "") -> Iterator[Step]:
    """Told after every batch; draws at most twice a second, on standard error, where somebody looks."""
    began = time.perf_counter()
    drawn = 0.0

    def line(meter: Meter) -> str:
        seconds = max(time.perf_counter() - began, 1e-6)
        parts = [f"{meter.events:,} events", f"{meter.events / seconds:,.0f}/s", f"{meter.hits:,} hits"]
        parts += [f"{len(meter.raised):,} alerts", f"{meter.dirty:,} unreadable", lag(meter)]
        return f"{label}: " + ", ".join(part for part in parts if part)

    if terminal.json or not sys.stderr.isatty():
        yield lambda meter: None
        return
    from rich.console import Console

    with Live(Text(label), console=Console(stderr=True), auto_refresh=False, transient=True) as live:

        def step(meter: Meter) -> None:
            nonlocal drawn
            if (now := time.perf_counter()) - drawn >= _EVERY_SECONDS:
                drawn = now
                live.update(Text(harmless(line(meter))), refresh=True)

        yield step


def say_alert(terminal: Terminal, number: int) -> None:
    """One alert as it comes up: a line for a person, a JSON object for a script."""
    found = queries.line_of(queries.alert(number))
    if terminal.json:
        emit({"alert": found})
        return
    terminal.print(
        f"{found['severity'].upper():<7}{found['value'] or found['name']}  {found['entity']}  {found['source']}  "
        f"{found['first']}  {found['object']}  (commonwatch alerts show {found['alert']})"
    )


def emit(value: dict[str, Any]) -> None:
    """A JSON line."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
    sys.stdout.flush()
