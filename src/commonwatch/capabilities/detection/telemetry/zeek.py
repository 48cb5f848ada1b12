"""Zeek's tab-separated logs through Polars, a piece at a time: columns by the header's names, records by line.

1. The header (`#separator`, `#fields`, `#types`, `#set_separator`, `#unset_field`, `#empty_field`) says what the columns are.
2. Every line is a row, so the record is right; rows without a time or a port are looked at as text: headers of a rotated log
   in mid-file are followed, blank lines passed over, others are faults. Where only a value was wrong the event stays.
3. Zeek's JSON logs are JSON (`json_files`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.telemetry import events, json_text
from commonwatch.capabilities.detection.telemetry.batch import RECORD, TIME, Column
from commonwatch.capabilities.detection.telemetry.chunks import Chunk, chunks
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.wanted import Wanted, arrays, finished

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

PIECE = 16 << 20  # bytes: enough rows for starting column engines to cost little
HEADER_LINES = 20
HEADER_LENGTH = 1 << 16


@dataclass(frozen=True)
class Header:
    """What the lines that begin with # say."""

    fields: tuple[str, ...]
    path: str = ""
    separator: str = "\t"
    set_separator: str = ","
    unset: str = "-"
    empty: str = "(empty)"

    def with_line(self, line: bytes) -> Header:
        """This header after one more of its lines."""
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        key, _, value = text.partition(" " if text.startswith("#separator") else self.separator)
        if key == "#separator":
            return self._but(separator=_unescaped(value))
        if key == "#fields":
            return self._but(fields=tuple(value.split(self.separator))[: events.FURTHER])
        names = {"#path": "path", "#set_separator": "set_separator", "#unset_field": "unset", "#empty_field": "empty"}
        return self._but(**{names[key]: value}) if key in names and value else self

    def _but(self, **changes: object) -> Header:
        return Header(**{**self.__dict__, **changes})


def header(start: bytes) -> Header | None:
    """The header that a log begins with; None where there is none."""
    found = Header(())
    for line in start[:HEADER_LENGTH].split(b"\n")[:HEADER_LINES]:
        if not line.lstrip().startswith(b"#"):
            break
        found = found.with_line(line.lstrip())
    return found if found.fields and len(found.separator) == 1 else None


def _unescaped(value: str) -> str:
    value = value.strip()
    return chr(int(value[2:4], 16)) if value.startswith("\\x") and len(value) >= 4 else (value or "\t")


def read(place: str, stream: io.BufferedReader, want: Wanted, rows: int, faults: Faults) -> Iterator[pa.RecordBatch]:
    """Every event of a log that begins with its header."""
    head = header(stream.peek(HEADER_LENGTH)) or Header(())
    yield from continued(place, chunks(stream, PIECE), head, want, rows, faults)


def continued(
    place: str, pieces: Iterator[Chunk], head: Header, want: Wanted, rows: int, faults: Faults
) -> Iterator[pa.RecordBatch]:
    """Every event of pieces whose header is known already."""
    for piece in pieces:
        if piece.overlong:
            json_text.overlong(piece, place, faults)
            continue
        data = piece.data
        while data:
            found, head, data = until_header(data, head, place, want, faults)
            for start in range(0, found.num_rows, rows):
                yield found.slice(start, rows)


def until_header(
    data: bytes, head: Header, place: str, want: Wanted, faults: Faults
) -> tuple[pa.RecordBatch, Header, bytes]:
    """The events before the next header that changes the fields; the header that then holds, and what comes after it."""
    if not head.fields:
        head, data = _leading(data, head, place, faults)
    if not data or data.isspace():
        return events.batch(want, (), (), lambda position, reason: None), head, b""
    frame = _frame(data, head, want, place, faults)
    odd = _odd(frame, data)
    cut, rest = _change(odd, head), b""
    if cut is not None:
        rest = data.split(b"\n", cut + 1)[-1]
        frame = frame.head(cut)
    blank = [row for row, line in odd.items() if not line.strip() and row < frame.height]
    numbered = _numbered(frame, blank, faults.records)
    dropped = []
    for row, line in odd.items():
        if line.lstrip().startswith(b"#"):
            head = head.with_line(line.lstrip()) if cut is None or row <= cut else head
        if row < frame.height and not _kept(line, head, numbered, row, place, faults):
            dropped.append(row)
    faults.records += frame.height - len(blank) + (cut is not None)
    return _batch(numbered, dropped, want), head, rest


def _leading(data: bytes, head: Header, place: str, faults: Faults) -> tuple[Header, bytes]:
    """The header after the lines with which a log begins, up to its fields; an event before them cannot be read."""
    while data and not head.fields:
        line, _, data = data.partition(b"\n")
        if not line.strip():
            continue
        faults.records += 1
        if line.lstrip().startswith(b"#"):
            head = head.with_line(line.lstrip())
        else:
            faults.add(place, faults.records, "before any header", line)
    return head, data


def _frame(data: bytes, head: Header, want: Wanted, place: str, faults: Faults) -> pl.DataFrame:
    """A row for each line: the time, the columns that are read, null where the log says so."""
    import polars as pl

    fields = _distinct(head.fields) or ("_",)
    types: dict[str, type[pl.DataType]] = dict.fromkeys(fields, pl.String)
    when = next((source for source in want.mapping.time if source in types), None)
    if when is not None:
        types[when] = pl.Float64
    for column in want.read:
        if column.source in types and column.source != when:
            types[column.source] = {"integer": pl.Int64, "number": pl.Float64, "time": pl.Float64}.get(
                column.type, pl.String
            )
    packed = [packing for packing in ("\\", head.empty) if _holds(data, packing.encode())]
    chosen = [
        _absent(fields[0]) if when is None else _time(when),
        *(_cell(column, types, head, packed) for column in want.read),
        *_further(want, types, head, packed),
    ]

    def lines(encoding: str) -> pl.DataFrame:
        scan = pl.scan_csv(
            data,
            schema=types,
            separator=head.separator,
            has_header=False,
            quote_char=None,
            null_values=head.unset,
            ignore_errors=True,
            truncate_ragged_lines=True,
            missing_columns="insert",
            extra_columns="ignore",
            encoding=encoding,  # type: ignore[arg-type]
        )
        if head.fields:
            return scan.select(chosen).collect()
        # Before the header nothing is read: as columns beside the lines, so that there is a row for each.
        return scan.with_columns(chosen).select([one.meta.output_name() for one in chosen]).collect()

    try:
        return lines("utf8")
    except pl.exceptions.ComputeError:
        _not_utf8(data, place, faults)
        return lines("utf8-lossy")


def _holds(data: bytes, text: bytes) -> bool:
    """Whether it occurs; a byte is looked for ten times as fast as a word."""
    return text[:1] in data and text in data


def _distinct(fields: Sequence[str]) -> tuple[str, ...]:
    """Field names, the second of the same name with its place."""
    seen: dict[str, int] = {}
    for place, name in enumerate(fields):
        seen[name if name not in seen else f"{name}#{place}"] = place
    return tuple(seen)


def _absent(field: str) -> pl.Expr:
    """No time, as a column that has as many rows as the log: a constant would have one."""
    import polars as pl

    return pl.when(pl.col(field).is_null() & pl.lit(False)).then(pl.lit(0, pl.Int64)).alias(TIME)


def _time(source: str) -> pl.Expr:
    import polars as pl

    return (pl.col(source) * 1e6 + 0.5).floor().cast(pl.Int64, strict=False).alias(TIME)


def _cell(column: Column, types: dict[str, type[pl.DataType]], head: Header, packed: Sequence[str]) -> pl.Expr:
    import polars as pl

    if column.source not in types:
        empty: dict[str, object] = {"integer": pl.Int64, "number": pl.Float64, "boolean": pl.Boolean, "time": pl.Int64}
        listed = pl.List(pl.String) if column.type == "texts" else pl.String
        return pl.lit(None, empty.get(column.type, listed)).alias(column.name)  # type: ignore[arg-type]
    value = pl.col(column.source)
    if column.type in ("integer", "number"):
        return value.alias(column.name)
    if column.type == "boolean":
        return (value == "T").alias(column.name)
    if column.type == "time":
        return _time(column.source).alias(column.name)
    if head.empty in packed:
        value = pl.when(value != head.empty).then(value)
    if column.type == "texts":
        value = value.str.split(head.set_separator)
        return (value.list.eval(_plain(pl.element())) if "\\" in packed else value).alias(column.name)
    return (_plain(value) if "\\" in packed else value).alias(column.name)


def _plain(value: pl.Expr) -> pl.Expr:
    """Text without Zeek's escapes, as the same log in JSON has it."""
    for escaped, meant in (("\\x09", "\t"), ("\\x2c", ","), ("\\\\", "\\")):
        value = value.str.replace_all(escaped, meant, literal=True)
    return value


def _further(
    want: Wanted, types: dict[str, type[pl.DataType]], head: Header, packed: Sequence[str]
) -> Iterator[pl.Expr]:
    """The fields that no column reads, where the mapping is open."""
    if not want.open:
        return
    read = {column.source for column in want.mapping.columns} | set(want.mapping.time)
    names = {column.name for column in want.mapping.columns} | {TIME, RECORD}
    for source in types:
        name = source.replace(".", "_")
        if source not in read and name not in names:
            names.add(name)
            yield _cell(Column(name, source), types, head, packed)


def _odd(frame: pl.DataFrame, data: bytes) -> dict[int, bytes]:
    """Rows without a time or without a number that is always there, with their lines."""
    import polars as pl

    ports = [name for name, dtype in frame.schema.items() if name.endswith("_p") and dtype == pl.Int64]
    if not any(frame.get_column(name).null_count() for name in (TIME, *ports)):
        return {}
    rows = frame.select(pl.any_horizontal(pl.col(TIME, *ports).is_null()).arg_true()).to_series().to_list()
    lines = data.split(b"\n")
    return {row: lines[row] for row in rows}


def _change(odd: dict[int, bytes], head: Header) -> int | None:
    """The row of the first header whose fields are not those that hold."""
    for row, line in odd.items():
        if line.lstrip().startswith(b"#fields") and head.with_line(line.lstrip()).fields != head.fields:
            return row
    return None


def _kept(line: bytes, head: Header, frame: pl.DataFrame, row: int, place: str, faults: Faults) -> bool:
    """Whether a line without a time or port is an event; counts what is wrong with it."""
    if not line.strip() or line.lstrip().startswith(b"#"):
        return False
    values = line.rstrip(b"\r").split(head.separator.encode())
    record = int(frame.get_column(RECORD)[row])
    if len(values) < len(head.fields):
        faults.add(place, record, "NUL bytes" if b"\0" in line else "not whole", line)
        return False
    for field, value in zip(head.fields, values, strict=False):
        if field in ("ts", "id.orig_p", "id.resp_p") and value != head.unset.encode() and not _is_number(value):
            faults.add(place, record, f"{field} is of a wrong type", line)
    return True


def _is_number(value: bytes) -> bool:
    try:
        return float(value) is not None
    except ValueError:
        return False


def _not_utf8(data: bytes, place: str, faults: Faults) -> None:
    record = faults.records
    for line in data.split(b"\n"):
        record += bool(line.strip())
        try:
            line.decode()
        except UnicodeDecodeError:
            faults.add(place, record, "not UTF-8", line)


def _numbered(frame: pl.DataFrame, blank: Sequence[int], before: int) -> pl.DataFrame:
    """Rows with their records: lines that are not blank."""
    import numpy as np
    import polars as pl

    records = np.arange(before + 1, before + 1 + frame.height, dtype=np.int64)
    if blank:
        passed = np.zeros(frame.height, dtype=np.int64)
        passed[list(blank)] = 1
        records -= np.cumsum(passed)
    return frame.insert_column(1, pl.Series(RECORD, records))


def _batch(frame: pl.DataFrame, dropped: Sequence[int], want: Wanted) -> pa.RecordBatch:
    import polars as pl
    import pyarrow as pa

    if dropped:
        keep = pl.Series([True]).new_from_index(0, frame.height).scatter(list(dropped), False)
        frame = frame.filter(keep)
    return finished(pa.RecordBatch.from_arrays(arrays(frame, views=want.views), names=frame.columns), want)
