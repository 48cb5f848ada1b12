"""A hunt: files of telemetry against what is in force, or against chosen indicators, within a period.

1. The same matchers and the same recording as the live watch, so the same hits on the same data; an event that an alert
   has counted already is not counted again. Patterns over several events take them in the order of time over all files.
2. Files are read in constant memory, by all processors where there is enough to read. What cannot be read is left out with its
   reason, never fatal.
3. Hits are recorded as they come. A hunt that is broken off has recorded what it found; patterns over several events come last.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction

from commonwatch.capabilities.detection.alerts.finding import hits_of
from commonwatch.capabilities.detection.alerts.grouping import entity_columns
from commonwatch.capabilities.detection.alerts.meter import Meter
from commonwatch.capabilities.detection.alerts.recording import read_again, record
from commonwatch.capabilities.detection.alerts.sources import name_of
from commonwatch.capabilities.detection.hunts.period import WHOLE, Period
from commonwatch.core.errors import InvalidInput

if TYPE_CHECKING:
    import pyarrow as pa

    from commonwatch.capabilities.detection.indicators.engine import Engine
    from commonwatch.capabilities.detection.matching.drivers.parallel import Part
    from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping

WORTH_BYTES = 256 << 20  # each process costs two seconds until it can work: below so much to read, one does it


@dataclass(frozen=True)
class Way:
    """How a hunt reads: by which mapping (None: as each file is recognised), which events, in how many processes (0: as it pays)."""

    mapping: Mapping | None = None
    period: Period = WHOLE
    processes: int = 0


def hunt(
    engine: Engine,
    files: Sequence[Path],
    known: Sequence[Mapping],
    way: Way,
    *,
    now_us: int,
    step: Callable[[Meter], None],
) -> Meter:
    """Read the files and record what matches; `step` is told after every batch."""
    from commonwatch.capabilities.detection.matching.drivers.parallel import Crew, Reading

    reading = Reading(way.mapping, tuple(known), way.period.kept if way.period else None, entity_columns)
    processes = way.processes or _worth(files)
    with tempfile.TemporaryDirectory(prefix="commonwatch-hunt-") as folder:
        found = _Hunt(engine, now_us, step)
        with Crew(engine.work(), engine.families(), reading, Path(folder), processes) as crew:
            for part in crew.parts(files):
                found.take(part)
        found.finish()
    return found.meter


class _Hunt:
    """What a hunt has found so far."""

    def __init__(self, engine: Engine, now_us: int, step: Callable[[Meter], None]) -> None:
        self.engine, self.now_us, self.step = engine, now_us, step
        self.meter = Meter()
        self._later: list[Part] = []
        self._read: set[int] = set()
        self._failed: set[int] = set()
        self._sources: dict[Path, str] = {}

    def take(self, part: Part) -> None:
        """Record the hits of a part, and count it."""
        from commonwatch.capabilities.detection.telemetry.batch import Batch

        meter = self.meter
        meter.events += part.read
        if part.events is not None and part.mapping is not None and part.hits is not None:
            self._record(Batch(part.events, part.mapping, part.place), part.hits, part.share.path)
        if part.steps is not None:
            self._later.append(part)
        if part.ended:
            meter.dirty += part.faults.count
            meter.reasons.update(part.faults.by_reason)
            (self._failed if part.error else self._read).add(part.share.number)
            if part.error:
                meter.left_out[str(part.share.path)] = part.error
            meter.files = len(self._read - self._failed)
        self.step(meter)

    def finish(self) -> None:
        """Patterns over several events, in the order of time."""
        import pyarrow as pa

        from commonwatch.capabilities.detection.matching.drivers.steps import completed
        from commonwatch.capabilities.detection.matching.matcher import Parting, hits_schema

        matchers = {name: one for name, one in self.engine.families().items() if isinstance(one, Parting)}
        for done in completed(self._later, matchers):
            columns = [[row for row, _ in done.hits], [entry for _, entry in done.hits], [""] * len(done.hits)]
            arrays = [pa.array(values, one.type) for values, one in zip(columns, hits_schema(), strict=True)]
            self._record(done.batch, pa.RecordBatch.from_arrays(arrays, schema=hits_schema()), done.path)
            self.step(self.meter)

    def _record(self, batch: Batch, found: pa.RecordBatch, path: Path) -> None:
        source = self._sources.get(path) or self._sources.setdefault(path, name_of(str(path)))
        hits = hits_of(self.engine, batch, found, source)
        with transaction.atomic():
            self.meter.add(record(hits, self.engine.generation, read_again, self.now_us))


def _worth(files: Sequence[Path]) -> int:
    """As many processes as there are processors, where there is enough to read."""
    size = sum(path.stat().st_size for path in files if path.is_file())
    return len(os.sched_getaffinity(0)) if size >= WORTH_BYTES else 1


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Every file of these files and folders, absolute, each once; raises InvalidInput where there is none."""
    found: dict[Path, None] = {}
    for path in paths:
        path = path.expanduser().absolute()
        if not path.exists():
            raise InvalidInput("telemetry-absent", f"There is nothing at {path}.", "Give a file or folder that exists.")
        within_it = (
            [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file() and not p.is_symlink())
        )
        found |= dict.fromkeys(within_it)
    return list(found)
