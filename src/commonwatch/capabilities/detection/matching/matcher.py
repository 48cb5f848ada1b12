"""The one form that every family of patterns is brought to: batches in, hits out.

Plain indicators (`index`), STIX patterns, Sigma and YARA rules each have a matcher; live watch, hunts and cluster drivers
know only this. The same batch against the same generation always gives the same hits, in the same order: by row, then
entry, then column.
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Unexecutable:
    """A rule that a mapping gives no chance to match, and why: `sysmon has no field c-uri`."""

    entry: int
    reason: str


class Matcher(Protocol):
    """Patterns of one family, compiled. `entry` numbers are the caller's own: rows of the detection tables."""

    @property
    def generation(self) -> int:
        """The journal entry up to which it knows what is in force."""

    def match(self, batch: Batch) -> pa.RecordBatch:
        """Hits with columns row (int32, in the batch), entry (int64), column (text, "" where several took part)."""

    def unexecutable(self, mapping: Mapping) -> AbstractMapping[int, Unexecutable]:
        """Entries that can never match events of this mapping, each with its reason."""


def hits_schema() -> pa.Schema:
    """The columns of every matcher's answer. A function, so that a node that watches nothing loads no Arrow."""
    import pyarrow as pa

    return pa.schema([("row", pa.int32()), ("entry", pa.int64()), ("column", pa.string())])
