"""Hunts in files by the processes of this machine: the files' shares are read and matched apart, the hits come in order.

1. What comes back is each share's events that were hit, with the hits; nothing else leaves the process that read it. Memory
   is a few batches a process, however large the files.
2. Each process makes its own matcher by the factory. An index is mapped by all of them, so it is in memory once.
3. A matcher that is `Selective` says which columns it reads; the others are then not parsed.
4. A file that cannot be read, and a fault in a line, cost nothing else: they come back in `Found.faults` and `Found.error`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from commonwatch.capabilities.detection.matching.drivers.shares import BYTES, Share, shares
from commonwatch.capabilities.detection.matching.matcher import Matcher
from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping
from commonwatch.capabilities.detection.telemetry.codes import is_coded
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.capabilities.detection.telemetry.recognising import Unrecognised, recognise
from commonwatch.capabilities.detection.telemetry.wanted import arrays, completed
from commonwatch.core.errors import CommonwatchError

if TYPE_CHECKING:
    import pyarrow as pa

MatcherFactory = Callable[[], Matcher]  # a function of a module, or a partial of one: it travels to other processes
_ROWS = 1 << 18  # events of a batch: starting column engines then costs little beside their work
_AHEAD = 2  # shares a process that are under way or waiting to be taken: bounds what is held


@runtime_checkable
class Selective(Protocol):
    """A matcher that does not need every column."""

    def columns(self, mapping: Mapping) -> Collection[str]:
        """The columns it reads."""


@runtime_checkable
class Coded(Protocol):
    """A matcher that takes texts as codes, see `telemetry.batch`."""

    takes_codes: bool


@dataclass(frozen=True)
class Found:
    """What one share gave. `hits` are a matcher's, their rows counting in `events`, which are only those that were hit."""

    place: str
    mapping: Mapping | None
    events: pa.RecordBatch | None = None
    hits: pa.RecordBatch | None = None
    generation: int = 0
    records: int = 0  # events and faulty lines read
    faults: Faults = field(default_factory=Faults)
    error: str = ""


class Hunters:
    """Processes that stay ready between hunts: starting them costs a second or two."""

    def __init__(self, factory: MatcherFactory, processes: int) -> None:
        self._factory, self._processes = factory, processes
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self._processes > 1:
            with one_thread_each():
                self._pool = ProcessPoolExecutor(
                    self._processes, get_context("spawn"), initializer=_start, initargs=(self._factory,)
                )
                list(self._pool.map(_ready, range(self._processes * _AHEAD)))
        else:
            _start(self._factory)
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def hunt(
        self, paths: Iterable[Path], known: Collection[Mapping] | None = None, size: int = BYTES
    ) -> Iterator[Found]:
        """What the files hold, in the order of paths and records; mappings are recognised among `known`, or ours."""
        files: list[tuple[Path, Mapping]] = []
        for path in paths:
            mapping = _recognised(path, known)
            if isinstance(mapping, Found):
                yield mapping
            else:
                files.append((path, mapping))
        yield from _renumbered(self._ordered(shares(files, size)))

    def _ordered(self, todo: Iterator[Share]) -> Iterator[tuple[Share, Found]]:
        if self._pool is None:
            for share in todo:
                yield share, _hunt(share)
            return
        under_way: list[tuple[Share, Future[Found]]] = []
        while True:
            for share in islice(todo, self._processes * _AHEAD - len(under_way)):
                under_way.append((share, self._pool.submit(_hunt, share)))
            if not under_way:
                return
            share, future = under_way.pop(0)
            yield share, future.result()


def hunt_files(
    paths: Iterable[Path], factory: MatcherFactory, processes: int, known: Collection[Mapping] | None = None
) -> Iterator[Found]:
    """Hunt once, and let the processes go."""
    with Hunters(factory, processes) as hunters:
        yield from hunters.hunt(paths, known)


_matcher: Matcher | None = None  # of this process


def _start(factory: MatcherFactory) -> None:
    global _matcher
    _matcher = factory()


def _ready(_: int) -> None:
    """Waits until a process has started."""


def _hunt(share: Share) -> Found:
    """One share, read and matched in this process."""
    import pyarrow as pa

    assert _matcher is not None  # noqa: S101 - the pool's initializer has run
    columns = _matcher.columns(share.mapping) if isinstance(_matcher, Selective) else None
    faults, events, hits, before = Faults(), [], [], 0
    place, error = str(share.path), ""
    try:
        for batch in read(
            share.path,
            share.mapping,
            rows=_ROWS,
            columns=columns,
            span=share.span,
            faults=faults,
            threads=1,
            views=True,
            codes=isinstance(_matcher, Coded) and _matcher.takes_codes,
        ):
            found = _matcher.match(batch)
            if found.num_rows:
                hit, renumbered = _only_hit(batch, found, before)
                events.append(hit)
                hits.append(renumbered)
                before += hit.num_rows
    except CommonwatchError as failure:
        error = str(failure)
    return Found(
        place,
        share.mapping,
        pa.concat_batches(events) if events else None,
        pa.concat_batches(hits) if hits else None,
        _matcher.generation,
        faults.records - (share.span.start if share.span and not share.counted else 0),
        faults,
        error,
    )


def _only_hit(batch: Batch, hits: pa.RecordBatch, before: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """The events that were hit, and the hits with rows that count in them, after `before` others."""
    import numpy as np
    import pyarrow as pa

    row = hits["row"].to_numpy()
    fresh = np.append(True, row[1:] != row[:-1])  # hits come by row
    placed = pa.array(np.cumsum(fresh) - 1 + before, pa.int32())
    events = _taken(batch.events, pa.array(row[fresh]))
    if batch.unfinished is not None:
        events = completed(events, batch.unfinished)
    return events, pa.RecordBatch.from_arrays([placed, hits["entry"], hits["column"]], hits.schema.names)


def _taken(events: pa.RecordBatch, rows: pa.Array) -> pa.RecordBatch:
    """Some rows, with text as `string`: views would carry the whole batch that they point into."""
    import polars as pl
    import pyarrow as pa

    views = [name for name, kind in zip(events.schema.names, events.schema.types, strict=True) if _has_views(kind)]
    found: dict[str, pa.Array] = {}
    if views:  # which Arrow cannot take
        frame = pl.DataFrame({name: pl.Series(events[name]) for name in views}).select(pl.all().gather(pl.Series(rows)))
        found = dict(zip(views, arrays(frame, views=False), strict=True))
    for name, column in zip(events.schema.names, events.columns, strict=True):
        if name not in found:
            some = column.take(rows)
            found[name] = some.dictionary_decode() if is_coded(some) else some
    return pa.RecordBatch.from_arrays([found[name] for name in events.schema.names], names=events.schema.names)


def _has_views(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_string_view(kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind)
    )


def _renumbered(found: Iterator[tuple[Share, Found]]) -> Iterator[Found]:
    """Records that count from the file's beginning, whatever share they came in."""
    import pyarrow.compute as pc

    place, before = "", 0
    for share, one in found:
        before = before if one.place == place else 0
        place = one.place
        if share.counted and one.events is not None and before:
            column = one.events.schema.get_field_index("record")
            record = pc.add(one.events.column(column), before)
            one = replace(one, events=one.events.set_column(column, "record", record))
        before += one.records if share.counted else 0
        yield one


def _recognised(path: Path, known: Collection[Mapping] | None) -> Mapping | Found:
    try:
        mapping = recognise(path, known)
    except (CommonwatchError, OSError) as error:
        return Found(str(path), None, error=str(error))
    if isinstance(mapping, Unrecognised):
        return Found(str(path), None, error=f"{path}: {mapping.reason}. {mapping.advice}")
    return mapping


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Processes, not threads: steps in between hold the interpreter. Polars reads this when it is imported."""
    name = "POLARS_MAX_THREADS"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
