"""What readers hand to matchers: a run of events as an Arrow record batch, with what its columns mean.

1. A batch holds events of one mapping, in the order in which they were read.
2. Columns bear the mapping's names, never a full stop inside. Absent values are null, never an empty text or `-`.
3. Two columns are always there: `time` (int64, microseconds since 1970, UTC; null where the event has none) and `record`
   (int64, the event's number in its file or stream, from 1; for line formats, its line, blank ones not counted).
4. Columns of a kind (`core.patterns.values.Kind`) hold text as the log has it; the matcher makes it canonical. A column may
   be a list of such texts. Ports are int64. Everything else is text, number or boolean.
5. Text is Arrow's `string`; a reader that is asked for views gives `string_view` where that saves a copy, and one that is
   asked for codes a dictionary (each distinct text once, and its number in every row) where that is how it finds it. Such a
   reader leaves some work to whoever needs an event whole, see `Batch`: few events are hit.
"""

from __future__ import annotations

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from commonwatch.core.patterns.values import Kind

if TYPE_CHECKING:
    import pyarrow as pa

    from commonwatch.capabilities.detection.telemetry.wanted import Wanted

TIME = "time"
RECORD = "record"


@dataclass(frozen=True)
class Column:
    """One column of a mapping: where the value comes from and what it is."""

    name: str
    source: (
        str  # the field in the log: `id.orig_h`, `EventData.Image`; empty where the value is taken from other columns
    )
    kind: Kind | None = None  # matched against plain indicators of the kind
    port: str = ""  # for an address: the column with its port, for indicators of kind endpoint
    stix: tuple[str, ...] = ()  # STIX object paths that read it: `network-traffic:src_ref.value`
    type: str = "text"  # text, integer, number, boolean, time, texts (a list)
    take: str = ""  # how it is taken from other columns, see `telemetry.taking`: url, file-name, hosts, sha256
    of: tuple[str, ...] = ()  # those columns; `*` is every text column


@dataclass(frozen=True)
class Signs:
    """What an event must show for a mapping to be the one for it; nothing at all is never recognised."""

    paths: tuple[str, ...] = ()  # Zeek's #path, which is also the name of the file
    keys: tuple[str, ...] = ()  # fields that an event has to have, all of them
    header: tuple[str, ...] = ()  # columns that a CSV header has to have, all of them


@dataclass(frozen=True)
class Mapping:
    """How events of one kind of log are read. Mappings are data files; see `telemetry.mappings`."""

    name: str  # zeek-conn, suricata-eve, windows, ...
    title: str
    columns: tuple[Column, ...]
    logsource: AbstractMapping[str, str] = field(default_factory=dict)  # Sigma: product, category, service
    open: bool = False  # further fields of an event are kept as columns under their own names, as Sigma rules name them
    format: str = "json"  # zeek (TSV or JSON), json, windows, csv, syslog, parquet
    time: tuple[str, ...] = ()  # the fields that may hold the event's time, the first that is there
    signs: Signs = field(default_factory=Signs)
    delimiter: str = ""  # for csv; empty: as the header shows

    def kinds(self) -> dict[str, Kind]:
        """Columns that plain indicators are matched against."""
        return {column.name: column.kind for column in self.columns if column.kind is not None}

    def named(self, name: str) -> Column | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class Batch:
    """Events and what they are. `place` names where they were read: a path, a subject, a socket.

    `unfinished` is what was wanted where codes are given. Then texts that are taken from other columns of their row (`left`) are not
    there yet, what they are taken from is, and the time may be seconds as stored. `telemetry.whole` has what makes events plain.
    """

    events: pa.RecordBatch
    mapping: Mapping
    place: str = ""
    unfinished: Wanted | None = None
