"""The same kernel in Ray Data: a dataset of events goes in, a dataset of hits comes out. For members who have a cluster.

Each actor makes its matcher once and keeps it while the dataset is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.matching.drivers.spark import handed, located
from commonwatch.capabilities.detection.matching.matcher import MatcherFactory
from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 65_536


class Matching:
    """What an actor holds."""

    def __init__(self, mapping: Mapping, factory: MatcherFactory) -> None:
        self._mapping, self._matcher = mapping, factory()

    def __call__(self, events: pa.Table) -> pa.Table:
        import pyarrow as pa

        parts = events.combine_chunks().to_batches()
        return pa.Table.from_batches([located(part, self._matcher.match(Batch(part, self._mapping))) for part in parts])


def hits(events: Any, mapping: Mapping, factory: MatcherFactory, actors: int = 1) -> Any:
    """Hits among events (`ray.data.Dataset`) that bear the mapping's columns and `record`. The matcher is made here, too, to say
    which of them it reads."""
    import ray.data

    return events.select_columns(handed(events.columns(), mapping, factory())).map_batches(
        Matching,
        fn_constructor_args=(mapping, factory),
        batch_format="pyarrow",
        batch_size=ROWS,
        compute=ray.data.ActorPoolStrategy(size=actors),
    )
