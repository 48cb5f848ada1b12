"""Every secret key of the node: Ed25519, one file each in the data folder, made at first use.

1. A file is PKCS #8 in PEM, mode 600, on the disk before the key is used. One that others may read is refused, as is one that
holds no Ed25519 key: nothing is ever put in its place by itself.
2. A key is rotated in two steps, because others have to be told in between: `prepare` writes the next one beside it, `adopt`
puts it in place. Broken off in between, `prepare` gives the same next key again.
3. A key that is to stay offline is a file of its own anywhere, sealed with a passphrase (`sealed_key`).
"""

from __future__ import annotations

import os
import stat
import threading
from contextlib import suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from commonwatch.core.errors import Conflict, InvalidInput, NodeUnable, NotFound
from commonwatch.core.signing.keys import SigningKey

SUFFIX = ".key"
LOG = "log.key"
WITNESS = "witness.key"  # another key: an Ed25519 cosignature does not name who made it
NODE = "node.key"
NODE_BEFORE = "node-before.key"  # by which peers know this node until they have heard of its new key
APPROVER = "approver.key"  # with which this node speaks for the partnership, where it may
SHORTEST_PASSPHRASE = 8


def member_key_file(member: str) -> str:
    """The file of the key with which a member that this node hosts signs what it writes."""
    return f"member-{member}{SUFFIX}"


def private_key(name: str) -> Ed25519PrivateKey:
    """The key of this file, made now if there is none; raises NodeUnable for a file that cannot be used."""
    path = _path(name)
    if not path.exists():
        _make(path)
    return _read(path)


def signing_key(name: str) -> SigningKey:
    """The same, to sign with."""
    return SigningKey(private_key(name).private_bytes_raw())


def has_key(name: str) -> bool:
    """Whether there is such a key."""
    return _path(name).exists()


def has_following(name: str) -> bool:
    """Whether a key is prepared to follow the one in this file."""
    return _following(name).exists()


def prepare(name: str) -> SigningKey:
    """The key that is to follow the one in this file: the same until it is adopted."""
    following = _following(name)
    if not following.exists():
        _make(following)
    return SigningKey(_read(following).private_bytes_raw())


def adopt(name: str, before: str = "") -> SigningKey:
    """Put the prepared key in place; the secret of the one before is gone, unless it is to be kept under another name."""
    if before:
        _path(before).unlink(missing_ok=True)
        os.link(_path(name), _path(before))
    _following(name).replace(_path(name))
    _sync(_path(name).parent)
    return signing_key(name)


def new_sealed_key(path: Path, passphrase: str) -> SigningKey:
    """A new key in a file that only the passphrase opens; raises Conflict where the file is there already."""
    sealed = new_sealed(passphrase)
    try:
        _write(path, sealed)
    except FileExistsError:
        raise Conflict("key-file-taken", f"{path} is there already.", "Give a new file, or open this one.") from None
    except OSError as error:
        raise NodeUnable("key-file", f"{path} cannot be written: {error.strerror}.", "Give another place.") from None
    return sealed_key(path, passphrase)


def sealed_key(path: Path, passphrase: str) -> SigningKey:
    """The key in a sealed file; raises NotFound, or InvalidInput where the passphrase does not open it."""
    try:
        sealed = path.read_bytes()
    except FileNotFoundError:
        raise NotFound("key-file-missing", f"There is no {path}.", "Put in the stick that it is on.") from None
    return unsealed(sealed, passphrase, str(path))


def new_sealed(passphrase: str) -> bytes:
    """A new key, as a file that only the passphrase opens."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise InvalidInput(
            "passphrase-short",
            f"A passphrase has at least {SHORTEST_PASSPHRASE} characters.",
            "Take several words that you can remember.",
        )
    return _drawn(BestAvailableEncryption(passphrase.encode()))


def unsealed(sealed: bytes, passphrase: str, name: str) -> SigningKey:
    """The key in what such a file holds; `name`: of the file, for whoever has to look for another."""
    try:
        key = load_pem_private_key(sealed, passphrase.encode())
    except (ValueError, TypeError):
        raise InvalidInput("key-sealed", f"That passphrase does not open {name}.", "Try again.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInput("key-sealed", f"{name} holds no Ed25519 key.", "Give the file of a root key.")
    return SigningKey(key.private_bytes_raw())


def _path(name: str) -> Path:
    folder: Path = settings.COMMONWATCH.data
    return folder / name


def _following(name: str) -> Path:
    return _path(name).with_suffix(".next")


def _make(path: Path) -> None:
    """Whole or not at all: another process or thread that looks meanwhile finds no file, or a key."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_native_id()}")
    part.unlink(missing_ok=True)
    try:
        _write(part, _drawn(NoEncryption()))
        with suppress(FileExistsError):  # another was faster
            os.link(part, path)
    except OSError as error:
        raise NodeUnable("key-file", f"{path} cannot be written: {error.strerror}.", "Make room for it.") from None
    finally:
        part.unlink(missing_ok=True)
    _sync(path.parent)


def _drawn(sealed: KeySerializationEncryption) -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed)


def _write(path: Path, made: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(made)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> Ed25519PrivateKey:
    try:
        with path.open("rb") as file:
            mode, raw = os.fstat(file.fileno()).st_mode, file.read(10_000)
    except OSError as error:
        raise NodeUnable("key-file", f"{path} cannot be read: {error.strerror}.", "Restore it from a backup.") from None
    if stat.S_IMODE(mode) & 0o077:
        raise NodeUnable(
            "key-file-open",
            f"Others than its owner may read or change {path}.",
            f"chmod 600 {path}; rotate the key if they may have read it.",
        )
    try:
        return _ed25519(load_pem_private_key(raw, None), path)
    except (ValueError, TypeError):
        raise NodeUnable("key-file", f"{path} holds no key.", "Restore it from a backup.") from None


def _ed25519(key: object, path: Path) -> Ed25519PrivateKey:
    if not isinstance(key, Ed25519PrivateKey):
        raise NodeUnable("key-file", f"{path} holds no Ed25519 key.", "Restore it from a backup.")
    return key


def _sync(folder: Path) -> None:
    """What was written there is there after a power cut, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
