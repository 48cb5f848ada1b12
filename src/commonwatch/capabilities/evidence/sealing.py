"""Content of any size, sealed for its recipients and put into the store, in one pass and little memory. Nothing looks into it.

1. Content is cut into segments, and each is an age file (age-encryption.org/v1) of its own for the same recipients. The manifest,
a piece as well, lists them in order; its SHA-256 stands in the signed item. Any `age` opens them, one after the other.
2. SHA-256 and SHA-512 of the whole are taken in the same pass, each in a thread of its own.
3. What was sealed and put is noted line by line. Killed and called again, only hashing begins anew: a hash of OpenSSL cannot be
kept over the end of its process, and reading again shows that the beginning is still what was sealed (its SHA-256 is noted).
4. age's own format has chunks and a key that lives in one call; it cannot be gone on with. Hence files of their own.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, Any, Self, TypeAlias

import msgspec
import pyrage

from commonwatch.capabilities.evidence.store.blobs import Store, digest_of, fetched, is_digest
from commonwatch.core.errors import Conflict, IntegrityError, InvalidInput, NotAllowed, NotFound
from commonwatch.core.signing.canonical import canonical

FORMAT = "commonwatch-sealed/1"
SEGMENT = 16 * 2**20  # bytes of content in one piece
LARGEST_PIECE = SEGMENT + 2**20  # age adds 16 bytes for 64 KiB, and some 100 for each recipient
LARGEST_MANIFEST = 64 * 2**20  # more than half a million segments
MOST_RECIPIENTS = 64
_AT_ONCE = 2  # segments that are sealed and put while the next is read

Told: TypeAlias = Callable[[int], None]  # so many bytes more are done
_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
_Size = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sealed segment: SHA-256 and size of the age file."""

    sha256: _Digest
    size: _Size


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What sealed content consists of. It says nothing of what is inside but the size."""

    format: str
    size: _Size  # of the content
    segment: Annotated[int, msgspec.Meta(ge=1, le=2**30)]
    parts: tuple[Part, ...]

    def encode(self) -> bytes:
        """The piece that it is kept as."""
        return canonical(msgspec.to_builtins(self))


class _Noted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of the notes: a part that is in the store, and SHA-256 of the content up to its end."""

    part: Part
    upto: int
    prefix: str


@dataclass(frozen=True)
class Digests:
    """Of content: how much, and both sums."""

    size: int
    sha256: str
    sha512: str


@dataclass(frozen=True)
class Resealed:
    """Content that lies in the store."""

    content: Digests
    manifest: str
    parts: int
    size: int  # of all parts


@dataclass(frozen=True)
class Sealed(Resealed):
    """The same, of a file that was added."""

    notes: Path  # not needed any more once the item is on record


class Sums:
    """Both sums of content that comes in pieces."""

    def __init__(self) -> None:
        self._sha256, self._sha512, self.size = hashlib.sha256(), hashlib.sha512(), 0
        self._pool = ThreadPoolExecutor(2, "sum")
        self._running: list[Future[None]] = []

    def add(self, piece: bytes) -> None:
        """Go on with these bytes; returns while they are being summed."""
        self._wait()
        self.size += len(piece)
        self._running = [self._pool.submit(one.update, piece) for one in (self._sha256, self._sha512)]

    def prefix(self) -> str:
        """SHA-256 of what came so far."""
        self._wait()
        return self._sha256.copy().hexdigest()

    def close(self) -> Digests:
        """The sums."""
        self._wait()
        self._pool.shutdown()
        return Digests(self.size, self._sha256.hexdigest(), self._sha512.hexdigest())

    def _wait(self) -> None:
        for one in self._running:
            one.result()
        self._running = []


def digests(path: Path, told: Told = lambda done: None) -> Digests:
    """Both sums of a file."""
    sums = Sums()
    with _reading(path) as file:
        for piece in _pieces(file):
            sums.add(piece)
            told(len(piece))
    return sums.close()


def recipients_of(texts: Sequence[str]) -> list[Any]:
    """Recipients by their age or OpenSSH public keys; raises InvalidInput."""
    if not 0 < len(texts) <= MOST_RECIPIENTS:
        raise InvalidInput(
            "recipients-count", f"Content is sealed for 1 to {MOST_RECIPIENTS} recipients.", "Give age public keys."
        )
    return [_recipient(text) for text in texts]


def identities_of(text: str) -> list[Any]:
    """The secret keys of an identity file of age, or of OpenSSH; raises InvalidInput."""
    try:
        if "OPENSSH PRIVATE KEY" in text:
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        lines = [line.strip() for line in text.splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise InvalidInput("identity-unreadable", "It holds no secret key of age.", "Give a file that age-keygen made.")
    return found


def seal(source: Path, store: Store, recipients: Sequence[str], notes: Path, told: Told = lambda done: None) -> Sealed:
    """Seal a file into the store, going on where an earlier call for the same file and recipients broke off.

    `notes` is a folder. Raises Conflict where the file changed meanwhile, or another process is at it.
    """
    keys = recipients_of(recipients)
    with ExitStack() as held:
        file = held.enter_context(_reading(source))
        before = os.fstat(file.fileno())
        told_of = f"{source.absolute()}\n{before.st_size}\n{before.st_mtime_ns}\n{sorted(recipients)}\n{store.place}"
        book = held.enter_context(_notes(named := notes / f"{digest_of(told_of.encode())}.jsonl"))
        done = _read_notes(book)
        line = held.enter_context(_Line(store, keys, lambda one: _note(book, one)))
        _again(file, line.sums, done, told)
        line.parts += [one.part for one in done]
        for piece in _pieces(file):
            line.push(piece)
            told(len(piece))
            del piece
        made, after = line.end(), os.fstat(file.fileno())
        as_before = (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        if not as_before or made.content.size != after.st_size:
            raise _changed(source)
        return Sealed(made.content, made.manifest, made.parts, made.size, named)


class Incoming:
    """Content that comes in bit by bit, from a page or a program: sealed on the way, nothing plain on any disk.

    Used as a context. What broke off leaves sealed pieces that no item names: they say nothing, and take room.
    """

    def __init__(self, store: Store, recipients: Sequence[str], most_bytes: int) -> None:
        self._line = _Line(store, recipients_of(recipients), lambda one: None)
        self._most = most_bytes
        self._segment = bytearray()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.__exit__()

    def write(self, bit: bytes) -> None:
        """Go on with these bytes; raises InvalidInput where it comes to more than it may."""
        self.size += len(bit)
        if self.size > self._most:
            raise too_large(self._most)
        self._segment += bit
        while len(self._segment) >= SEGMENT:
            self._line.push(bytes(self._segment[:SEGMENT]))
            del self._segment[:SEGMENT]

    def end(self) -> Resealed:
        """All of it has come; raises InvalidInput where that is nothing."""
        if not self.size:
            raise InvalidInput("content-missing", "There is no content.", "Choose a file.")
        if self._segment:
            self._line.push(bytes(self._segment))
        return self._line.end()


def too_large(most_bytes: int) -> InvalidInput:
    """More than may come over a page or the API."""
    return InvalidInput(
        "content-too-large",
        f"The content has more than {most_bytes:,} bytes.",
        "Add it where it is: commonwatch evidence add FILE; or raise max_evidence_bytes.",
        status=413,
    )


class _Line:
    """Segments on their way into the store: `_AT_ONCE` are sealed and put while the next is read."""

    def __init__(self, store: Store, keys: Sequence[Any], note: Callable[[_Noted], None]) -> None:
        self.sums = Sums()
        self.parts: list[Part] = []
        self._store, self._keys, self._note = store, keys, note
        self._pool = ThreadPoolExecutor(_AT_ONCE, "seal")
        self._waiting: deque[tuple[Future[Part], int, str]] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        self.sums.close()

    def push(self, piece: bytes) -> None:
        """The next segment."""
        if len(self._waiting) == _AT_ONCE:
            self._take()
        self.sums.add(piece)
        sealing = self._pool.submit(_put, self._store, piece, self._keys)
        self._waiting.append((sealing, self.sums.size, self.sums.prefix()))

    def end(self) -> Resealed:
        """Put the manifest of what was pushed."""
        while self._waiting:
            self._take()
        content = self.sums.close()
        raw = Manifest(FORMAT, content.size, SEGMENT, tuple(self.parts)).encode()
        self._store.put(digest_of(raw), raw)
        return Resealed(content, digest_of(raw), len(self.parts), sum(part.size for part in self.parts))

    def _take(self) -> None:
        sealed, upto, prefix = self._waiting.popleft()
        self.parts.append(sealed.result())
        self._note(_Noted(self.parts[-1], upto, prefix))


def manifest_of(raw: bytes) -> Manifest:
    """A manifest from outside; raises InvalidInput."""
    try:
        found = msgspec.json.decode(raw[: LARGEST_MANIFEST + 1], type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "manifest-malformed", f"It is no manifest of sealed content: {error}.", "Have it made again."
        ) from None
    whole = len(found.parts) == -(-found.size // found.segment)
    if found.format != FORMAT or not whole or any(part.size > LARGEST_PIECE for part in found.parts):
        raise InvalidInput(
            "manifest-malformed", "Its parts are not those of content of its size.", "Have it made again."
        )
    return found


def unseal(
    manifest: Manifest,
    read: Callable[[str], bytes],
    identities: Sequence[Any],
    write: Callable[[bytes], object],
    told: Told = lambda done: None,
) -> Digests:
    """Open content for a recipient: `read` gives the bytes of a part, `write` takes the content in order.

    Raises NotAllowed where none of the keys opens it, IntegrityError where a part was altered.
    """
    sums = Sums()
    for number, part in enumerate(manifest.parts, 1):
        raw = read(part.sha256)
        if digest_of(raw) != part.sha256:
            raise IntegrityError("piece-altered", f"Part {number} was altered.", "Have it handed over again.")
        try:
            piece = pyrage.decrypt(raw, list(identities))
        except pyrage.DecryptError:
            raise NotAllowed(
                "not-sealed-for-you", f"None of the keys opens part {number}.", "Ask who has a key of a recipient."
            ) from None
        write(piece)
        sums.add(piece)
        told(len(piece))
    return sums.close()


def reseal(
    store: Store, manifest: str, identities: Sequence[Any], recipients: Sequence[str], told: Told = lambda done: None
) -> Resealed:
    """The same content for others: each part is opened in memory and sealed again, and nothing plain is written."""
    keys = recipients_of(recipients)
    parts: list[Part] = []
    whole = manifest_of(fetched(store, manifest))
    content = unseal(whole, store.get, identities, lambda piece: parts.append(_put(store, piece, keys)), told)
    raw = Manifest(FORMAT, whole.size, whole.segment, tuple(parts)).encode()
    store.put(digest_of(raw), raw)
    return Resealed(content, digest_of(raw), len(parts), sum(part.size for part in parts))


def is_whole(store: Store, manifest: str) -> bool:
    """Whether every part is in the store and what its name says. Nothing is opened."""
    try:
        return all(fetched(store, part.sha256) for part in manifest_of(fetched(store, manifest)).parts)
    except (IntegrityError, NotFound):
        return False


def missing(store: Store, manifest: str) -> list[str]:
    """The pieces of this content that the store does not have, or not with the right size; the manifest itself first."""
    if store.size(manifest) is None:
        return [manifest]
    parts = manifest_of(fetched(store, manifest)).parts
    return [part.sha256 for part in parts if store.size(part.sha256) != part.size]


def _recipient(text: str) -> Any:
    try:
        if text.startswith("ssh-"):
            return pyrage.ssh.Recipient.from_str(text)
        return pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise InvalidInput(
            "recipient-unreadable", f"{text[:80]} is no public key of age or OpenSSH.", "Write it as age1..."
        ) from None


def _put(store: Store, piece: bytes, recipients: Sequence[Any]) -> Part:
    raw = pyrage.encrypt(piece, list(recipients))
    made = Part(digest_of(raw), len(raw))
    store.put(made.sha256, raw)
    return made


def _again(file: IO[bytes], sums: Sums, done: Sequence[_Noted], told: Told) -> None:
    """Sum what was sealed before, and see that it is the same."""
    if not done:
        return
    for piece in _pieces(file, done[-1].upto):
        sums.add(piece)
        told(len(piece))
    if sums.size != done[-1].upto or sums.prefix() != done[-1].prefix:
        raise _changed(Path(str(file.name)))


def _pieces(file: IO[bytes], upto: int | None = None) -> Iterator[bytes]:
    left = upto
    while piece := file.read(SEGMENT if left is None else min(SEGMENT, left)):
        yield piece
        if left is not None:
            left -= len(piece)


@contextmanager
def _reading(path: Path) -> Iterator[IO[bytes]]:
    try:
        file = path.open("rb")
    except OSError as error:
        raise InvalidInput("file-unreadable", f"{path}: {error.strerror}.", "Give a readable file.") from None
    with file:
        yield file


@contextmanager
def _notes(path: Path) -> Iterator[IO[bytes]]:
    """The notes of one sealing, for this process alone."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as book:
        try:
            fcntl.flock(book, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                "sealing-runs", "Another process is sealing this file.", "Wait until it has ended."
            ) from None
        yield book


def _read_notes(book: IO[bytes]) -> list[_Noted]:
    """What was noted; a last line that broke off is cut."""
    found: list[_Noted] = []
    whole = 0
    for line in book.read().splitlines(keepends=True):
        try:
            one = msgspec.json.decode(line, type=_Noted)
        except msgspec.DecodeError:
            break
        if not line.endswith(b"\n") or not is_digest(one.prefix):
            break
        found.append(one)
        whole += len(line)
    book.seek(whole)
    book.truncate()
    return found


def _note(book: IO[bytes], one: _Noted) -> None:
    book.write(msgspec.json.encode(one) + b"\n")
    book.flush()


def _changed(source: Path) -> Conflict:
    return Conflict(
        "source-changed", f"{source} was changed while it was being sealed.", "Keep it as it is, and begin anew."
    )
