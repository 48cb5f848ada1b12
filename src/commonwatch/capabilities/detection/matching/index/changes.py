"""The log of changes since the base: what makes them outlive the process, and what other processes read them from.

A record is a head (length and XXH3 of the body) and a body (MessagePack). It is written with one call and not forced to
disk: after a power failure the log ends at the last whole record, and the follower goes on from that record's generation.
"""

from __future__ import annotations

import os
import struct
import weakref
from collections.abc import Iterator
from pathlib import Path

import msgspec
import xxhash

from commonwatch.capabilities.detection.matching.index.delta import Plain

_HEAD = struct.Struct("<IQ")


class Change(msgspec.Struct, frozen=True, array_like=True):
    """What one call of `apply` changed."""

    generation: int
    removed: list[int]
    added: list[Plain]


_decoder = msgspec.msgpack.Decoder(Change)


class ChangeLog:
    """The file, read as far as it is whole. Who appends holds the index's lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o640)
        weakref.finalize(self, os.close, self._file)
        self.end = 0  # where the last record that was read or written ends

    def grown(self) -> bool:
        """Whether something stands behind what was read."""
        return os.fstat(self._file).st_size > self.end

    def read(self) -> Iterator[Change]:
        """Records not read yet; one that is cut or damaged ends the log."""
        while head := os.pread(self._file, _HEAD.size, self.end):
            if len(head) < _HEAD.size:
                return
            length, checksum = _HEAD.unpack(head)
            body = os.pread(self._file, length, self.end + _HEAD.size)
            if len(body) < length or xxhash.xxh3_64_intdigest(body) != checksum:
                return
            self.end += _HEAD.size + length
            yield _decoder.decode(body)

    def append(self, record: Change) -> None:
        """Write a record behind the last whole one."""
        body = msgspec.msgpack.encode(record)
        if os.fstat(self._file).st_size > self.end:
            os.ftruncate(self._file, self.end)
        whole = _HEAD.pack(len(body), xxhash.xxh3_64_intdigest(body)) + body
        if os.pwrite(self._file, whole, self.end) != len(whole):
            os.ftruncate(self._file, self.end)
            raise OSError(f"{self._path}: the disk is full")
        self.end += len(whole)

    def behind(self, end: int) -> bytes:
        """The records between a place and the end."""
        return os.pread(self._file, self.end - end, end)
