"""Rows for the batch model out of telemetry: what each entity did in each window of time.

1. Batches of connection, DNS, HTTP and TLS logs, with the columns of their Zeek mappings (`id_orig_h` is the entity). A log that
   lacks a column gives zero for what is counted from it.
2. Windows are aligned to the clock: the same events give the same rows, whichever order the batches come in.
3. Only the columns that are counted are kept, and windows may be `take`n as they close, so memory is that of the open windows.
   Events without time or entity are counted in `left_out`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.anomalies.tables import Table
from commonwatch.capabilities.detection.telemetry.batch import TIME, Batch

if TYPE_CHECKING:
    import polars as pl

ENTITY = "id_orig_h"
WINDOW_US = 300 * 1_000_000

# Feature: log, column, how it is counted.
FEATURES: Mapping[str, tuple[str, str, str]] = {
    "connections": ("conn", ENTITY, "rows"),
    "hosts contacted": ("conn", "id_resp_h", "different"),
    "ports contacted": ("conn", "id_resp_p", "different"),
    "bytes out": ("conn", "orig_bytes", "sum"),
    "bytes in": ("conn", "resp_bytes", "sum"),
    "packets out": ("conn", "orig_pkts", "sum"),
    "seconds connected": ("conn", "duration", "sum"),
    "connections unanswered": ("conn", "conn_state", "unanswered"),
    "names asked for": ("dns", "query", "rows"),
    "different names": ("dns", "query", "different"),
    "longest name": ("dns", "query", "longest"),
    "names that do not exist": ("dns", "rcode_name", "missing"),
    "requests": ("http", "host", "rows"),
    "sites": ("http", "host", "different"),
    "user agents": ("http", "user_agent", "different"),
    "longest address": ("http", "uri", "longest"),
    "body bytes out": ("http", "request_body_len", "sum"),
    "handshakes": ("ssl", ENTITY, "rows"),
    "server names": ("ssl", "server_name", "different"),
    "client fingerprints": ("ssl", "ja3", "different"),
    "handshakes broken off": ("ssl", "established", "false"),
}
_UNANSWERED = ("S0", "REJ", "RSTOS0", "RSTRH", "SH", "SHR")  # Zeek's states of connections that nobody took


@dataclass
class Windows:
    """Collects batches; `take` gives the rows."""

    width_us: int = WINDOW_US
    left_out: int = 0
    _held: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        """Keep what is counted from a batch; logs that nothing is counted from are passed over."""
        import polars as pl

        log = batch.mapping.name.removeprefix("zeek-")
        names = set(batch.events.schema.names)
        wanted = {column for kind, column, _ in FEATURES.values() if kind == log} | {TIME, ENTITY}
        if len(wanted) == 2 or not {TIME, ENTITY} <= names:
            return
        events = pl.DataFrame(batch.events.select(sorted(wanted & names)))
        whole = events.drop_nulls([TIME, ENTITY])
        self.left_out += len(events) - len(whole)
        self._held.setdefault(log, []).append(
            whole.with_columns((pl.col(TIME) // self.width_us * self.width_us).alias("window"))
        )

    def take(self, before_us: int | None = None) -> tuple[Table, list[tuple[int, str]]]:
        """Rows, and the start and entity of each, of windows that end by a time (None: of all); they are then forgotten."""
        import numpy as np
        import polars as pl

        counted: pl.DataFrame | None = None
        for log in sorted(self._held):
            found = _rows_of(log, self._closed(log, before_us))
            counted = found if counted is None else counted.join(found, ["window", ENTITY], "full", coalesce=True)
        if counted is None or not len(counted):
            return Table(tuple(FEATURES), (), np.zeros((0, len(FEATURES))), np.zeros((0, 0), dtype=str)), []
        absent = [pl.lit(0.0).alias(name) for name in FEATURES if name not in counted.columns]
        rows = counted.with_columns(absent).fill_null(0).sort("window", ENTITY)
        numbers = rows.select(list(FEATURES)).cast(pl.Float64).to_numpy()
        places = list(zip(rows["window"].to_list(), rows[ENTITY].to_list(), strict=True))
        return Table(tuple(FEATURES), (), numbers, np.zeros((len(rows), 0), dtype=str)), places

    def _closed(self, log: str, before_us: int | None) -> pl.DataFrame:
        import polars as pl

        events = pl.concat(self._held.pop(log), how="diagonal_relaxed")
        if before_us is None:
            return events
        closed = pl.col("window") + self.width_us <= before_us
        if len(still_open := events.filter(~closed)):
            self._held[log] = [still_open]
        return events.filter(closed)


def _rows_of(log: str, events: pl.DataFrame) -> pl.DataFrame:
    wanted = {
        name: (column, how)
        for name, (kind, column, how) in FEATURES.items()
        if kind == log and column in events.columns
    }
    return events.group_by("window", ENTITY).agg(
        [aggregate(column, how).alias(name) for name, (column, how) in wanted.items()]
    )


def aggregate(column: str, how: str) -> pl.Expr:
    """One feature of a group of events."""
    import polars as pl

    value = pl.col(column)
    match how:
        case "rows":
            return value.len()
        case "different":
            return value.drop_nulls().n_unique()
        case "longest":
            return value.cast(pl.String).str.len_chars().max()
        case "unanswered":
            return value.is_in(_UNANSWERED).sum()
        case "missing":
            return (value == "NXDOMAIN").sum()
        case "false":
            return value.not_().sum()
        case _:
            return value.sum()
