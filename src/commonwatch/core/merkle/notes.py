"""Signed notes and verifier keys (C2SP signed-note), with the three kinds of signature that the record uses.

Reading: 1. valid UTF-8, no control characters but newlines, within `MAX_BYTES` and `MAX_SIGNATURES`. 2. The text ends at the
last empty line. 3. Each signature line is an em dash, a space, the key's name, a space, base64 in its one spelling of at least
five bytes, and a newline; at least one.

Verifying: 4. keys are known by name *and* id; others are ignored. 5. A known key's signature that fails spoils the note. 6. So
does having none of a known key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.signing.keys import SigningKey, public_key

MAX_BYTES = 512 * 1024  # a hundred signatures with ML-DSA-44
MAX_SIGNATURES = 100
ED25519 = 0x01
COSIGNATURE = 0x04
ML_DSA_44 = 0x06
KEY_LENGTHS = {ED25519: 32, COSIGNATURE: 32, ML_DSA_44: 1312}
_DASH = "\u2014 "


@dataclass(frozen=True)
class NoteSignature:
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """As it stands in a note, with its newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"


@dataclass(frozen=True)
class Note:
    """A text with signatures that nobody has verified yet."""

    text: str  # with its final newline
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """The note as it is served."""
        return (self.text + "\n" + "".join(one.line for one in self.signatures)).encode()

    def adding(self, signatures: Iterable[NoteSignature]) -> Note:
        """The note with further signatures, each once."""
        return Note(self.text, tuple(dict.fromkeys([*self.signatures, *signatures])))


@dataclass(frozen=True)
class VerifierKey:
    """A key that may sign notes: name, kind of signature, public key. Made by `verifier_key` or `parse_vkey`."""

    name: str
    kind: int
    raw: bytes

    @cached_property
    def key_id(self) -> bytes:
        """The four bytes by which signature lines name it."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.raw).digest()[:4]

    @property
    def text(self) -> str:
        """As a vkey."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.raw).decode()}"


class Verifies(Protocol):
    """Whether a signature of a key of its kind holds over a note's text."""

    def __call__(self, key: VerifierKey, text: str, signature: bytes) -> bool: ...


def verifier_key(name: str, kind: int, raw: bytes) -> VerifierKey:
    """The key of these parts; raises InvalidInput."""
    if not is_key_name(name):
        raise InvalidInput(
            "key-name", "A key's name has no blanks and no plus, and is not empty.", "Give another name."
        )
    if len(raw) != KEY_LENGTHS.get(kind):
        raise InvalidInput(
            "key-kind",
            "It is no Ed25519 key (1), cosigning key (4) or ML-DSA-44 key (6).",
            "Ask its holder for the vkey.",
        )
    if kind != ML_DSA_44:
        public_key(raw)
    return VerifierKey(name, kind, raw)


def parse_vkey(text: str) -> VerifierKey:
    """The key of a vkey; raises InvalidInput where it is malformed or its id is not its own."""
    name, _, rest = text.partition("+")
    digits, _, encoded = rest.partition("+")
    raw = decode_base64(encoded)
    made = verifier_key(name, raw[0], raw[1:]) if raw else None
    if made is None or made.key_id.hex() != digits:
        raise InvalidInput("vkey-malformed", "It is no verifier key: name+id+key.", "Copy it whole from its holder.")
    return made


def parse_note(raw: bytes) -> Note:
    """A note's text and signatures, nothing verified; raises InvalidInput."""
    if len(raw) > MAX_BYTES:
        raise _malformed(f"it is larger than {MAX_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _malformed("it is not UTF-8") from None
    if any(char < " " and char != "\n" for char in text):
        raise _malformed("it holds control characters")
    body, blank, lines = text.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise _malformed("it has no signatures after an empty line, or does not end with a newline")
    given = lines[:-1].split("\n")
    if len(given) > MAX_SIGNATURES:
        raise _malformed(f"it has more than {MAX_SIGNATURES} signatures")
    return Note(body + "\n", tuple(_signature(line) for line in given))


def parse_signatures(raw: bytes) -> tuple[NoteSignature, ...]:
    """Signature lines alone, as witnesses answer them; raises InvalidInput."""
    return parse_note(b"\n\n" + raw).signatures


def verified(note: Note, keys: Sequence[VerifierKey], verifies: Verifies) -> tuple[NoteSignature, ...] | Broken:
    """The signatures of these keys, all of which hold, or why the note is not to be believed."""
    known = {(key.name, key.key_id): key for key in keys}
    found = []
    for one in note.signatures:
        key = known.get((one.name, one.key_id))
        if key is None:
            continue
        if not verifies(key, note.text, one.signature):
            return Broken("signature-wrong", f"The signature of {one.name} does not hold.")
        found.append(one)
    return tuple(found) if found else Broken("not-signed", "No key that is known signed it.")


def sign_note(text: str, name: str, key: SigningKey) -> NoteSignature:
    """The Ed25519 signature of a note."""
    return NoteSignature(name, verifier_key(name, ED25519, key.public.raw).key_id, key.sign(text.encode()))


def is_key_name(name: str) -> bool:
    """Whether a key may be called so."""
    return bool(name) and "+" not in name and not any(char.isspace() or char < " " for char in name)


def decode_base64(text: str) -> bytes:
    """The bytes of standard base64 in its one spelling; empty for anything else."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""


def _signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    raw = decode_base64(encoded)
    if not line.startswith(_DASH) or not is_key_name(name) or len(raw) < 5:
        raise _malformed("a line is no signature")
    return NoteSignature(name, raw[:4], raw[4:])


def _malformed(what: str) -> InvalidInput:
    return InvalidInput("note-malformed", f"It is no signed note: {what}.", "Fetch it again from the log.")
