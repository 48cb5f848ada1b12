"""Sealed content as one file to be carried, and taken in again; or opened by a recipient, where no node is.

The file is a tar archive of pieces under their SHA-256, the manifest first. It holds ciphertext only, so that any way will do. Taking
it in believes nothing in it but bytes that have the sum that they are named by, and puts nothing anywhere but into the store.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from commonwatch.capabilities.evidence.sealing import (
    LARGEST_MANIFEST,
    LARGEST_PIECE,
    Digests,
    Manifest,
    Told,
    manifest_of,
    unseal,
)
from commonwatch.capabilities.evidence.store.blobs import Store, digest_of, fetched, is_digest
from commonwatch.core.errors import IntegrityError, InvalidInput

BLOCK = 512  # of a tar archive


def pack(store: Store, pieces: Sequence[str], to: Path, told: Told = lambda done: None) -> int:
    """Write the file: the manifest and its parts; how many bytes. The file appears when it is whole."""
    part = to.with_name(f".{to.name}.part")
    try:
        with part.open("wb") as file:
            for block in packed(store, pieces):
                file.write(block)
                told(len(block))
        part.replace(to)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InvalidInput("file-unwritable", f"{to}: {error.strerror}.", "Choose another place.") from None
    return to.stat().st_size


def packed(store: Store, pieces: Sequence[str]) -> Iterator[bytes]:
    """The same as blocks, for whoever sends it. The same pieces always give the same bytes."""
    for digest in pieces:
        raw = fetched(store, digest)
        head = tarfile.TarInfo(digest)
        head.size, head.mode = len(raw), 0o600
        yield head.tobuf(tarfile.USTAR_FORMAT)
        yield raw
        yield bytes(-len(raw) % BLOCK)
    yield bytes(2 * BLOCK)


def take(file: Path, store: Store, told: Told = lambda done: None) -> str:
    """Put the pieces of a file into the store; the digest of the manifest. Begun again, what is there is passed over.

    Raises IntegrityError for a piece that is not what its name says, InvalidInput for what is no such file.
    """
    with _archive(file) as pieces:
        manifest, first = next(pieces, ("", io.BytesIO()))
        raw = first.read(LARGEST_MANIFEST + 1)
        if digest_of(raw) != manifest:
            raise _altered(manifest)
        wanted = {part.sha256 for part in manifest_of(raw).parts}
        for digest, content in pieces:
            if digest not in wanted:
                raise InvalidInput(
                    "not-sealed-content", "It holds what its manifest does not name.", "Have it packed again."
                )
            if store.size(digest) is None:
                piece = content.read(LARGEST_PIECE + 1)
                if digest_of(piece) != digest:
                    raise _altered(digest)
                store.put(digest, piece)
            told(1)
        store.put(manifest, raw)
    return manifest


def open_file(file: Path, identities: Sequence[Any], to: Path, told: Told = lambda done: None) -> Digests:
    """Open such a file for a recipient, without a node; the sums of what came out, which is compared by whoever knows the item."""
    with _archive(file) as pieces:
        _, first = next(pieces, ("", io.BytesIO()))
        manifest = manifest_of(first.read(LARGEST_MANIFEST + 1))

        def read(digest: str) -> bytes:
            named, content = next(pieces, ("", io.BytesIO()))
            if named != digest:
                raise InvalidInput(
                    "not-sealed-content", "Its parts are not in order, or some are missing.", "Have it packed again."
                )
            return content.read(LARGEST_PIECE + 1)

        return opened_to(manifest, read, identities, to, told)


def opened_to(
    manifest: Manifest,
    read: Callable[[str], bytes],
    identities: Sequence[Any],
    to: Path,
    told: Told = lambda done: None,
) -> Digests:
    """Write the content to a file that is not there yet. What broke off is not left behind."""
    part = to.with_name(f".{to.name}.part")
    if to.exists() or part.exists():
        raise InvalidInput(
            "file-exists", f"{to}, or {part.name} beside it, is there already.", "Remove it, or choose another place."
        )
    try:
        with part.open("xb") as out:
            found = unseal(manifest, read, identities, out.write, told)
        part.rename(to)
    except OSError as error:
        raise InvalidInput("file-unwritable", f"{to}: {error.strerror}.", "Choose another place.") from None
    finally:
        part.unlink(missing_ok=True)
    return found


@contextmanager
def _archive(file: Path) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
    """The pieces of an archive, one after the other: name and content."""
    try:
        with tarfile.open(file, "r|", format=tarfile.USTAR_FORMAT) as archive:
            yield _members(archive)
    except tarfile.TarError:
        raise InvalidInput(
            "not-sealed-content", f"{file} is no packed content.", "Give a file that `pack` made."
        ) from None
    except OSError as error:
        raise InvalidInput("file-unreadable", f"{file}: {error.strerror}.", "Give a readable file.") from None


def _members(archive: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for number, one in enumerate(archive):
        largest = LARGEST_PIECE if number else LARGEST_MANIFEST
        content = archive.extractfile(one) if one.isreg() and is_digest(one.name) and one.size <= largest else None
        if content is None:
            raise InvalidInput(
                "not-sealed-content", "It holds what is no piece of sealed content.", "Have it packed again."
            )
        yield one.name, content
        archive.members = []  # type: ignore[attr-defined]  # the library keeps every head otherwise


def _altered(digest: str) -> IntegrityError:
    return IntegrityError("piece-altered", f"The piece {digest[:16]} was altered on the way.", "Have it packed again.")
