"""A mapping with everything that paths can do, and batches of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from commonwatch.capabilities.detection.matching.stix.matcher import Entry, StixMatcher
from commonwatch.capabilities.detection.telemetry.batch import RECORD, TIME, Batch, Column, Mapping
from commonwatch.core.patterns.stix.reading import parse
from commonwatch.core.patterns.values import Kind

ADDRESS = ("ipv4-addr:value", "ipv6-addr:value")
MAPPING = Mapping(
    "test",
    "Everything",
    (
        Column("source", "source", Kind.ADDRESS, stix=("network-traffic:src_ref.value", *ADDRESS)),
        Column("target", "target", Kind.ADDRESS, stix=("network-traffic:dst_ref.value", *ADDRESS)),
        Column("port", "port", type="integer", stix=("network-traffic:dst_port",)),
        Column("protocol", "protocol", stix=("network-traffic:protocols[*]",)),
        Column("service", "service", stix=("network-traffic:protocols[*]",)),
        Column("query", "query", Kind.HOST, stix=("domain-name:value",)),
        Column("answers", "answers", type="texts", stix=("domain-name:resolves_to_refs[*].value", *ADDRESS)),
        Column("image", "image", Kind.FILE_NAME, stix=("process:image_ref.name", "file:name")),
        Column("digest", "digest", Kind.MD5, stix=("process:image_ref.hashes.MD5",)),
        Column("command", "command", stix=("process:command_line",)),
        Column("parent", "parent", Kind.FILE_NAME, stix=("process:parent_ref.image_ref.name",)),
        Column("hidden", "hidden", type="boolean", stix=("process:is_hidden",)),
        Column("score", "score", type="number", stix=("process:x_score",)),
        Column("started", "started", type="time", stix=("process:created_time",)),
        Column("machine", "machine", stix=("file:extensions.'windows-pebinary-ext'.machine_hex",)),
        Column("recipients", "recipients", type="texts", stix=("email-message:to_refs[*].value",)),
    ),
)
TYPES = {
    "port": pa.int64(),
    "hidden": pa.bool_(),
    "score": pa.float64(),
    "started": pa.int64(),
    "answers": pa.list_(pa.string()),
    "recipients": pa.list_(pa.string()),
    TIME: pa.int64(),
    RECORD: pa.int64(),
}


def batch(rows: Sequence[dict[str, Any]], first: int = 1, mapping: Mapping = MAPPING) -> Batch:
    """Rows as a batch; a row without a time gets its number in seconds."""
    names = [TIME, RECORD, *(column.name for column in mapping.columns)]
    full = [{TIME: (first + n) * 1_000_000, RECORD: first + n, **row} for n, row in enumerate(rows)]
    arrays = [pa.array([row.get(name) for row in full], TYPES.get(name, pa.string())) for name in names]
    return Batch(pa.RecordBatch.from_arrays(arrays, names), mapping, "place")


def matcher(*patterns: str, lateness: int = 0) -> StixMatcher:
    entries = []
    for number, text in enumerate(patterns):
        pattern = parse(text).pattern
        assert pattern is not None, parse(text).problem
        entries.append(Entry(number, pattern))
    return StixMatcher(entries, lateness=lateness)


def hits(made: StixMatcher, given: Batch) -> list[tuple[int, int, str]]:
    found = made.match(given)
    return [(row["row"], row["entry"], row["column"]) for row in found.to_pylist()]
