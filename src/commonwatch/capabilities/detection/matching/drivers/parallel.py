"""Hunts with every matcher there is, by the processes of this machine: plain values, STIX patterns, Sigma and YARA at once.

1. Each process compiles the same rules and maps the same index; it reads shares of files, matches them, and gives back nothing but
   the events that were hit (`Part`). A packed or small file is one share. Memory is a few batches a process.
2. What a pattern over several events needs of an event (`Step`) is written to a folder by the process that met it, with the
   event. `steps` then takes them in the order of time over all files: the same hits whatever the number of processes.
3. A process looks before every batch whether it is to stop. Ctrl-C is left to the process that asked.
4. A file that cannot be read, and a fault in a line, cost nothing else.
5. Files are read once. A matcher that takes codes (`Coded`) is given the batch as the reader found it; for the others, and for events
   that were hit, it is completed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from collections.abc import Mapping as AbstractMapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

from commonwatch.capabilities.detection.matching.compiling import Rule, compiled
from commonwatch.capabilities.detection.matching.drivers.shares import BYTES, Share, is_worth_cutting, shares
from commonwatch.capabilities.detection.matching.matcher import Coded, Matcher, Parting, Step, columns_asked
from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.capabilities.detection.telemetry.recognising import Unrecognised, recognise
from commonwatch.capabilities.detection.telemetry.wanted import completed
from commonwatch.capabilities.detection.telemetry.whole import some, times, whole
from commonwatch.core.errors import CommonwatchError, InvalidInput, NodeUnable

if TYPE_CHECKING:
    import pyarrow as pa

    from commonwatch.capabilities.detection.matching.memory import Rows

VALUES = "values"  # the family of plain values, which the index matches
_ROWS = 1 << 18  # events of a batch: starting column engines then costs little beside their work
_AHEAD = 2  # shares a process that are under way or waiting to be taken: bounds what is held

# Functions of a module, or methods of values: they travel to other processes.
Keep: TypeAlias = "Callable[[pa.Array], pa.Array]"  # of the times of events, the rows that are looked at
Needed: TypeAlias = Callable[[Mapping], Collection[str]]
_ZIP = b"PK\x03\x04"


class Flag(Protocol):
    """Says that it is time to stop."""

    def is_set(self) -> bool:
        """Whether it is."""


@dataclass(frozen=True)
class Work:
    """What to match with, as it travels to other processes."""

    index: Path
    rules: AbstractMapping[str, AbstractMapping[int, Rule]]
    generation: int

    def matchers(self) -> dict[str, Matcher]:
        """By family, for one process."""
        from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
        from commonwatch.capabilities.detection.matching.kernel import IndexMatcher

        found: dict[str, Matcher] = {VALUES: IndexMatcher(IndicatorIndex.open(self.index))}
        for family, rules in self.rules.items():
            found[family] = compiled(family, rules, self.generation).matcher
        return found


@dataclass(frozen=True)
class Reading:
    """How files are read: all by one mapping, or each as it is recognised among `known`; which events are looked at (None: all);
    and which columns are needed whatever the matchers ask."""

    mapping: Mapping | None
    known: tuple[Mapping, ...]
    keep: Keep | None
    needed: Needed


@dataclass(frozen=True)
class Part:
    """What one batch of a share gave, or, where `ended`, all that is left to say of the share. Rows of `hits` count in `events`."""

    share: Share
    place: str = ""
    mapping: Mapping | None = None
    events: pa.RecordBatch | None = None
    hits: pa.RecordBatch | None = None
    steps: Path | None = None
    begin_us: int = 0  # of the first step
    offset: int = 0  # by which the records of the steps' events count too low
    read: int = 0  # events
    ended: bool = False
    records: int = 0
    faults: Faults = field(default_factory=Faults)
    error: str = ""


class Reader:
    """Reads and matches shares, in whichever process it is made."""

    def __init__(
        self, matchers: AbstractMapping[str, Matcher], reading: Reading, folder: Path, stop: Flag, threads: int | None
    ) -> None:
        self.matchers, self.reading, self.folder, self.stop, self.threads = matchers, reading, folder, stop, threads
        self._codes = any(isinstance(one, Coded) for one in matchers.values())
        self._numbers = count()
        self._asked: dict[str, frozenset[str] | None] = {}

    def parts(self, share: Share) -> Iterator[Part]:
        """Batch by batch what was hit, and in the end what was read."""
        faults, error, events = Faults(), "", 0
        try:
            mapping = share.mapping or self.reading.mapping or self._recognised(share.path)
            for batch in read(
                share.path,
                mapping,
                rows=_ROWS,
                columns=None if mapping is None else self._columns(mapping),
                span=share.span,
                faults=faults,
                known=self.reading.known,
                threads=self.threads,
                views=True,
                codes=self._codes,
            ):
                if self.stop.is_set():
                    return
                events += batch.events.num_rows
                kept = self._kept(batch)
                if kept.events.num_rows and (part := self._matched(share, kept, events)) is not None:
                    yield part
                    events = 0
        except CommonwatchError as failure:
            error = str(failure)
        except OSError as failure:
            error = f"{share.path}: {failure.strerror or failure}."
        before = share.span.start if share.span and not share.counted else 0
        yield Part(share, read=events, ended=True, records=faults.records - before, faults=faults, error=error)

    def _recognised(self, path: Path) -> Mapping | None:
        """None where the reader has to look: members of a zip have mappings of their own."""
        with path.open("rb") as file:
            if file.read(len(_ZIP)) == _ZIP:
                return None
        found = recognise(path, self.reading.known)
        return None if isinstance(found, Unrecognised) else found

    def _columns(self, mapping: Mapping) -> Collection[str] | None:
        """What is needed of a mapping; None for everything."""
        if mapping.name not in self._asked:
            asked = columns_asked(self.matchers.values(), mapping)
            self._asked[mapping.name] = None if asked is None else asked.union(self.reading.needed(mapping))
        return self._asked[mapping.name]

    def _kept(self, batch: Batch) -> Batch:
        """The events that are looked at. Most batches of a log are wholly within a period or outside of it."""
        if self.reading.keep is None:
            return batch
        rows = self.reading.keep(times(batch))
        return batch if len(rows) == batch.events.num_rows else some(batch, rows)

    def _matched(self, share: Share, batch: Batch, events: int) -> Part | None:
        import pyarrow as pa

        found: list[pa.RecordBatch] = []
        steps: dict[str, list[Step]] = {}
        plain: Batch | None = None
        for family, matcher in self.matchers.items():
            if isinstance(matcher, Coded):
                found.append(matcher.match(batch))
                continue
            plain = plain or whole(batch)
            if isinstance(matcher, Parting):
                hits, steps[family] = matcher.parted(plain)
            else:
                hits = matcher.match(plain)
            found.append(hits)
        hits = pa.Table.from_batches(found).combine_chunks()
        met = {family: those for family, those in steps.items() if those}
        if not hits.num_rows and not met:
            return None
        part = Part(share, batch.place, batch.mapping, read=events)
        if hits.num_rows:
            rows, placed = _only(batch, hits["row"].to_numpy())
            columns = [pa.array(placed, pa.int32()), *(hits[name].combine_chunks() for name in ("entry", "column"))]
            part = replace(part, events=rows, hits=pa.RecordBatch.from_arrays(columns, hits.schema.names))
        if met:
            path, begin_us = self._written(batch, met)
            part = replace(part, steps=path, begin_us=begin_us)
        return part

    def _written(self, batch: Batch, met: AbstractMapping[str, list[Step]]) -> tuple[Path, int]:
        from commonwatch.capabilities.detection.matching.drivers.steps import write

        path = self.folder / f"{os.getpid()}-{next(self._numbers)}"
        rows, placed = _only(batch, [step.row for those in met.values() for step in those])
        row = iter(placed.tolist())
        renumbered = {family: [step._replace(row=next(row)) for step in those] for family, those in met.items()}
        return path, write(path, rows, renumbered)


class Crew:
    """The processes of one hunt; with a single one, the work is done in this process."""

    def __init__(
        self, work: Work, matchers: AbstractMapping[str, Matcher], reading: Reading, folder: Path, processes: int
    ) -> None:
        """`matchers`: this process's own, for a hunt without others. `folder` is for what must wait."""
        self._work, self._reading, self._folder, self._processes = work, reading, folder, processes
        self._stop = get_context("spawn").Event()
        self._here = Reader(matchers, reading, folder, self._stop, None)
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        if self._processes > 1:
            with _one_thread_each():
                self._pool = ProcessPoolExecutor(
                    self._processes,
                    get_context("spawn"),
                    initializer=_start,
                    initargs=(self._work, self._reading, self._folder, self._stop),
                )
                for _ in range(self._processes):  # started now, while the environment says one thread
                    self._pool.submit(_ready)
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever is under way is asked to stop, and waited for."""
        self._stop.set()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def parts(self, files: Iterable[Path], size: int = BYTES) -> Iterator[Part]:
        """What the files hold, in the order of files and records."""
        todo = self._shares(files, size)
        before: dict[int, int] = {}
        for part in self._done(todo):
            number, offset = part.share.number, before.get(part.share.number, 0)
            if part.ended and part.share.counted:
                before[number] = offset + part.records
            if part.share.counted and offset:
                shifted = None if part.events is None else moved(part.events, offset)
                part = replace(part, events=shifted, offset=offset)
            yield part

    def _shares(self, files: Iterable[Path], size: int) -> Iterator[Share | Part]:
        for number, path in enumerate(files):
            file = Share(path, number)
            try:
                if not is_worth_cutting(path, size):
                    yield file
                    continue
                mapping = self._reading.mapping or recognise(path, self._reading.known)
                if isinstance(mapping, Unrecognised):  # a zip of logs is told member by member
                    yield file
                    continue
                yield from shares(path, number, mapping, size)
            except CommonwatchError as error:
                yield Part(file, ended=True, error=str(error))
            except OSError as error:
                yield Part(file, ended=True, error=f"{path}: {error.strerror or error}.")

    def _done(self, todo: Iterator[Share | Part]) -> Iterator[Part]:
        if self._pool is None:
            for one in todo:
                yield from (one,) if isinstance(one, Part) else self._here.parts(one)
            return
        under_way: list[Part | Future[list[Part]]] = []
        while True:
            for one in islice(todo, self._processes * _AHEAD - len(under_way)):
                under_way.append(one if isinstance(one, Part) else self._pool.submit(_run, one))
            if not under_way:
                return
            first = under_way.pop(0)
            if isinstance(first, Part):
                yield first
                continue
            try:
                yield from first.result()
            except BrokenProcessPool:
                raise NodeUnable(
                    "hunt-process-lost",
                    "A process of the hunt ended by itself; there may be too little memory.",
                    "Hunt again with --processes 1: what was found is on record.",
                ) from None


_reader: Reader | None = None  # of this process


def _start(work: Work, reading: Reading, folder: Path, stop: Flag) -> None:
    global _reader
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # rule 3
    _reader = Reader(work.matchers(), reading, folder, stop, 1)


def _ready() -> None:
    """Waits until a process has started."""


def _run(share: Share) -> list[Part]:
    if _reader is None:
        raise InvalidInput("hunt-process-unready", "The process has not been started as one of a hunt.", "Start it so.")
    return list(_reader.parts(share))


def _only(batch: Batch, rows: Sequence[int] | Rows) -> tuple[pa.RecordBatch, Rows]:
    """These rows of a batch, each once, in order and whole; and where each of `rows` has come to lie among them."""
    import numpy as np
    import pyarrow as pa

    chosen, placed = np.unique(np.asarray(rows, np.int64), return_inverse=True)
    events = some(batch, pa.array(chosen)).events
    return events if batch.unfinished is None else completed(events, batch.unfinished), placed


def moved(events: pa.RecordBatch, offset: int) -> pa.RecordBatch:
    """Events with later records."""
    import pyarrow.compute as pc

    column = events.schema.get_field_index("record")
    return events.set_column(column, "record", pc.add(events.column(column), offset))


@contextmanager
def _one_thread_each() -> Iterator[None]:
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
