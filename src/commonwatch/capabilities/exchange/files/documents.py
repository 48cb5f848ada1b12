"""Files, folders, archives and standard input as a stream of documents, each bounded, nothing written to disk.

What cannot be read is a document with a finding: it never stops the others.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from commonwatch.capabilities.exchange.files.archives import Budget, Refused, archive_kind, members
from commonwatch.core.stix.values import Finding

MAX_DOCUMENT_BYTES = 512 * 2**20  # a bundle is read whole: this bounds the memory
LINES_ABOVE = 16 * 2**20  # a larger file whose first line is a whole object is streamed line by line
_STANDARD_INPUT = "-"


@dataclass(frozen=True)
class Document:
    """One document: its name for people, and either its content, a stream of lines, or why it was refused."""

    name: str
    body: bytes = b""
    lines: BinaryIO | None = None
    finding: Finding | None = None
    size: int = 0


def documents(paths: Sequence[str], archive_bytes: int) -> Iterator[Document]:
    """Every document under these paths, folders in sorted order."""
    for path in paths:
        if path == _STANDARD_INPUT:
            yield from _stream("standard input", sys.stdin.buffer)
        else:
            yield from _path(Path(path), archive_bytes)


def total_bytes(paths: Sequence[str]) -> int | None:
    """The size of everything to be read, None where standard input is among it."""
    if _STANDARD_INPUT in paths:
        return None
    return sum(_size(file) for path in paths for file in _files(Path(path)))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _files(path: Path) -> list[Path]:
    """The regular files of a folder, sorted; links that lead out of it are not followed."""
    if not path.is_dir():
        return [path]
    found = []
    for folder, names, files in os.walk(path, followlinks=False):
        names.sort()
        found += [Path(folder) / name for name in sorted(files) if not name.startswith(".")]
    return found


def _path(path: Path, archive_bytes: int) -> Iterator[Document]:
    files = _files(path)
    if not files:
        yield _refused(str(path), "folder-empty", "The folder holds no files.", "Give one that does.")
    for file in files:
        try:
            mode = file.stat(follow_symlinks=not path.is_dir()).st_mode
            if not stat.S_ISREG(mode):
                yield _refused(
                    str(file), "not-a-file", "It is no regular file.", "Give a file, not a link or a device."
                )
                continue
            with file.open("rb") as stream:
                yield from _open(str(file), stream, file.stat().st_size, archive_bytes)
        except OSError as error:
            yield _refused(
                str(file), "unreadable", f"It cannot be read: {error.strerror}.", "Check path and permissions."
            )


def _open(name: str, stream: BinaryIO, size: int, archive_bytes: int) -> Iterator[Document]:
    kind = archive_kind(name, stream)
    if kind is None:
        yield from _stream(name, stream, size)
        return
    try:
        for inner, content in members(name, kind, stream, Budget(archive_bytes)):
            if isinstance(content, Finding):
                yield Document(inner, finding=content)
            else:
                yield Document(inner, content, size=len(content))
    except Refused as refused:
        yield Document(name, finding=refused.finding, size=size)


def _stream(name: str, stream: BinaryIO, size: int | None = None) -> Iterator[Document]:
    if size is None or size > LINES_ABOVE:
        first = stream.readline(LINES_ABOVE)
        rest: BinaryIO = _Rejoined(first, stream)  # type: ignore[assignment]
        if first.lstrip()[:1] == b"{" and first.rstrip()[-1:] == b"}" and b'"objects"' not in first[:200]:
            yield Document(name, lines=rest, size=size or 0)
            return
        body = rest.read(MAX_DOCUMENT_BYTES + 1)
    else:
        body = stream.read(MAX_DOCUMENT_BYTES + 1)
    if len(body) > MAX_DOCUMENT_BYTES:
        yield _refused(
            name,
            "document-too-large",
            f"It is larger than {MAX_DOCUMENT_BYTES:,} bytes, and is read whole.",
            "Write it as NDJSON, one object a line, which is streamed; or split it.",
        )
        return
    yield Document(name, body, size=size or len(body))


class _Rejoined(io.RawIOBase):
    """A stream with its first line put back."""

    def __init__(self, first: bytes, rest: BinaryIO) -> None:
        self._first = first
        self._rest = rest

    def readline(self, size: int | None = -1, /) -> bytes:
        if self._first:
            line, self._first = self._first, b""
            return line
        return self._rest.readline(-1 if size is None else size)

    def read(self, size: int = -1, /) -> bytes:
        head, self._first = self._first, b""
        return head + self._rest.read(-1 if size < 0 else max(size - len(head), 0))


def _refused(name: str, code: str, sentence: str, remedy: str) -> Document:
    return Document(name, finding=Finding(code, "refuse", "", sentence, remedy))
