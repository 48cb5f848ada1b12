"""The kernel in Spark, for members who have it: `mapInArrow`, a hit a row.

Set `spark.sql.execution.arrow.maxRecordsPerBatch` to `arrow.ROWS`, and install the node's package on the workers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.matching.drivers.arrow import Work

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

_HITS = "record long, entry long, column string, generation long"


def hunt(events: DataFrame, work: Work) -> DataFrame:
    """The hits in a frame of events; lazy, as frames are."""

    def each(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return map(work.hits, batches)

    return events.mapInArrow(each, _HITS)
