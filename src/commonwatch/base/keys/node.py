"""The key by which others know this node: Ed25519, in `node.key` in the data folder, made at first use.

Its public half is the node's name towards peers, as 64 hexadecimal digits. It signs requests and answers between nodes.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from django.conf import settings

from commonwatch.core.errors import NodeUnable

FILE = "node.key"


def node_key() -> Ed25519PrivateKey:
    """The node's private key; raises NodeUnable where its file cannot be used."""
    path: Path = settings.COMMONWATCH.data / FILE
    try:
        return _loaded(path)
    except FileNotFoundError:
        pass
    made = Ed25519PrivateKey.generate()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:  # another process was first
        return _loaded(path)
    with os.fdopen(handle, "wb") as file:
        file.write(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        file.flush()
        os.fsync(file.fileno())
    return made


def public_name(key: Ed25519PrivateKey) -> str:
    """The public half, as peers know it."""
    return key.public_key().public_bytes_raw().hex()


def _loaded(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except ValueError:
        raise NodeUnable("node-key", f"{path} holds no key.", "Restore it from the backup.") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise NodeUnable("node-key", f"{path} holds no Ed25519 key.", "Restore it from the backup.")
    return key
