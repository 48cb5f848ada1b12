"""Extracts of a record: all leaves that concern one partner, opened, each with its path to one checkpoint.

1. JSON: `format`, `log`, `member` and `partner` (STIX identities: whose record, about whom), `made` (seconds since 1970), `checkpoint`
(a signed note), `leaves` with `index`, `path` and `entry` (base64) and `opening` (as in proofs). From each leaf a proof file of its
own can be made. 2. Verifying: the checkpoint counts under the verifier's policy; every leaf is in its tree; every opening opens it.
What an extract leaves out, it does not prove: that shows against the partner's extract.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.hashing import HASH_LENGTH, leaf_hash
from commonwatch.core.merkle.leaves import Opening, decode_leaf, decode_opening
from commonwatch.core.merkle.notes import Note, decode_base64, parse_note
from commonwatch.core.merkle.policies import Judged, Policy
from commonwatch.core.merkle.proofs import verify_inclusion
from commonwatch.core.stix.ijson import gate

FORMAT = "commonwatch.extract/v1"


@dataclass(frozen=True)
class Opened:
    """One leaf with everything that proves it."""

    index: int
    path: tuple[bytes, ...]
    entry: bytes
    opening: Opening

    @property
    def at(self) -> int:
        """When it was written, by the node's own word, in seconds since 1970."""
        return decode_leaf(self.entry).at


@dataclass(frozen=True)
class Extract:
    """What such a file holds."""

    log: str
    member: str
    partner: str
    made: int
    note: Note
    leaves: tuple[Opened, ...]

    def encode(self) -> bytes:
        """The file."""
        leaves = [
            _Leaf(one.index, [_text(part) for part in one.path], _text(one.entry), one.opening.encode().decode())
            for one in self.leaves
        ]
        checkpoint = self.note.encode().decode()
        whole = _Extract(FORMAT, self.log, self.member, self.partner, self.made, checkpoint, leaves)
        return msgspec.json.format(msgspec.json.encode(whole), indent=1)

    def verify(self, policy: Policy) -> Judged | Broken:
        """Whether all of it is proven to whom trusts this policy; the first leaf that is not names itself."""
        judged = policy.judge(self.note)
        if isinstance(judged, Broken):
            return judged
        head = judged.checkpoint
        if head.origin != self.log:
            return Broken("other-log", f"Its checkpoint is that of {head.origin}, not of {self.log}.")
        for one in self.leaves:
            broken = verify_inclusion(leaf_hash(one.entry), one.index, head.size, one.path, head.root)
            broken = broken or one.opening.opens(one.entry)
            if broken is not None:
                return Broken(broken.code, f"Leaf {one.index}: {broken.sentence}")
        return judged


class _Leaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    index: int
    path: list[str]
    entry: str
    opening: str


class _Extract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    log: str
    member: str
    partner: str
    made: int
    checkpoint: str
    leaves: list[_Leaf]


def parse_extract(raw: bytes) -> Extract:
    """The extract of a file, nothing verified; raises InvalidInput."""
    value, finding = gate(raw)
    if finding is not None:
        raise _malformed(finding.sentence)
    try:
        read = msgspec.convert(value, _Extract)
    except msgspec.ValidationError as error:
        raise _malformed(str(error)) from None
    if read.format != FORMAT:
        raise _malformed(f"its format is not {FORMAT}")
    note = parse_note(read.checkpoint.encode())
    return Extract(read.log, read.member, read.partner, read.made, note, tuple(map(_opened, read.leaves)))


def _opened(leaf: _Leaf) -> Opened:
    path, entry = tuple(decode_base64(part) for part in leaf.path), decode_base64(leaf.entry)
    if any(len(part) != HASH_LENGTH for part in path) or not entry:
        raise _malformed(f"leaf {leaf.index} cannot be read")
    decode_leaf(entry)
    return Opened(leaf.index, path, entry, decode_opening(leaf.opening.encode()))


def of_kind(leaves: Sequence[Opened], kind: str) -> list[Opened]:
    """Those of one kind."""
    return [one for one in leaves if one.opening.kind == kind]


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _malformed(what: str) -> InvalidInput:
    return InvalidInput("extract-malformed", f"It is no extract of a record: {what}.", "Ask for the file again.")
