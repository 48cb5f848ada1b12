"""A stream cut into pieces that end where lines end, so that each can be parsed by itself.

A line longer than the limit is dropped to its end and comes as a piece of its own, marked, with its first bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

SIZE = (
    8 << 20
)  # bytes of a piece: large enough for a library's set-up to vanish, small enough for two processes' caches
LONGEST = 4 << 20  # bytes of one line: the longest script block of a Windows event is far below
SHOWN = 200


class Chunk(NamedTuple):
    """Whole lines; or, `overlong`, the beginning of one line that was dropped."""

    data: bytes
    overlong: bool = False


def chunks(stream: io.BufferedReader, size: int = SIZE, longest: int = LONGEST) -> Iterator[Chunk]:
    """The whole of a stream. The last piece may lack its line end."""
    rest = b""
    while data := stream.read(size):
        end = data.rfind(b"\n") + 1
        if end:
            whole = data if end == len(data) and not rest else b"".join((rest, memoryview(data)[:end]))  # copied once
            yield from long_lines(whole, longest)
            rest = data[end:]
            continue
        rest += data
        if len(rest) > longest:
            yield Chunk(rest[:SHOWN], overlong=True)
            rest = _after_line(stream, size)
    if rest:
        yield from long_lines(rest, longest)


def _after_line(stream: io.BufferedReader, size: int) -> bytes:
    while data := stream.read(size):
        end = data.find(b"\n") + 1
        if end:
            return data[end:]
    return b""


def long_lines(data: bytes, longest: int) -> Iterator[Chunk]:
    """A piece without its overlong lines, which stand apart at their place."""
    if len(data) <= longest:
        yield Chunk(data)
        return
    start = at = 0
    while at < len(data):
        end = data.rfind(b"\n", at, at + longest + 1) + 1
        if end > at:
            at = end
            continue
        end = data.find(b"\n", at + longest) + 1 or len(data)
        if end - at <= longest:  # the last line, which lacks its end
            break
        if at > start:
            yield Chunk(data[start:at])
        yield Chunk(data[at : at + SHOWN], overlong=True)
        start = at = end
    if start < len(data):
        yield Chunk(data[start:] if start else data)


def spanned(stream: io.BufferedReader, start: int, end: int) -> tuple[io.BufferedReader, tuple[int, int]]:
    """The lines that begin in a range of bytes, and where they lie: ranges that touch share out a file without loss or double."""
    first, last = line_start(stream, start), line_start(stream, end)
    stream.seek(first)
    return io.BufferedReader(_Limited(stream, last - first), 1 << 16), (first, last)


def line_start(stream: io.BufferedReader, at: int) -> int:
    """Where the first line begins that does not begin before `at`."""
    if at <= 0:
        return 0
    stream.seek(at - 1)
    while line := stream.readline(1 << 20):
        if line.endswith(b"\n"):
            break
    return stream.tell()


class _Limited(io.RawIOBase):
    """The next bytes of a stream, as many as given."""

    def __init__(self, stream: io.BufferedReader, length: int) -> None:
        self.source, self.left = stream, length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        count = self.source.readinto(memoryview(buffer)[: self.left])
        self.left -= count
        return count
