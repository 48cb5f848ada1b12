"""That a leaf existed before time-stamping authorities said so (RFC 3161): a proof in a checkpoint that they stamped.

The file is a proof (`offline`, C2SP tlog-proof) whose line `extra` holds what the authorities answered about the checkpoint below it, byte
for byte as it stands there. Judging: 1. the leaf is in that checkpoint's tree; 2. the checkpoint is signed by a key of the log that is
believed; 3. each answer is about it, and leads to a given root. Witnesses are not asked for: nobody stamps what does not exist yet.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from cryptography.x509 import Certificate

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import parse_checkpoint, verify
from commonwatch.core.merkle.hashing import leaf_hash
from commonwatch.core.merkle.notes import Note, VerifierKey, verified
from commonwatch.core.merkle.offline import Proof, parse_proof
from commonwatch.core.merkle.proofs import verify_inclusion
from commonwatch.core.signing.stamps import NoTime, decoded, encoded, judge


@dataclass(frozen=True)
class Existed:
    """By when a leaf existed, by an authority's word. `trusted`: it leads to a given root; without one nothing is judged."""

    authority: str  # as the log's own node calls it
    at_us: int
    signer: str
    trusted: bool


@dataclass(frozen=True)
class StampedProof:
    """What such a file holds: the leaf's path to the checkpoint, and the authorities' answers about that by their names."""

    index: int
    path: tuple[bytes, ...]
    note: Note
    answers: Mapping[str, bytes]

    def encode(self) -> bytes:
        """The file."""
        answers = {name: encoded(one) for name, one in self.answers.items()}
        return Proof(self.index, self.path, self.note, msgspec.json.encode(answers)).encode()

    def judge(
        self, entry: bytes, keys: Sequence[VerifierKey], roots: Sequence[Certificate]
    ) -> tuple[Existed, ...] | Broken:
        """By when the entry existed; `keys` are those of its log."""
        signed = verified(self.note, keys, verify)
        if isinstance(signed, Broken):
            return signed
        head = parse_checkpoint(self.note.text)
        if not any(one.name == head.origin for one in signed):
            return Broken("other-log", f"No key of a log called {head.origin} signed it.")
        broken = verify_inclusion(leaf_hash(entry), self.index, head.size, self.path, head.root)
        if broken is not None:
            return broken
        found = []
        for name, answer in self.answers.items():
            told = judge(answer, self.note.encode(), roots)
            if isinstance(told, NoTime):
                return Broken(told.code, f"The stamp of {name} does not hold: {told.sentence}")
            found.append(Existed(name, told.at_us, told.signer, told.trusted))
        return tuple(found)


def parse_stamped(raw: bytes) -> StampedProof:
    """The proof of a file; raises InvalidInput."""
    proof = parse_proof(raw)
    parse_checkpoint(proof.note.text)
    try:
        answers = msgspec.json.decode(proof.extra, type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError):
        answers = {}
    if not answers:
        raise InvalidInput("stamp-malformed", "It holds no answers of time-stamping authorities.", "Ask for it again.")
    return StampedProof(
        proof.index, proof.path, proof.note, {name: decoded(answer) for name, answer in answers.items()}
    )
