"""The same kernel in Spark: a data frame of events goes in, a data frame of hits comes out. For members who have a cluster.

The factory runs on the driver, which asks what columns the matcher reads, and on the executors: the index lies where they
reach it, or is shipped with the job. Spark hands over 10,000 events at once, unless
`spark.sql.execution.arrow.maxRecordsPerBatch` says otherwise: a hundred thousand cost less each.
`record` is the event's own column, so a hit finds its event whatever order Spark works in.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.matching.matcher import Matcher, MatcherFactory, columns_asked
from commonwatch.capabilities.detection.telemetry.batch import RECORD, Batch, Mapping

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

SCHEMA = f"{RECORD} long, entry long, column string"


def hits(events: DataFrame, mapping: Mapping, factory: MatcherFactory) -> DataFrame:
    """Hits among events that bear the mapping's columns and `record`. Only columns that the matcher reads are handed to it."""
    given = events.select(*handed(events.columns, mapping, factory()))
    return given.mapInArrow(functools.partial(_matched, mapping=mapping, factory=factory), SCHEMA)


def handed(names: Sequence[str], mapping: Mapping, matcher: Matcher) -> list[str]:
    """Those of the columns that are there which a matcher needs."""
    asked = columns_asked([matcher], mapping)
    return [name for name in names if asked is None or name in asked or name == RECORD]


def _matched(batches: Iterable[pa.RecordBatch], mapping: Mapping, factory: MatcherFactory) -> Iterator[pa.RecordBatch]:
    matcher = factory()  # anew for each task: an executor lives long, and the index moves on
    for events in batches:
        yield located(events, matcher.match(Batch(events, mapping)))


def located(events: pa.RecordBatch, found: pa.RecordBatch) -> pa.RecordBatch:
    """Hits with the record of their event in place of its row."""
    import pyarrow as pa

    record = events[RECORD].take(found["row"])
    return pa.RecordBatch.from_arrays([record, found["entry"], found["column"]], [RECORD, "entry", "column"])
