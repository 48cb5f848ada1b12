"""`commonwatch status`, `settings`, `extensions`: what the node holds, how it is set, and what it writes that is not standard."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from django.conf import settings as django_settings
from django.db import connection

from commonwatch.base.clock import now_us
from commonwatch.base.config import explain
from commonwatch.base.intake.models import Source
from commonwatch.base.journal import followers, reading
from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.base.journal.schema import seq_to_us
from commonwatch.base.terminal import current
from commonwatch.capabilities.exchange.inventory import counts_by_type
from commonwatch.capabilities.transparency import queries as record
from commonwatch.capabilities.transparency import stamps
from commonwatch.core.stix.definitions import bundle, definitions
from commonwatch.core.stix.times import format_time


def settings() -> None:
    """Show every setting, its value, and where the value came from. Secrets are never shown.

    Example: commonwatch settings
    """
    rows = explain(django_settings.COMMONWATCH)
    current().table(
        ["setting", "value", "from", "meaning"], [(r.name, r.value, r.origin, r.description) for r in rows], ""
    )
    current().result({row.name: {"value": row.value, "from": row.origin} for row in rows})


def extensions(
    file: Annotated[Path, typer.Argument(help="Where to write them; - for standard output.", allow_dash=True)] = Path(
        "-"
    ),
) -> None:
    """Write the definitions of our STIX extensions as a bundle, for programs of partners that want to read them.

    Example: commonwatch extensions commonwatch-extensions.json
    """
    if str(file) == "-":
        sys.stdout.write(f"{bundle().decode()}\n")
        return
    file.write_bytes(bundle())
    current().print(f"{len(definitions())} definitions written to {file}.")
    current().result({"file": str(file), "definitions": len(definitions())})


def status() -> None:
    """Show what the node holds: objects by type, sources, quarantine, followers and their lag.

    Example: commonwatch status
    """
    terminal = current()
    now = now_us()
    last = reading.last_seq()
    sources = list(Source.objects.order_by("name"))
    states = followers.states()
    held = QuarantineEntry.objects.filter(state=QuarantineEntry.State.HELD).count()
    types = counts_by_type()
    terminal.print(f"Database    {connection.vendor}, data folder {django_settings.COMMONWATCH.data}")
    terminal.print(f"Last entry  {format_time(seq_to_us(last), 6) if last else 'none yet: commonwatch import PATH'}")
    terminal.print(f"Quarantine  {held} held" + ("; see `commonwatch quarantine list`" if held else ""))
    for state in states:
        lag = "up to date" if state.cursor >= last else f"behind by {(last - state.cursor) / 1e6:,.1f} s of entries"
        stopped = f"; stopped at entry {state.failed_at}: {state.failure}" if state.failed_at is not None else ""
        terminal.print(f"Follower    {state.name}: {lag}{stopped}")
    evidence = record.evidence()
    for one in evidence:
        terminal.print(f"EVIDENCE    the log {one.origin} contradicts itself ({one.code}): commonwatch log evidence")
    unstamped = stamps.troubles()
    for lacking in unstamped:
        terminal.print(
            f"Time stamp  {lacking.authority} has not stamped the record of {lacking.day}: {lacking.trouble}"
        )
    terminal.print("")
    columns = ["source", "admitted", "with findings", "duplicate", "quarantined", "refused", "last"]
    rows = [
        (s.name, s.admitted, s.with_findings, s.duplicate, s.quarantined, s.refused, _ago(s.last_us, now))
        for s in sources
    ]
    terminal.table(columns, rows, "No source has sent anything yet: commonwatch import PATH")
    if types:
        terminal.print("")
        terminal.table(["type", "objects"], types.items(), "")
    terminal.result(_as_json(last, sources, states, held, types) | {"evidence": evidence, "unstamped": unstamped})


def _as_json(last: int, sources: list[Source], states: Any, held: int, types: dict[str, int]) -> dict[str, Any]:
    counters = ("admitted", "with_findings", "duplicate", "quarantined", "refused")
    return {
        "last_entry": format_time(seq_to_us(last), 6) if last else None,
        "quarantined": held,
        "sources": {s.name: {name: getattr(s, name) for name in counters} for s in sources},
        "followers": {s.name: {"cursor": s.cursor, "failed_at": s.failed_at, "failure": s.failure} for s in states},
        "types": types,
    }


def _ago(then: int | None, now: int) -> str:
    if then is None:
        return "never"
    seconds = (now - then) // 1_000_000
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit} ago"
    return f"{seconds} s ago"
