"""Bytes of a place, whatever they are packed in: plain, gzip, zstd, or the members of a zip; told by content, not by name.

Nothing is unpacked to disk and nothing is held as a whole. Packing inside packing is opened up to a small depth.
"""

from __future__ import annotations

import gzip
import io
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from commonwatch.core.errors import InvalidInput, NotFound

DEPTH = 3  # a gzip in a zip in a zip: deeper is an attack
PIECE = 1 << 16  # bytes unpacked at a time: what a break costs at most
MEMBERS = 10_000  # of one zip
GZIP, ZSTD, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"


@dataclass(frozen=True)
class Opened:
    """One stream of bytes. `path` is set where the bytes are a plain file's own, so that a library may read it itself."""

    place: str
    stream: io.BufferedReader
    path: Path | None = None
    broken: list[str] = field(default_factory=list)  # why the packing ended early, once it was read


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
            yield _unpacked(place or str(source), file, source, DEPTH, [])
    else:
        yield _unpacked(place or "stream", _buffered(source), None, DEPTH, [])


def _buffered(stream: BinaryIO, broken: list[str] | None = None) -> io.BufferedReader:
    if isinstance(stream, io.BufferedReader) and broken is None:
        return stream
    return io.BufferedReader(cast(io.RawIOBase, _Raw(stream, [] if broken is None else broken)), 1 << 20)


def _breaks() -> tuple[type[Exception], ...]:
    """What a packing that is not whole raises; zstd's only when that library is loaded at all."""
    library = sys.modules.get("zstandard")
    zstd: tuple[type[Exception], ...] = () if library is None else (library.ZstdError,)
    return (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, *zstd)


class _Raw(io.RawIOBase):
    """Any object with `read` as a raw stream, so that it can be peeked at. A packing that breaks off ends there."""

    def __init__(self, stream: BinaryIO, broken: list[str]) -> None:
        self.broken = broken
        # Where it can give what it has: a longer read that breaks off would take with it what came before.
        self.read_some: Callable[[int], bytes] = getattr(stream, "read1", stream.read)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            data = b"" if self.broken else self.read_some(min(len(buffer), PIECE))
        except _breaks() as error:
            self.broken.append(str(error))
            return 0
        buffer[: len(data)] = data
        return len(data)


def _unpacked(
    place: str, stream: io.BufferedReader, path: Path | None, depth: int, broken: list[str]
) -> Iterator[Opened]:
    start = stream.peek(4)[:4]
    packed = start.startswith((GZIP, ZSTD, ZIP))
    if not packed:
        yield Opened(place, stream, path, broken)
        return
    if depth == 0:
        raise InvalidInput(
            "telemetry-packed-too-deep", f"{place} is packed more than {DEPTH} times.", "Unpack it first."
        )
    if start.startswith(GZIP):
        content = _buffered(cast(BinaryIO, gzip.GzipFile(fileobj=stream)), broken)
        yield from _unpacked(place, content, None, depth - 1, broken)
    elif start.startswith(ZSTD):
        yield from _unpacked(place, _zstd(stream, broken), None, depth - 1, broken)
    else:
        yield from _members(place, stream, depth)


def _zstd(stream: io.BufferedReader, broken: list[str]) -> io.BufferedReader:
    import zstandard

    reader = zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(stream, read_across_frames=True)
    return _buffered(cast(BinaryIO, reader), broken)


def _members(place: str, stream: io.BufferedReader, depth: int) -> Iterator[Opened]:
    if not stream.seekable():
        raise InvalidInput(
            "telemetry-zip-stream", f"{place} is a zip that is not a file.", "Store it first, then read the file."
        )
    try:
        archive = zipfile.ZipFile(stream)
    except zipfile.BadZipFile as error:
        raise InvalidInput("telemetry-zip-broken", f"{place} is no whole zip: {error}.", "Copy it again.") from None
    with archive:
        for member in archive.infolist()[:MEMBERS]:
            yield from () if member.is_dir() else _member(place, archive, member, depth)


def _member(place: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, depth: int) -> Iterator[Opened]:
    """What one member holds; one that is encrypted or packed in a way nobody knows here is there, but broken."""
    where = f"{place}!{member.filename}"
    broken: list[str] = []
    try:
        content = archive.open(member)
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        yield Opened(where, _buffered(io.BytesIO()), None, [str(error)])
        return
    with content:
        yield from _unpacked(where, _buffered(cast(BinaryIO, content), broken), None, depth - 1, broken)
