"""NDJSON through DuckDB: a mapping's columns declared, nested fields flattened in SQL, one query a file or piece.

What a source looks like (one key with full stops, or a way through objects; numbers or ISO text for the time) is settled
on the first events of the file. A line of another shape makes the query fail; the caller then reads that part in Python.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.telemetry import paths
from commonwatch.capabilities.detection.telemetry.batch import Column
from commonwatch.capabilities.detection.telemetry.cells import MICROSECONDS, MILLISECONDS
from commonwatch.capabilities.detection.telemetry.chunks import LONGEST
from commonwatch.capabilities.detection.telemetry.wanted import Wanted

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

TYPES = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "texts": "VARCHAR[]"}
LARGEST_OBJECT = LONGEST  # bytes that DuckDB promises to read; it takes what fits its buffer of 32 MB


class Unreadable(Exception):
    """A line of another shape, or not JSON: the part that holds it is to be read in Python."""


@dataclass
class _Tree:
    """Keys to declare: a leaf has a DuckDB type, everything else has keys below it."""

    below: dict[str, _Tree] = field(default_factory=dict)
    leaf: str = ""

    def add(self, way: Sequence[str], leaf: str) -> None:
        step = self
        for name in way:
            step = step.below.setdefault(name, _Tree())
        step.leaf = leaf

    def type(self) -> str:
        if not self.below:
            return self.leaf
        inner = ", ".join(f"{_name(key.removesuffix('[]'))} {below.type_of(key)}" for key, below in self.below.items())
        return f"STRUCT({inner})"

    def type_of(self, key: str) -> str:
        return self.type() + ("[]" if key.endswith("[]") else "")

    def sound(self) -> bool:
        """Whether no key is both a value and an object, nor both a list and not."""
        plain = [key.removesuffix("[]") for key in self.below]
        return (
            not (self.leaf and self.below)
            and len(set(plain)) == len(plain)
            and all(b.sound() for b in self.below.values())
        )


@dataclass(frozen=True)
class Plan:
    """The declared columns and the expressions over them; None of it where SQL cannot say it (`plan` is then None).

    `places` says for the time and each column that is read which expression gives it: two may read the same.
    """

    declared: str
    selected: tuple[str, ...]
    places: tuple[int, ...]

    def query(self, path: str) -> str:
        selected = ", ".join(f"{each} AS c{place}" for place, each in enumerate(self.selected))
        return (
            f"SELECT {selected} FROM read_json({_text(path)}, format = 'newline_delimited', columns = {{{self.declared}}}, "
            f"maximum_object_size = {LARGEST_OBJECT}, hive_partitioning = false)"
        )


def plan(want: Wanted, sample: Sequence[dict[str, Any]]) -> Plan | None:
    """How DuckDB reads events that look like the sample, or None: then they are read in Python."""
    if want.open or not sample:
        return None
    tree = _Tree()
    selected = [_time(want, sample, tree)]
    for column in want.read:
        read = [_cell(column, way, sample, tree) for way in _ways(column.source, sample)]
        selected.append(_first(read))
    if not tree.sound() or len({key.lower() for key in tree.below}) < len(tree.below):
        return None
    if not tree.below:
        tree.add(["ts"], "VARCHAR")
    declared = ", ".join(
        f"{_text(key.removesuffix('[]'))}: {_text(below.type_of(key))}" for key, below in tree.below.items()
    )
    once = tuple(dict.fromkeys(selected))
    return Plan(declared, once, tuple(map(once.index, selected)))


_idle: dict[
    int | None, list[duckdb.DuckDBPyConnection]
] = {}  # by threads: making one costs as much as parsing ten megabytes


@contextlib.contextmanager
def connection(threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection for one reader at a time, kept for the next."""
    idle = _idle.setdefault(threads, [])
    one = idle.pop() if idle else _connected(threads)
    try:
        yield one
    except BaseException:
        one.close()
        raise
    idle.append(one)


def answered(through: duckdb.DuckDBPyConnection, query: str, rows: int) -> Iterator[pa.RecordBatch]:
    """The answer of a query as record batches, in the order of the lines. Raises Unreadable at the first line it cannot read."""
    import duckdb
    import pyarrow as pa

    try:
        yield from through.sql(query).to_arrow_reader(rows)
    except (duckdb.Error, pa.ArrowException, OSError) as error:  # Arrow's own when the line is not among the first
        raise Unreadable(str(error)) from error


def _connected(threads: int | None = None) -> duckdb.DuckDBPyConnection:
    """A database in memory that prints nothing, fetches nothing and keeps the order of lines."""
    import duckdb

    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "preserve_insertion_order": "true",
        "memory_limit": "2GB",
    }
    if threads is not None:
        settings["threads"] = str(threads)
    made = duckdb.connect(":memory:", config=settings)
    # What was read under a path is not kept: the same path holds one piece of a stream after the other.
    made.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'; SET enable_external_file_cache = false")
    return made


def _ways(source: str, sample: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """The ways on which a source is met: as one key, through objects, or both; not met, as the events' other keys are."""
    way = paths.steps(source)
    if len(way) == 1:
        return [way]
    found: list[tuple[str, ...]] = []
    if any(source in event for event in sample):
        found.append((source,))
    if any(isinstance(event.get(way[0].removesuffix("[]")), dict | list) for event in sample):
        found.append(way)
    if found:
        return found
    return [(source,)] if any("." in key for event in sample for key in event) else [way]


def _cell(column: Column, way: tuple[str, ...], sample: Sequence[dict[str, Any]], tree: _Tree) -> str:
    kind = TYPES.get(column.type, "VARCHAR")
    listed = sum(step.endswith("[]") for step in way[:-1])
    if column.type == "texts" and (listed or _scalar(column.source, sample)):
        kind = "VARCHAR" if listed else "JSON"
    tree.add(way, kind)
    value = _walk(way)
    if column.type == "text":
        return f"nullif({value}, '')"
    if column.type == "time":
        return _iso(value)
    if column.type == "texts":
        if kind == "JSON":
            value = f"coalesce(try_cast({value} AS VARCHAR[]), [{value} ->> '$'])"
        kept = f"list_filter({value}, lambda entry: entry <> '')"
        return f"CASE WHEN len({kept}) > 0 THEN {kept} END" if listed or kind == "JSON" else _some(value)
    return value


def _some(value: str) -> str:
    """A list without empty and absent texts; an empty one is no value. Most have none, and are not made anew."""
    kept = f"nullif(list_filter({value}, lambda entry: entry <> ''), [])"
    odd = f"list_contains({value}, '') OR list_count({value}) < len({value})"
    return f"CASE WHEN len({value}) = 0 THEN NULL WHEN {odd} THEN {kept} ELSE {value} END"


def _scalar(source: str, sample: Sequence[dict[str, Any]]) -> bool:
    return any(not isinstance(value, list | None) for event in sample for value in [paths.at(event, source)])


def _walk(way: tuple[str, ...]) -> str:
    """`dns.answers[].rdata` as an expression; one list on the way becomes a list of what lies below."""
    value = ""
    for position, step in enumerate(way):
        name = _name(step.removesuffix("[]"))
        value = f"{value}.{name}" if value else name
        if step.endswith("[]") and position + 1 < len(way):
            return f"list_transform({value}, lambda entry: entry.{_walk(way[position + 1 :])})"
    return value


def _time(want: Wanted, sample: Sequence[dict[str, Any]], tree: _Tree) -> str:
    read = []
    for source in want.mapping.time:
        values = [value for event in sample if (value := paths.at(event, source)) is not None]
        if not values and len(want.mapping.time) > 1:
            continue
        numbers = bool(values) and all(isinstance(value, int | float) for value in values)
        for way in _ways(source, sample):
            tree.add(way, "DOUBLE" if numbers else "VARCHAR")
            read.append(_epoch(_walk(way)) if numbers else _iso(_walk(way)))
    return _first(read) if read else "NULL::BIGINT"


def _first(values: Sequence[str]) -> str:
    """The first of some expressions that has a value."""
    return values[0] if len(values) == 1 else f"coalesce({', '.join(values)})"


def _epoch(value: str) -> str:
    unit = f"CASE WHEN abs({value}) >= {MICROSECONDS} THEN 1 WHEN abs({value}) >= {MILLISECONDS} THEN 1e3 ELSE 1e6 END"
    return f"floor({value} * {unit} + 0.5)::BIGINT"


def _iso(value: str) -> str:
    return f"epoch_us(CAST(nullif({value}, '') AS TIMESTAMPTZ))"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
