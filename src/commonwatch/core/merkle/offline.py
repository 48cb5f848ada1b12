"""Proofs to hand over (C2SP tlog-proof): one text file that proves, without any network, that something was logged.

Verifying: 1. the file is well formed; 2. its checkpoint counts under the verifier's own policy (`policies.Policy.judge`);
3. the leaf, of which the verifier has the entry, is in that checkpoint's tree. The line `extra` is believed by nobody.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import parse_decimal
from commonwatch.core.merkle.hashing import HASH_LENGTH, leaf_hash
from commonwatch.core.merkle.notes import MAX_BYTES, Note, decode_base64, parse_note
from commonwatch.core.merkle.policies import Judged, Policy
from commonwatch.core.merkle.proofs import verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MAX_PATH = 63
MAX_EXTRA_BYTES = 131_072


@dataclass(frozen=True)
class Proof:
    """What such a file holds."""

    index: int
    path: tuple[bytes, ...]
    note: Note
    extra: bytes = b""

    def encode(self) -> bytes:
        """The file."""
        lines = [HEADER]
        if self.extra:
            lines.append(f"extra {base64.b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(one).decode() for one in self.path]
        return ("\n".join(lines) + "\n\n").encode() + self.note.encode()

    def verify(self, entry: bytes, policy: Policy) -> Judged | Broken:
        """Whether the entry was logged, to whom trusts this policy."""
        judged = policy.judge(self.note)
        if isinstance(judged, Broken):
            return judged
        head = judged.checkpoint
        return verify_inclusion(leaf_hash(entry), self.index, head.size, self.path, head.root) or judged


def parse_proof(raw: bytes) -> Proof:
    """The proof of a file; raises InvalidInput."""
    if len(raw) > 2 * MAX_EXTRA_BYTES + MAX_BYTES:
        raise _malformed("it is too large")
    head, blank, note = raw.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise _malformed("it holds what is not ASCII") from None
    if not blank or lines.pop(0) != HEADER:
        raise _malformed(f"it does not begin with {HEADER}, or has no checkpoint")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = decode_base64(lines.pop(0).removeprefix("extra "))
        if not extra:
            raise _malformed("its line extra is not base64")
    index = parse_decimal(lines.pop(0).removeprefix("index ")) if lines and lines[0].startswith("index ") else None
    path = tuple(decode_base64(line) for line in lines)
    if index is None or len(path) > MAX_PATH or any(len(one) != HASH_LENGTH for one in path):
        raise _malformed("its index or its hashes cannot be read")
    return Proof(index, path, parse_note(note), extra)


def _malformed(what: str) -> InvalidInput:
    return InvalidInput("proof-malformed", f"It is no proof: {what}.", "Ask for the file again.")
