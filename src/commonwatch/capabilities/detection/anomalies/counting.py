"""What each entity did in each window of one log, counted as events come, in bounded memory.

1. The same features as `windows`, of one log alone: a row says what the entity did there, and only where it did something.
2. A window is closed once an event comes that lies `LATENESS_US` beyond its end; what belongs to a closed window is left out
   and counted in `late`. Events ahead of the clock are left out too: one of them could close everything.
3. Which events a row counts depends on their order alone, not on how they were cut into batches.
4. Of different values the `DIFFERENT` smallest hashes are kept: exact up to that many, beyond it an estimate (some 6 %).
   Where the open windows take more than `MOST_BYTES`, the oldest is closed early.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from commonwatch.capabilities.detection.anomalies.windows import ENTITY, FEATURES, WINDOW_US, aggregate
from commonwatch.capabilities.detection.telemetry.batch import TIME

if TYPE_CHECKING:
    import polars as pl

LATENESS_US = 2 * WINDOW_US  # logs of connections are written at their end
DIFFERENT = 256
MOST_BYTES = 32 << 20
_COMPACT_FROM = 8  # pieces that are held before they are made one
_HASHES = float(1 << 64)


class Row(NamedTuple):
    """What an entity did in a window."""

    at_us: int
    entity: str
    values: dict[str, float]


class Counting:
    """The open windows of one log."""

    def __init__(self, log: str) -> None:
        self.features = {name: (column, how) for name, (kind, column, how) in FEATURES.items() if kind == log}
        self.newest = 0
        self.late = 0
        self._pieces: list[pl.DataFrame] = []

    def add(self, events: pl.DataFrame, now_us: int) -> None:
        """Count events, in the order in which they came."""
        import polars as pl

        if not self.features or not len(events):
            return
        window = (pl.col(TIME) // WINDOW_US * WINDOW_US).alias("window")
        known = events.filter(pl.col(TIME) <= now_us + WINDOW_US).with_columns(window)
        reached = pl.col(TIME).cum_max().clip(lower_bound=self.newest)
        fresh = known.filter(pl.col("window") + WINDOW_US + LATENESS_US > reached)
        self.late += len(known) - len(fresh)
        if len(known):
            self.newest = max(self.newest, known[TIME].max())  # type: ignore[type-var,assignment]  # integers
        there = {name: value for name, value in self.features.items() if value[0] in events.columns}
        if len(fresh):
            self._pieces.append(
                fresh.group_by("window", ENTITY).agg(_counted(*value).alias(name) for name, value in there.items())
            )
        if len(self._pieces) >= _COMPACT_FROM:
            self._compact()

    def closed(self) -> Iterator[Row]:
        """The windows that are over, by time and entity; they are then forgotten."""
        import polars as pl

        self._compact()
        if not self._pieces:
            return
        before = self.newest - LATENESS_US - WINDOW_US
        held = self._pieces[0]
        while held.filter(pl.col("window") > before).estimated_size() > MOST_BYTES:
            before = held.filter(pl.col("window") > before)["window"].min()  # type: ignore[assignment]  # an integer
        self._pieces = [held.filter(pl.col("window") > before)]
        for values in held.filter(pl.col("window") <= before).sort("window", ENTITY).iter_rows(named=True):
            yield Row(values["window"], values[ENTITY], {name: self._value(name, values) for name in self.features})

    def open(self) -> dict[str, list[object]]:
        """The open windows, as plain columns."""
        self._compact()
        return self._pieces[0].to_dict(as_series=False) if self._pieces else {}

    def restore(self, newest: int, columns: dict[str, list[object]]) -> None:
        """Go on with what `open` gave; raises ValueError where it does not fit."""
        import polars as pl

        self.newest = newest
        if not columns:
            return
        kinds: dict[str, pl.DataType] = {"window": pl.Int64(), ENTITY: pl.String()}
        for name, (_, how) in self.features.items():
            kinds[name] = pl.List(pl.UInt64()) if how == "different" else pl.Float64()
        try:
            self._pieces = [pl.DataFrame(columns, {name: kinds[name] for name in columns})]
            self._pieces[0].select("window", ENTITY)
        except (pl.exceptions.PolarsError, KeyError, TypeError, OverflowError) as error:
            raise ValueError(f"The open windows do not fit: {error}") from error

    def _compact(self) -> None:
        import polars as pl

        if len(self._pieces) < 2:
            return
        whole = pl.concat(self._pieces, how="diagonal_relaxed")
        there = [(name, how) for name, (_, how) in self.features.items() if name in whole.columns]
        self._pieces = [whole.group_by("window", ENTITY).agg(_joined(name, how) for name, how in there)]

    def _value(self, name: str, values: dict[str, object]) -> float:
        found = values.get(name)
        if isinstance(found, list):
            if len(found) < DIFFERENT:
                return float(len(found))
            return (DIFFERENT - 1) * _HASHES / (float(max(found)) + 1)
        return float(found) if isinstance(found, int | float) else 0.0


def _counted(column: str, how: str) -> pl.Expr:
    import polars as pl

    if how == "different":
        return pl.col(column).drop_nulls().cast(pl.String).unique().hash(1).bottom_k(DIFFERENT)
    return aggregate(column, how).cast(pl.Float64)


def _joined(name: str, how: str) -> pl.Expr:
    import polars as pl

    value = pl.col(name)
    if how == "different":
        return value.explode().drop_nulls().unique().bottom_k(DIFFERENT)
    return value.max() if how == "longest" else value.sum()
