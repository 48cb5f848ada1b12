"""The matcher of YARA rules over batches: each distinct text of an event is scanned once.

Only texts that the log itself has are scanned, not those taken from them once more. Rules that read a file's structure
(`pe`, `elf` ...) can never hold for a text and say so; for those there are files (`files`).
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as AbstractMapping
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.matching.matcher import Unexecutable, hits_schema
from commonwatch.capabilities.detection.matching.yara.scanning import Scanning
from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping
from commonwatch.core.patterns.yara.reading import FILE_MODULES, YaraReading

if TYPE_CHECKING:
    import pyarrow as pa

TIMEOUT_SECONDS = 2  # of one text
_SHORTEST = 4  # characters: the shortest literal that yara-x looks for by itself
_MAX_REMEMBERED = 100_000
_MAX_REMEMBERED_LENGTH = 2_048


class YaraMatcher:
    """YARA rules of many entries."""

    def __init__(self, pairs: Iterable[tuple[int, YaraReading]], generation: int) -> None:
        self.generation = generation
        readings = list(pairs)
        self.structural = {
            entry: sorted(FILE_MODULES.intersection(reading.modules))
            for entry, reading in readings
            if FILE_MODULES.intersection(reading.modules)
        }
        self.scanning = Scanning(
            ((entry, one) for entry, one in readings if entry not in self.structural), TIMEOUT_SECONDS
        )
        self._remembered: dict[str, tuple[int, ...]] = {}

    def match(self, batch: Batch) -> pa.RecordBatch:
        """Hits by row, entry and column."""
        import pyarrow as pa

        found: list[tuple[int, int, str]] = []
        if self.scanning.readings:
            taken = {column.name for column in batch.mapping.columns if column.take}
            for name in batch.events.schema.names:
                if name not in taken:
                    found.extend((row, entry, name) for row, entry in self._column(batch.events.column(name)))
        columns = list(zip(*sorted(found), strict=True)) or [(), (), ()]
        schema = hits_schema()
        arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)

    def unexecutable(self, mapping: Mapping) -> AbstractMapping[int, Unexecutable]:
        """Entries that can never match a text, or were withdrawn."""
        reasons = {
            entry: f"It reads the structure of a file ({', '.join(modules)}); {mapping.name} holds texts."
            for entry, modules in self.structural.items()
        }
        return {entry: Unexecutable(entry, reason) for entry, reason in {**reasons, **self.scanning.withdrawn}.items()}

    def _column(self, column: pa.Array) -> list[tuple[int, int]]:
        """(row, entry) for each text of a column that some rule of the entry matches."""
        import pyarrow as pa

        if not (pa.types.is_string(column.type) or pa.types.is_string_view(column.type)):
            return []
        encoded = column.cast(pa.string()).dictionary_encode()
        said = [self._value(value) for value in encoded.dictionary.to_pylist()]
        if not any(said):
            return []
        codes = enumerate(encoded.indices.to_pylist())
        return [(row, entry) for row, code in codes if code is not None for entry in said[code]]

    def _value(self, value: str) -> tuple[int, ...]:
        if len(value) < _SHORTEST:
            return ()
        known = self._remembered.get(value)
        if known is None:
            data = value.encode("utf-8", "surrogatepass")
            known = tuple(sorted({found.entry for found in self.scanning.scan(data)}))
            if len(value) <= _MAX_REMEMBERED_LENGTH:
                if len(self._remembered) >= _MAX_REMEMBERED:
                    self._remembered.clear()
                self._remembered[value] = known
        return known
