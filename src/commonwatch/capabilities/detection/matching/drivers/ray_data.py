"""The kernel in Ray Data, for members who have it: `map_batches`, a hit a row. Ray's tasks keep the index mapped between batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.matching.drivers.arrow import ROWS, Work

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset


def hunt(events: Dataset, work: Work) -> Dataset:
    """The hits in a data set of events; lazy, as data sets are."""

    def each(table: pa.Table) -> pa.Table:
        import pyarrow as pa

        batches = table.combine_chunks().to_batches() or [pa.RecordBatch.from_pylist([], table.schema)]
        return pa.Table.from_batches(map(work.hits, batches))

    return events.map_batches(each, batch_format="pyarrow", batch_size=ROWS)
