"""Checkpoints (C2SP tlog-checkpoint) and cosignatures (C2SP tlog-cosignature).

Checkpoint: 1. origin, size, base64 of the root, each a line, none empty. 2. The size has no leading zeros and fits in 63 bits.
3. Further lines are kept, never empty.

Cosignature: 4. eight bytes of time, then the signature: Ed25519 (0x04) over `cosignature/v1`, the time and the whole text, or
ML-DSA-44 (0x06) over the structure that names cosigner, log, size and root. 5. The time is not zero.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.hashing import HASH_LENGTH, MAX_SIZE
from commonwatch.core.merkle.notes import (
    COSIGNATURE,
    ED25519,
    ML_DSA_44,
    NoteSignature,
    VerifierKey,
    decode_base64,
    verifier_key,
)
from commonwatch.core.signing.keys import PublicKey, SigningKey

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_TIME_BYTES = 8
_MAX_NAME = 255


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The note's text."""
        lines = [self.origin, str(self.size), base64.b64encode(self.root).decode(), *self.extensions]
        return "\n".join(lines) + "\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note's text is; raises InvalidInput."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise _malformed("it has fewer than three lines, or an empty one")
    size, root = parse_decimal(lines[1]), decode_base64(lines[2])
    if size is None or len(root) != HASH_LENGTH:
        raise _malformed("its size or its root is not written as it must be")
    return Checkpoint(lines[0], size, root, tuple(lines[3:-1]))


def parse_decimal(text: str) -> int | None:
    """A size or index in its one spelling; None for anything else."""
    number = int(text) if _DECIMAL.fullmatch(text) else None
    return number if number is not None and number <= MAX_SIZE else None


def verify(key: VerifierKey, text: str, signature: bytes) -> bool:
    """Whether a log's or witness's signature of this kind holds over a checkpoint's text (`notes.Verifies`)."""
    if key.kind == ED25519:
        return PublicKey(key.raw).holds(signature, text.encode())
    time = int.from_bytes(signature[:_TIME_BYTES], "big")
    if len(signature) <= _TIME_BYTES or not 0 < time <= MAX_SIZE:
        return False
    if key.kind == COSIGNATURE:
        return PublicKey(key.raw).holds(signature[_TIME_BYTES:], _message(time, text))
    try:
        message = _structure(key.name, time, parse_checkpoint(text))
        MLDSA44PublicKey.from_public_bytes(key.raw).verify(signature[_TIME_BYTES:], message)
    except (InvalidSignature, InvalidInput):
        return False
    return True


def cosign(text: str, name: str, key: SigningKey, time: int) -> NoteSignature:
    """The Ed25519 cosignature at `time` (seconds since 1970) by a witness of this name."""
    key_id = verifier_key(name, COSIGNATURE, key.public.raw).key_id
    return NoteSignature(name, key_id, time.to_bytes(_TIME_BYTES, "big") + key.sign(_message(time, text)))


def cosign_ml_dsa(text: str, name: str, seed: bytes, time: int) -> NoteSignature:
    """The ML-DSA-44 cosignature by the key of these 32 secret bytes."""
    key = MLDSA44PrivateKey.from_seed_bytes(seed)
    signature = key.sign(_structure(name, time, parse_checkpoint(text)))
    key_id = verifier_key(name, ML_DSA_44, key.public_key().public_bytes_raw()).key_id
    return NoteSignature(name, key_id, time.to_bytes(_TIME_BYTES, "big") + signature)


def ml_dsa_key(name: str, seed: bytes) -> VerifierKey:
    """The public half of the ML-DSA-44 key of these 32 secret bytes."""
    return verifier_key(name, ML_DSA_44, MLDSA44PrivateKey.from_seed_bytes(seed).public_key().public_bytes_raw())


def time_of(signature: NoteSignature) -> int:
    """When a cosignature says it was made, in seconds since 1970."""
    return int.from_bytes(signature.signature[:_TIME_BYTES], "big")


def _message(time: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def _structure(name: str, time: int, checkpoint: Checkpoint) -> bytes:
    """What ML-DSA-44 signs: extension lines are no part of it."""
    cosigner, origin = name.encode(), checkpoint.origin.encode()
    if len(cosigner) > _MAX_NAME or len(origin) > _MAX_NAME:
        raise InvalidInput("name-too-long", f"A name has at most {_MAX_NAME} bytes here.", "Give a shorter one.")
    return b"".join(
        [
            b"subtree/v1\n\0",
            bytes([len(cosigner)]) + cosigner,
            time.to_bytes(8, "big"),
            bytes([len(origin)]) + origin,
            (0).to_bytes(8, "big"),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        ]
    )


def _malformed(what: str) -> InvalidInput:
    return InvalidInput("checkpoint-malformed", f"It is no checkpoint: {what}.", "Fetch it again from the log.")
