"""Hunts with every matcher there is, by the processes of this machine: plain values, STIX patterns, Sigma and YARA at once.

1. Each process compiles the same rules and maps the same index; it reads shares of files, matches them, and gives back nothing but
   the events that were hit (`Part`). A packed or small file is one share.
2. What a pattern over several events needs of an event (`Step`) is written to a folder by the process that met it, with the
   event. `steps` then takes them in the order of time over all files: the same hits whatever the number of processes.
3. A process looks before every batch whether it is to stop. Ctrl-C is left to the process that asked.
4. A file that cannot be read, and a fault in a line, cost nothing else.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Collection, Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

from commonwatch.capabilities.detection.matching.compiling import Rule, compiled
from commonwatch.capabilities.detection.matching.drivers.files import Selective, one_thread_each
from commonwatch.capabilities.detection.matching.drivers.shares import BYTES, Share, shares
from commonwatch.capabilities.detection.matching.matcher import Matcher, Parting, Step
from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.reading import Span, read
from commonwatch.capabilities.detection.telemetry.recognising import Unrecognised, recognise
from commonwatch.core.errors import CommonwatchError, InvalidInput, NodeUnable

if TYPE_CHECKING:
    import pyarrow as pa

VALUES = "values"  # the family of plain values, which the index matches
_AHEAD = 2  # shares a process that are under way or waiting to be taken: bounds what is held

Keep: TypeAlias = Callable[
    [Batch], Batch
]  # functions of a module, or methods of values: they travel to other processes
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


@dataclass(frozen=True)
class Reading:
    """How files are read: all by one mapping, or each as it is recognised among `known`; which events are looked at; and which
    columns are needed whatever the matchers ask."""

    mapping: Mapping | None
    known: tuple[Mapping, ...]
    keep: Keep
    needed: Needed


@dataclass(frozen=True)
class Piece:
    """A share of a file: `number` counts files. Without a mapping it is recognised by whoever reads it."""

    path: Path
    number: int
    mapping: Mapping | None = None
    span: Span | None = None
    counted: bool = False  # its records count from its first line, not the file's


@dataclass(frozen=True)
class Part:
    """What one batch of a piece gave, or, where `ended`, all that is left to say of the piece. Rows of `hits` count in `events`."""

    piece: Piece
    place: str = ""
    mapping: Mapping | None = None
    events: pa.RecordBatch | None = None
    hits: pa.RecordBatch | None = None
    steps: Path | None = None
    begin_us: int = 0  # of the first step
    offset: int = 0  # by which the records of the steps' events count too low
    read: int = 0  # events
    generation: int = 0
    ended: bool = False
    records: int = 0
    faults: Faults = field(default_factory=Faults)
    error: str = ""


class Reader:
    """Reads and matches pieces, in whichever process it is made."""

    def __init__(
        self, matchers: AbstractMapping[str, Matcher], reading: Reading, folder: Path, stop: Flag, threads: int | None
    ) -> None:
        self.matchers, self.reading, self.folder, self.stop, self.threads = matchers, reading, folder, stop, threads
        self._numbers = count()
        self._asked: dict[str, set[str] | None] = {}

    def parts(self, piece: Piece) -> Iterator[Part]:
        """Batch by batch what was hit, and in the end what was read."""
        faults, error, events = Faults(), "", 0
        try:
            mapping = piece.mapping or self.reading.mapping or self._recognised(piece.path)
            for batch in read(
                piece.path,
                mapping,
                columns=None if mapping is None else self._columns(mapping),
                span=piece.span,
                faults=faults,
                known=self.reading.known,
                threads=self.threads,
            ):
                if self.stop.is_set():
                    return
                events += batch.events.num_rows
                kept = self.reading.keep(batch)
                if kept.events.num_rows and (part := self._matched(piece, kept, events)) is not None:
                    yield part
                    events = 0
        except CommonwatchError as failure:
            error = str(failure)
        except OSError as failure:
            error = f"{piece.path}: {failure.strerror or failure}."
        before = piece.span.start if piece.span and not piece.counted else 0
        yield Part(piece, read=events, ended=True, records=faults.records - before, faults=faults, error=error)

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
            asked = [one.columns(mapping) if isinstance(one, Selective) else None for one in self.matchers.values()]
            known = [set(one) for one in asked if one is not None]
            whole = None if len(known) < len(asked) else set(self.reading.needed(mapping)).union(*known)
            self._asked[mapping.name] = whole
        return self._asked[mapping.name]

    def _matched(self, piece: Piece, batch: Batch, events: int) -> Part | None:
        import pyarrow as pa

        found: list[pa.RecordBatch] = []
        steps: dict[str, list[Step]] = {}
        for family, matcher in self.matchers.items():
            if isinstance(matcher, Parting):
                hits, steps[family] = matcher.parted(batch)
            else:
                hits = matcher.match(batch)
            found.append(hits)
        hits = pa.Table.from_batches(found).combine_chunks()
        met = {family: those for family, those in steps.items() if those}
        if not hits.num_rows and not met:
            return None
        generation = max(matcher.generation for matcher in self.matchers.values())
        part = Part(piece, batch.place, batch.mapping, read=events, generation=generation)
        if hits.num_rows:
            rows, numbered = _only(batch, hits["row"].to_pylist())
            placed = pa.array([numbered[row] for row in hits["row"].to_pylist()], pa.int32())
            renumbered = pa.RecordBatch.from_arrays(
                [placed, *(hits[name].combine_chunks() for name in ("entry", "column"))], hits.schema.names
            )
            part = replace(part, events=rows, hits=renumbered)
        if met:
            path, begin_us = self._written(batch, met)
            part = replace(part, steps=path, begin_us=begin_us)
        return part

    def _written(self, batch: Batch, met: AbstractMapping[str, list[Step]]) -> tuple[Path, int]:
        from commonwatch.capabilities.detection.matching.drivers.steps import write

        path = self.folder / f"{os.getpid()}-{next(self._numbers)}"
        rows, numbered = _only(batch, [step.row for those in met.values() for step in those])
        placed = {family: [step._replace(row=numbered[step.row]) for step in those] for family, those in met.items()}
        return path, write(path, rows, placed)


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
            with one_thread_each():
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
        todo = self._pieces(files, size)
        before: dict[int, int] = {}
        for part in self._done(todo):
            number, offset = part.piece.number, before.get(part.piece.number, 0)
            if part.ended and part.piece.counted:
                before[number] = offset + part.records
            if part.piece.counted and offset:
                shifted = None if part.events is None else moved(part.events, offset)
                part = replace(part, events=shifted, offset=offset)
            yield part

    def _pieces(self, files: Iterable[Path], size: int) -> Iterator[Piece | Part]:
        for number, path in enumerate(files):
            piece = Piece(path, number)
            try:
                if path.stat().st_size <= size:
                    yield piece
                    continue
                mapping = self._reading.mapping or recognise(path, self._reading.known)
                if isinstance(mapping, Unrecognised):  # a zip of logs is told member by member
                    yield piece
                    continue
                yield from (_piece(share, number) for share in shares([(path, mapping)], size))
            except CommonwatchError as error:
                yield Part(piece, ended=True, error=str(error))
            except OSError as error:
                yield Part(piece, ended=True, error=f"{path}: {error.strerror or error}.")

    def _done(self, todo: Iterator[Piece | Part]) -> Iterator[Part]:
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
    _reader = Reader(_matchers(work), reading, folder, stop, 1)


def _matchers(work: Work) -> dict[str, Matcher]:
    from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
    from commonwatch.capabilities.detection.matching.kernel import IndexMatcher

    found: dict[str, Matcher] = {VALUES: IndexMatcher(IndicatorIndex.open(work.index))}
    for family, rules in work.rules.items():
        found[family] = compiled(family, rules, work.generation).matcher
    return found


def _ready() -> None:
    """Waits until a process has started."""


def _run(piece: Piece) -> list[Part]:
    if _reader is None:
        raise InvalidInput("hunt-process-unready", "The process has not been started as one of a hunt.", "Start it so.")
    return list(_reader.parts(piece))


def _piece(share: Share, number: int) -> Piece:
    return Piece(share.path, number, share.mapping, share.span, share.counted)


def _only(batch: Batch, rows: Collection[int]) -> tuple[pa.RecordBatch, dict[int, int]]:
    """These rows of a batch, each once and in order, and their new numbers."""
    import pyarrow as pa

    chosen = sorted(set(rows))
    return batch.events.take(pa.array(chosen, pa.int64())), {row: place for place, row in enumerate(chosen)}


def moved(events: pa.RecordBatch, offset: int) -> pa.RecordBatch:
    """Events with later records."""
    import pyarrow.compute as pc

    column = events.schema.get_field_index("record")
    return events.set_column(column, "record", pc.add(events.column(column), offset))
