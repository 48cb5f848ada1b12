"""A hunt: files of telemetry against what is in force, or against chosen indicators, within a period.

1. The same matchers and the same recording as the live watch, so the same hits on the same data; an event that an alert
   has counted already is not counted again.
2. Files are read one after the other in constant memory. What cannot be read is left out with its reason, never fatal.
3. A period keeps events with a time inside it; events without a time are in every period.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import transaction

from commonwatch.capabilities.detection.alerts.finding import find
from commonwatch.capabilities.detection.alerts.meter import Meter
from commonwatch.capabilities.detection.alerts.recording import read_again, record
from commonwatch.capabilities.detection.alerts.sources import name_of
from commonwatch.core.errors import CommonwatchError, InvalidInput

if TYPE_CHECKING:
    from commonwatch.capabilities.detection.indicators.engine import Engine
    from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping


@dataclass(frozen=True)
class Period:
    """From `since` on and before `until`."""

    since_us: int | None = None
    until_us: int | None = None

    def __bool__(self) -> bool:
        return self.since_us is not None or self.until_us is not None


def hunt(
    engine: Engine,
    files: Sequence[Path],
    known: Sequence[Mapping],
    *,
    mapping: Mapping | None = None,
    period: Period,
    now_us: int,
    step: Callable[[Meter], None],
) -> Meter:
    """Read the files and record what matches; `step` is told after every batch."""
    meter = Meter()
    for path in files:
        source = name_of(str(path))
        try:
            for batch in _batches(path, mapping, known, meter):
                meter.events += batch.events.num_rows
                kept = within(batch, period)
                hits = find(engine, kept, source) if kept.events.num_rows else []
                if hits:
                    with transaction.atomic():
                        meter.add(record(hits, engine.generation, read_again, now_us))
                step(meter)
            meter.files += 1
        except CommonwatchError as error:
            meter.left_out[str(path)] = str(error)
    return meter


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


def within(batch: Batch, period: Period) -> Batch:
    """The events of a period (rule 3)."""
    if not period:
        return batch
    import pyarrow.compute as pc

    from commonwatch.capabilities.detection.telemetry.batch import TIME, Batch

    times = batch.events[TIME]
    keep = pc.is_null(times)
    inside = [
        *([pc.greater_equal(times, period.since_us)] if period.since_us is not None else []),
        *([pc.less(times, period.until_us)] if period.until_us is not None else []),
    ]
    both = inside[0] if len(inside) == 1 else pc.and_(*inside)
    return Batch(batch.events.filter(pc.or_kleene(keep, both)), batch.mapping, batch.place)


def _batches(path: Path, mapping: Mapping | None, known: Sequence[Mapping], meter: Meter) -> Iterator[Batch]:
    from commonwatch.capabilities.detection.telemetry.faults import Faults
    from commonwatch.capabilities.detection.telemetry.reading import read

    faults = Faults()
    try:
        yield from read(path, mapping, faults=faults, known=known)
    finally:
        meter.dirty += faults.count
        meter.reasons.update(faults.by_reason)
