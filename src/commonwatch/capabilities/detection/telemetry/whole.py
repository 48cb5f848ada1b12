"""Batches of codes and views for those who need events plain: their times, all of them, or some rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.telemetry.batch import TIME, Batch
from commonwatch.capabilities.detection.telemetry.codes import is_coded, plain
from commonwatch.capabilities.detection.telemetry.wanted import arrays, completed, instants

if TYPE_CHECKING:
    import pyarrow as pa


def times(batch: Batch) -> pa.Array:
    """The time of each event in microseconds, also where the batch has seconds still."""
    return instants(batch.events.column(TIME))


def whole(batch: Batch) -> Batch:
    """The batch without codes, with everything that is taken from its columns; text may be views."""
    if batch.unfinished is None:
        return batch
    import polars as pl

    events = batch.events
    coded = [name for name, column in zip(events.schema.names, events.columns, strict=True) if is_coded(column)]
    texts = arrays(pl.DataFrame({name: plain(events.column(name)) for name in coded}), views=True)
    for name, text in zip(coded, texts, strict=True):
        events = events.set_column(events.schema.get_field_index(name), name, text)
    return Batch(completed(events, batch.unfinished), batch.mapping, batch.place)


def some(batch: Batch, rows: pa.Array) -> Batch:
    """These rows in this order, with text as `string`: views would carry the whole batch that they point into."""
    import polars as pl
    import pyarrow as pa

    events = batch.events
    views = [name for name, kind in zip(events.schema.names, events.schema.types, strict=True) if _has_views(kind)]
    found: dict[str, pa.Array] = {}
    if views:  # which Arrow cannot take
        frame = pl.DataFrame({name: pl.Series(events[name]) for name in views}).select(pl.all().gather(pl.Series(rows)))
        found = dict(zip(views, arrays(frame, views=False), strict=True))
    for name, column in zip(events.schema.names, events.columns, strict=True):
        if name not in found:
            one = column.take(rows)
            found[name] = one.dictionary_decode() if is_coded(one) else one
    taken = pa.RecordBatch.from_arrays([found[name] for name in events.schema.names], names=events.schema.names)
    return Batch(taken, batch.mapping, batch.place, batch.unfinished)


def _has_views(kind: pa.DataType) -> bool:
    import pyarrow as pa

    return bool(
        pa.types.is_string_view(kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind)
    )
