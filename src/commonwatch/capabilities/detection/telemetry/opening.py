"""Bytes of a place, whatever they are packed in: plain, gzip, zstd, or the members of a zip; told by content, not by name.

Nothing is unpacked to disk and nothing is held as a whole. Packing inside packing is opened up to a small depth.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from commonwatch.core.errors import InvalidInput, NotFound

DEPTH = 3  # a gzip in a zip in a zip: deeper is an attack
MEMBERS = 10_000  # of one zip
GZIP, ZSTD, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"


@dataclass(frozen=True)
class Opened:
    """One stream of bytes. `path` is set where the bytes are a plain file's own, so that a library may read it itself."""

    place: str
    stream: io.BufferedReader
    path: Path | None = None


@contextmanager
def opened(source: Path | BinaryIO, place: str = "") -> Iterator[Iterator[Opened]]:
    """Every stream that a file or stream holds; one, except for a zip."""
    if isinstance(source, Path):
        try:
            file = source.open("rb")
        except OSError as error:
            raise NotFound(
                "telemetry-not-there", f"{source} cannot be read: {error.strerror}.", "Check path and rights."
            ) from None
        with file:
            yield _unpacked(place or str(source), file, source, DEPTH)
    else:
        yield _unpacked(place or "stream", _buffered(source), None, DEPTH)


def _buffered(stream: BinaryIO) -> io.BufferedReader:
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(cast(io.RawIOBase, _Raw(stream)), 1 << 20)


class _Raw(io.RawIOBase):
    """Any object with `read` as a raw stream, so that it can be peeked at."""

    def __init__(self, stream: BinaryIO) -> None:
        self.source = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self.source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _unpacked(place: str, stream: io.BufferedReader, path: Path | None, depth: int) -> Iterator[Opened]:
    start = stream.peek(4)[:4]
    packed = start.startswith((GZIP, ZSTD, ZIP))
    if not packed:
        yield Opened(place, stream, path)
        return
    if depth == 0:
        raise InvalidInput(
            "telemetry-packed-too-deep", f"{place} is packed more than {DEPTH} times.", "Unpack it first."
        )
    if start.startswith(GZIP):
        yield from _unpacked(
            place, io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=stream)), 1 << 20), None, depth - 1
        )
    elif start.startswith(ZSTD):
        yield from _unpacked(place, _zstd(stream), None, depth - 1)
    else:
        yield from _members(place, stream, depth)


def _zstd(stream: io.BufferedReader) -> io.BufferedReader:
    import zstandard

    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(stream, read_across_frames=True)
    return _buffered(cast(BinaryIO, reader))


def _members(place: str, stream: io.BufferedReader, depth: int) -> Iterator[Opened]:
    if not stream.seekable():
        raise InvalidInput(
            "telemetry-zip-stream", f"{place} is a zip that is not a file.", "Store it first, then read the file."
        )
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist()[:MEMBERS]:
            if not member.is_dir():
                with archive.open(member) as content:
                    yield from _unpacked(
                        f"{place}!{member.filename}", _buffered(cast(BinaryIO, content)), None, depth - 1
                    )
