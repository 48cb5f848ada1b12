"""Archives, read as streams and never unpacked to disk. Bounded against bombs; names are only ever shown, never used.

zip, tar (also gz, bz2, xz), gzip; archives inside archives two levels deep. One budget of bytes holds for an archive
and everything in it, and is spent by what is really unpacked, not by what headers claim.
"""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, BinaryIO

from commonwatch.core.stix.values import Finding

MAX_MEMBERS = 20_000
MAX_DEPTH = 2
MAX_RATIO = 200  # unpacked to packed; JSON seldom passes 30
RATIO_COUNTS_ABOVE = 10 * 2**20  # small files may be as repetitive as they like
_CHUNK = 1 << 20


class Refused(Exception):
    """The whole archive is not read on."""

    def __init__(self, code: str, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.finding = Finding(code, "refuse", "", sentence, remedy)


class Budget:
    """Bytes and members that an archive may still unpack to."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.bytes = most
        self.members = MAX_MEMBERS

    def spend(self, size: int) -> None:
        """Raises Refused when nothing is left."""
        self.bytes -= size
        if self.bytes < 0:
            raise Refused(
                "archive-too-large",
                f"It unpacks to more than {self.most:,} bytes.",
                "Import it in parts, or raise max_archive_bytes if you trust it.",
            )

    def member(self) -> None:
        """One more member."""
        self.members -= 1
        if self.members < 0:
            raise Refused("archive-members", f"It has more than {MAX_MEMBERS:,} members.", "Import it in parts.")


def archive_kind(name: str, stream: BinaryIO) -> str | None:
    """zip, tar or gzip by content, or None; leaves the stream at its start."""
    start = stream.read(512)
    stream.seek(0)
    if start[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        return "zip"
    if start[257:262] == b"ustar":
        return "tar"
    lower = name.lower()
    if start[:2] == b"\x1f\x8b":
        return "tar" if lower.endswith((".tar.gz", ".tgz")) else "gzip"
    if start[:3] == b"BZh" or start[:6] == b"\xfd7zXZ\0":
        return "tar"
    return None


def members(
    name: str, kind: str, stream: BinaryIO, budget: Budget, depth: int = 1
) -> Iterator[tuple[str, bytes | Finding]]:
    """The files in an archive, name and content; a finding where one is refused. Raises Refused for the whole."""
    read = {"zip": _zip, "tar": _tar, "gzip": _gzip}[kind]
    try:
        for inner, content in read(name, stream, budget):
            shown = f"{name}!{inner}" if inner else name
            nested = (
                archive_kind(inner or name.removesuffix(".gz"), io.BytesIO(content))
                if isinstance(content, bytes)
                else None
            )
            if nested is None or isinstance(content, Finding):
                yield shown, content
            elif depth >= MAX_DEPTH:
                yield (
                    shown,
                    _finding("archive-nested", "It is an archive in an archive in an archive.", "Unpack it first."),
                )
            else:
                yield from members(shown, nested, io.BytesIO(content), budget, depth + 1)
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError) as error:
        raise Refused("archive-broken", f"The archive cannot be read: {error}.", "Make it again.") from None


def _zip(name: str, stream: BinaryIO, budget: Budget) -> Iterator[tuple[str, bytes | Finding]]:
    with zipfile.ZipFile(stream) as archive:
        infos = archive.infolist()
        _refuse_overlap(infos)
        for info in infos:
            budget.member()
            if info.is_dir():
                continue
            problem = _bad_name(info.filename) or _not_regular(info.external_attr >> 16)
            if problem is None and info.flag_bits & 1:
                problem = _finding("archive-encrypted", "It is encrypted.", "Decrypt it first.")
            if problem is not None:
                yield info.filename, problem
                continue
            with archive.open(info) as member:
                yield info.filename, _read(member, budget, info.compress_size)


def _refuse_overlap(infos: list[zipfile.ZipInfo]) -> None:
    """Members that share bytes are how a small zip unpacks to petabytes (Fifield 2019, CVE-2024-0450)."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise Refused(
                "archive-overlap", "Members of the archive overlap, which no honest archive does.", "Discard it."
            )
        end = info.header_offset + 30 + len(info.filename.encode()) + info.compress_size


def _tar(name: str, stream: BinaryIO, budget: Budget) -> Iterator[tuple[str, bytes | Finding]]:
    with tarfile.open(fileobj=stream, mode="r|*") as archive:
        for info in archive:
            budget.member()
            if info.isdir():
                continue
            problem = _bad_name(info.name)
            if problem is None and not info.isreg():
                problem = _finding("archive-link", "It is a link or a device, not a file.", "Pack the file itself.")
            member = None if problem else archive.extractfile(info)
            if member is None:
                budget.spend(max(info.size, 0))  # passing over it unpacks it, too
                yield info.name, problem or _finding("archive-link", "It has no content.", "Pack the file itself.")
                continue
            yield info.name, _read(member, budget, None)


def _gzip(name: str, stream: BinaryIO, budget: Budget) -> Iterator[tuple[str, bytes | Finding]]:
    packed = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    with gzip.GzipFile(fileobj=stream) as plain:
        yield "", _read(plain, budget, packed)


def _read(member: IO[bytes] | gzip.GzipFile, budget: Budget, packed: int | None) -> bytes:
    chunks, size = [], 0
    while chunk := member.read(_CHUNK):
        budget.spend(len(chunk))
        size += len(chunk)
        if packed is not None and size > RATIO_COUNTS_ABOVE and size > MAX_RATIO * max(packed, 1):
            raise Refused("archive-ratio", f"A member unpacks to more than {MAX_RATIO} times its size.", "Discard it.")
        chunks.append(chunk)
    return b"".join(chunks)


def _bad_name(name: str) -> Finding | None:
    """Nothing is ever written under a member's name, but one that points elsewhere shows what the archive is for."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (len(name) > 1 and name[1] == ":"):
        return _finding("archive-path", "Its name points outside the archive.", "Pack it with a plain relative name.")
    return None


def _not_regular(mode: int) -> Finding | None:
    if mode and mode & 0o170000 not in (0, 0o100000):
        return _finding("archive-link", "It is a link or a device, not a file.", "Pack the file itself.")
    return None


def _finding(code: str, sentence: str, remedy: str) -> Finding:
    return Finding(code, "refuse", "", sentence, remedy)
