"""What cluster engines run: a batch of events in, its hits out, each with the event's record and the generation.

1. Events have the columns of a telemetry batch (`telemetry.batch`), `record` among them: an engine keeps no order of rows.
2. A worker process makes its matcher once. The index lies in a folder that every worker sees, and is mapped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping

if TYPE_CHECKING:
    import pyarrow as pa

    from commonwatch.capabilities.detection.matching.matcher import Matcher

ROWS = 65_536  # events of a batch: what the matcher's filters are tuned to


@dataclass(frozen=True)
class Work:
    """What travels to the workers."""

    index: Path
    mapping: Mapping

    def hits(self, events: pa.RecordBatch) -> pa.RecordBatch:
        """Hits with columns record, entry, column, generation."""
        import pyarrow as pa

        matcher = _matcher(self.index)
        found = matcher.match(Batch(events, self.mapping))
        generation = pa.array([matcher.generation] * found.num_rows, pa.int64())
        records = events["record"].take(found["row"])
        return pa.RecordBatch.from_arrays(
            [records, found["entry"], found["column"], generation], names=["record", "entry", "column", "generation"]
        )


@lru_cache(maxsize=1)
def _matcher(index: Path) -> Matcher:
    from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
    from commonwatch.capabilities.detection.matching.kernel import IndexMatcher

    return IndexMatcher(IndicatorIndex.open(index))
