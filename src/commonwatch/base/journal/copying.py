"""Rows in PostgreSQL's binary COPY format, packed by hand: a third of the driver's cost per row.

Format: https://www.postgresql.org/docs/15/sql-copy.html, "Binary Format".
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

# Columns in the order of SQLite's table: seq, uid, type, version, spec, marks, source, class, findings, raw.
VersionRow = tuple[int, bytes, int, int, int, int, int, int, str | None, bytes]
# Columns pos, seq, type, version, flags, class.
PlacementRow = tuple[int, int, int, int, int, int]


_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
# Each field: its length as int32, then its bytes.
_VERSION = Struct("!h iq iq ii ii ii ih ih i16s")
_PLACEMENT = Struct("!h iq iq ii iq ih ii")
_LENGTH = Struct("!i")
_NULL = _LENGTH.pack(-1)


def binary_versions(rows: Iterable[VersionRow]) -> bytes:
    """Columns seq, version, type, source, class, spec, marks, uid, findings, raw."""
    pack, length = _VERSION.pack, _LENGTH.pack
    parts = [_HEADER]
    for seq, uid, kind, version, spec, marks, source, klass, findings, raw in rows:
        parts.append(pack(10, 8, seq, 8, version, 4, kind, 4, source, 4, klass, 2, spec, 2, marks, 16, uid))
        if findings is None:
            parts.append(_NULL)
        else:
            encoded = findings.encode()
            parts += (length(len(encoded)), encoded)
        parts += (length(len(raw)), raw)
    parts.append(_TRAILER)
    return b"".join(parts)


def binary_placements(rows: Iterable[PlacementRow]) -> bytes:
    """Columns pos, seq, type, version, flags, class."""
    pack = _PLACEMENT.pack
    body = [
        pack(6, 8, pos, 8, seq, 4, kind, 8, version, 2, flags, 4, klass)
        for pos, seq, kind, version, flags, klass in rows
    ]
    return b"".join([_HEADER, *body, _TRAILER])
