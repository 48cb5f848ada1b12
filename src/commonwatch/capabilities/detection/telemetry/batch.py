"""What readers hand to matchers: a run of events as an Arrow record batch, with what its columns mean.

1. A batch holds events of one mapping, in the order in which they were read.
2. Columns bear the mapping's names, never a full stop inside. Absent values are null, never an empty text or `-`.
3. Two columns are always there: `time` (int64, microseconds since 1970, UTC; null where the event has none) and `record`
   (int64, the event's number in its file or stream, from 1; for line formats, its line).
4. Columns of a kind (`core.patterns.values.Kind`) hold text as the log has it; the matcher makes it canonical. A column may
   be a list of such texts. Ports are int64. Everything else is text, number or boolean.
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from commonwatch.core.patterns.values import Kind

if TYPE_CHECKING:
    import pyarrow as pa

TIME = "time"
RECORD = "record"


@dataclass(frozen=True)
class Column:
    """One column of a mapping: where the value comes from and what it is."""

    name: str
    source: str  # the field in the log: `id.orig_h`, `EventData.Image`
    kind: Kind | None = None  # matched against plain indicators of the kind
    port: str = ""  # for an address: the column with its port, for indicators of kind endpoint
    stix: tuple[str, ...] = ()  # STIX object paths that read it: `network-traffic:src_ref.value`
    type: str = "text"  # text, integer, number, boolean, time, texts (a list)


@dataclass(frozen=True)
class Mapping:
    """How events of one kind of log are read. Mappings are data files; see `telemetry.mappings`."""

    name: str  # zeek-conn, suricata-eve, windows, ...
    title: str
    columns: tuple[Column, ...]
    logsource: AbstractMapping[str, str] = field(default_factory=dict)  # Sigma: product, category, service
    open: bool = False  # further fields of an event are kept as columns under their own names, as Sigma rules name them

    def kinds(self) -> dict[str, Kind]:
        """Columns that plain indicators are matched against."""
        return {column.name: column.kind for column in self.columns if column.kind is not None}


@dataclass(frozen=True)
class Batch:
    """Events and what they are. `place` names where they were read: a path, a subject, a socket."""

    events: pa.RecordBatch
    mapping: Mapping
    place: str = ""
