"""Other servers' credentials at rest: encrypted with a key derived from the node's own."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import blake2b

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

from commonwatch.core.errors import NodeUnable

_PURPOSE = b"source secrets"


def seal(secret: str) -> bytes:
    """Encrypted and authenticated; empty stays empty."""
    return _box().encrypt(secret.encode()) if secret else b""


def unseal(sealed: bytes) -> str:
    """The secret; raises NodeUnable where the node's key is not the one it was sealed with."""
    if not sealed:
        return ""
    try:
        return _box().decrypt(sealed).decode()
    except InvalidToken:
        raise NodeUnable(
            "secret-sealed",
            "The source's credentials were stored under another secret key.",
            "Restore secret.key from the backup, or remove the source and add it again.",
        ) from None


def _box() -> Fernet:
    key = blake2b(settings.SECRET_KEY.encode(), digest_size=32, person=_PURPOSE).digest()
    return Fernet(urlsafe_b64encode(key))
