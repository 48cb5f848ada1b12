"""Evidence against a log, as one signed note that anybody can judge who has the log's key, and nothing else.

1. The text is `commonwatch.evidence/v1` and then lines of a word and a value: `log` its origin, `code`, `seen` seconds since 1970,
`first` and `second` a signed checkpoint each (base64), and for a rewrite `hash` lines. It is signed by who saw it, with the key of
its own log; its second line is no number, so it is no checkpoint.
2. `fork`: two checkpoints of one size with different roots. 3. `rewrite`: the second is larger; the hashes fold to its root, and for
the leaves that the first had to another root than the first's (RFC 9162, section 2.1.4). Both prove themselves: no honest log signs
the two.
4. `rollback`: the second is smaller, and was shown after the first. A log's signature bears no time, so this rests on the word of
who saw it and on the times of the cosignatures: it is judged only where that one's key is known.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import Checkpoint, parse_checkpoint, parse_decimal, verify
from commonwatch.core.merkle.hashing import HASH_LENGTH, Read
from commonwatch.core.merkle.notes import (
    Note,
    VerifierKey,
    decode_base64,
    parse_note,
    sign_note,
    verified,
)
from commonwatch.core.merkle.proofs import prefix_proof, prefix_root
from commonwatch.core.merkle.witness import is_fork
from commonwatch.core.signing.keys import SigningKey

HEADER = "commonwatch.evidence/v1"
FORK, REWRITE, ROLLBACK = "fork", "rewrite", "rollback"
MAX_BYTES = 64 * 1024
_MAX_COSIGNED = 12 * 1024  # a checkpoint with more than this goes in with the log's own signature only
_MAX_HASHES = 64


@dataclass(frozen=True)
class Evidence:
    """What is held against a log. Whether it holds, `judge` says."""

    origin: str
    code: str
    seen: int
    first: Note
    second: Note
    hashes: tuple[bytes, ...] = ()

    @property
    def proves_itself(self) -> bool:
        """Whether nobody's word is needed beside the log's own."""
        return self.code != ROLLBACK

    @property
    def digest(self) -> str:
        """The same for the same two checkpoints, whoever saw them and when."""
        return hashlib.sha256("\n".join(sorted([self.first.text, self.second.text])).encode()).hexdigest()

    @property
    def text(self) -> str:
        """What is signed."""
        lines = [HEADER, f"log {self.origin}", f"code {self.code}", f"seen {self.seen}"]
        lines += [f"{word} {base64.b64encode(note.encode()).decode()}" for word, note in self._notes()]
        lines += [f"hash {base64.b64encode(one).decode()}" for one in self.hashes]
        return "\n".join(lines) + "\n"

    def signed(self, observer: str, key: SigningKey) -> Note:
        """The evidence as who saw it hands it on."""
        return Note(self.text, (sign_note(self.text, observer, key),))

    def judge(self, keys: Sequence[VerifierKey]) -> Broken | None:
        """None where the two checkpoints, signed by a log with one of these keys, are what the code says."""
        heads = []
        for _, note in self._notes():
            signed = verified(note, [key for key in keys if key.name == self.origin], verify)
            if isinstance(signed, Broken):
                return signed
            heads.append(parse_checkpoint(note.text))
        first, second = heads
        if first.origin != self.origin or second.origin != self.origin:
            return Broken("other-log", "The two checkpoints are not both of that log.")
        return None if self._holds(first, second) else Broken("no-evidence", "The two do not contradict each other.")

    def _holds(self, first: Checkpoint, second: Checkpoint) -> bool:
        if self.code == FORK:
            return is_fork(first, second)
        if self.code == REWRITE:
            root = prefix_root(first.size, second.size, second.root, self.hashes)
            return root is not None and root != first.root
        return self.code == ROLLBACK and second.size < first.size

    def _notes(self) -> tuple[tuple[str, Note], tuple[str, Note]]:
        return ("first", self.first), ("second", self.second)


def found(before: Note, now: Note, read: Read, seen: int) -> Evidence | Broken | None:
    """What follows from two signed checkpoints of one log, of which `now` was shown later: evidence, None where it only grew, or
    Broken where the hashes read (of the tree of `now`) do not lead to its root and nothing can be said.
    """
    old, new = parse_checkpoint(before.text), parse_checkpoint(now.text)
    first, second = _lean(before, new.origin), _lean(now, new.origin)
    if old.size > new.size:
        return Evidence(new.origin, ROLLBACK, seen, first, second)
    if old.size == new.size or old.size == 0:
        return Evidence(new.origin, FORK, seen, first, second) if is_fork(old, new) else None
    hashes = tuple(prefix_proof(old.size, new.size, read))
    root = prefix_root(old.size, new.size, new.root, hashes)
    if root is None:
        return Broken("tiles-wrong", "The log's tiles do not lead to the checkpoint that it shows.")
    return None if root == old.root else Evidence(new.origin, REWRITE, seen, first, second, hashes)


def parse_evidence(raw: bytes) -> tuple[Evidence, Note]:
    """Evidence and the note that it came in, nothing judged; raises InvalidInput."""
    if len(raw) > MAX_BYTES:
        raise _malformed(f"it is larger than {MAX_BYTES:,} bytes")
    note = parse_note(raw)
    lines = [line.partition(" ") for line in note.text.split("\n")[:-1]]
    words = [word for word, _, _ in lines]
    if len(lines) < 6 or words[:6] != [HEADER, "log", "code", "seen", "first", "second"]:
        raise _malformed(f"it does not begin as {HEADER} does")
    if set(words[6:]) - {"hash"} or len(words) - 6 > _MAX_HASHES:
        raise _malformed("it has lines that are no hashes, or too many")
    values = [value for _, _, value in lines]
    seen, hashes = parse_decimal(values[3]), tuple(decode_base64(value) for value in values[6:])
    if seen is None or any(len(one) != HASH_LENGTH for one in hashes):
        raise _malformed("its time or its hashes cannot be read")
    first, second = (parse_note(decode_base64(value)) for value in values[4:6])
    for one in (first, second):
        parse_checkpoint(one.text)
    return Evidence(values[1], values[2], seen, first, second, hashes), note


def is_evidence(raw: bytes) -> bool:
    """Whether a file claims to be evidence."""
    return raw.startswith(f"{HEADER}\n".encode())


def _lean(note: Note, origin: str) -> Note:
    """The checkpoint without so many cosignatures that the evidence could not be passed on."""
    if len(note.encode()) <= _MAX_COSIGNED:
        return note
    return Note(note.text, tuple(one for one in note.signatures if one.name == origin)[:2])


def _malformed(what: str) -> InvalidInput:
    return InvalidInput("evidence-malformed", f"It is no evidence: {what}.", "Ask for the file again.")
