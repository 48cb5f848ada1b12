"""Steps of patterns over several events, from the folder where processes left them, taken in the order of time over all files.

Each batch that had any left two files: its events, and its steps. They are opened when their time comes and let go when it is over,
so that memory is what overlaps in time, however much telemetry there is. Equal times go by file and record.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.matching.matcher import Follow, Parting, Step
from commonwatch.capabilities.detection.telemetry.batch import RECORD, TIME, Batch

if TYPE_CHECKING:
    import pyarrow as pa

    from commonwatch.capabilities.detection.matching.drivers.parallel import Part

_Order = tuple[int, int, int, str, int]  # time, file, record, family, node


@dataclass(frozen=True)
class Completed:
    """Rows of a batch that completed patterns: the file, the batch, and (row, entry) for each."""

    path: Path
    batch: Batch
    hits: Sequence[tuple[int, int]]


def write(path: Path, events: pa.RecordBatch, steps: Mapping[str, Sequence[Step]]) -> int:
    """Leave the steps of a batch, whose rows count in `events`; the time of the first."""
    import pyarrow as pa

    flat = [(family, step) for family, those in steps.items() for step in those]
    table = pa.table(
        {
            "family": pa.array([family for family, _ in flat]).dictionary_encode(),
            "row": pa.array([step.row for _, step in flat], pa.int32()),
            "node": pa.array([step.node for _, step in flat], pa.int64()),
            "brackets": pa.array([list(step.brackets) for _, step in flat], pa.list_(pa.int32())),
        }
    )
    for suffix, content in ((".events", pa.Table.from_batches([events])), (".steps", table)):
        with pa.OSFile(str(path.with_suffix(suffix)), "wb") as sink, pa.ipc.new_file(sink, content.schema) as writer:
            writer.write_table(content)
    times = events.column(TIME).drop_null()
    return min(times.to_pylist(), default=0)


def completed(parts: Sequence[Part], matchers: Mapping[str, Parting]) -> Iterator[Completed]:
    """Take every step in order; batch by batch what it completed, when the batch is over."""
    waiting = sorted(range(len(parts)), key=lambda number: parts[number].begin_us, reverse=True)
    open_ones: dict[int, _Open] = {}
    heap: list[tuple[_Order, int]] = []
    while waiting or heap:
        while waiting and (not heap or parts[waiting[-1]].begin_us <= heap[0][0][0]):
            number = waiting.pop()
            open_ones[number] = opened = _Open(parts[number], matchers)
            heapq.heappush(heap, (opened.order(), number))
        _, number = heap[0]
        opened = open_ones[number]
        opened.take()
        if opened.over:
            heapq.heappop(heap)
            del open_ones[number]
            if opened.hits:
                yield Completed(parts[number].share.path, opened.batch, opened.hits)
        else:
            heapq.heapreplace(heap, (opened.order(), number))


class _Open:
    """The steps of one batch in hand."""

    def __init__(self, part: Part, matchers: Mapping[str, Parting]) -> None:
        assert part.steps is not None and part.mapping is not None  # noqa: S101 - only parts with steps come here
        self.batch = Batch(_events(part.steps, part.offset), part.mapping, part.place)
        self.hits: list[tuple[int, int]] = []
        times = self.batch.events.column(TIME).to_pylist()
        records = self.batch.events.column(RECORD).to_pylist()
        self._steps = sorted(
            ((times[step.row], part.share.number, records[step.row], family, step.node), step)
            for family, step in _steps(part.steps)
        )
        self._follow: dict[str, Follow] = {
            family: matchers[family].follower(self.batch) for family in {order[3] for order, _ in self._steps}
        }
        self._next = 0

    @property
    def over(self) -> bool:
        return self._next >= len(self._steps)

    def order(self) -> _Order:
        return self._steps[self._next][0]

    def take(self) -> None:
        order, step = self._steps[self._next]
        self._next += 1
        self.hits += ((step.row, entry) for entry in self._follow[order[3]](step))


def _events(path: Path, offset: int) -> pa.RecordBatch:
    from commonwatch.capabilities.detection.matching.drivers.parallel import moved

    (events,) = _stored(path.with_suffix(".events")).to_batches()
    return moved(events, offset) if offset else events


def _steps(path: Path) -> Iterable[tuple[str, Step]]:
    found = _stored(path.with_suffix(".steps"))
    columns = (found[name].to_pylist() for name in ("family", "row", "node", "brackets"))
    for family, row, node, brackets in zip(*columns, strict=True):
        yield family, Step(row, node, tuple(brackets))


def _stored(path: Path) -> pa.Table:
    import pyarrow as pa

    with pa.memory_map(str(path)) as source:
        return pa.ipc.open_file(source).read_all()
