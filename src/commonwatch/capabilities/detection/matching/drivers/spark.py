"""The same kernel in Spark: a data frame of events goes in, a data frame of hits comes out. For members who have a cluster.

The factory runs on the executors, once a process: the index lies where they reach it, or is shipped with the job.
`record` is the event's own column, so a hit finds its event whatever order Spark works in.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.matching.matcher import Matcher, MatcherFactory
from commonwatch.capabilities.detection.telemetry.batch import RECORD, Batch, Mapping

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

SCHEMA = f"{RECORD} long, entry long, column string"


def hits(events: DataFrame, mapping: Mapping, factory: MatcherFactory) -> DataFrame:
    """Hits among events that bear the mapping's columns and `record`."""
    return events.mapInArrow(functools.partial(_matched, mapping=mapping, factory=factory), SCHEMA)


def _matched(batches: Iterable[pa.RecordBatch], mapping: Mapping, factory: MatcherFactory) -> Iterator[pa.RecordBatch]:
    matcher = _matcher(factory)
    for events in batches:
        yield located(events, matcher.match(Batch(events, mapping)))


@functools.lru_cache(maxsize=1)
def _matcher(factory: MatcherFactory) -> Matcher:
    return factory()


def located(events: pa.RecordBatch, found: pa.RecordBatch) -> pa.RecordBatch:
    """Hits with the record of their event in place of its row."""
    import pyarrow as pa

    record = events[RECORD].take(found["row"])
    return pa.RecordBatch.from_arrays([record, found["entry"], found["column"]], [RECORD, "entry", "column"])
