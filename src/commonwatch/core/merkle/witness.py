"""The rules of a witness (C2SP tlog-witness, add-checkpoint): what it answers, given what it cosigned last.

1. 400: the request cannot be read. 2. 404: the log is not known. 3. 403: no key of that log signed, or one's signature fails.
4. 400: the old size is above the new. 5. 409: the old size is not the one cosigned last; the answer names that one. 6. 422: an empty
tree with another root; a proof from nothing; the same size with another root; a proof that does not hold.
7. 200: cosign. Whoever calls persists the checkpoint, in the transaction that looked the last one up, before it answers.

What a log signed and may not be cosigned is `suspect`. Of that only a fork of the same size is evidence (`evidence`): whoever asks
may have sent a wrong proof, or an old checkpoint, with a signature that is genuine.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import Checkpoint, parse_checkpoint, parse_decimal, verify
from commonwatch.core.merkle.hashing import EMPTY_ROOT, HASH_LENGTH
from commonwatch.core.merkle.notes import MAX_BYTES, Note, VerifierKey, decode_base64, parse_note, verified
from commonwatch.core.merkle.proofs import verify_consistency

MAX_PROOF = 63
SIZE_TYPE = "text/x.tlog.size"


@dataclass(frozen=True)
class Request:
    """An add-checkpoint request, read."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Answer:
    """What to answer. With status 200 there is no `broken`, and the caller cosigns."""

    status: int
    broken: Broken | None = None
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"
    suspect: bool = False  # signed by the log, and not to be reconciled with what it showed before


def parse_request(raw: bytes) -> Request | Answer:
    """The request of a body, or the refusal of it."""
    try:
        return _parsed(raw)
    except InvalidInput as error:
        return Answer(400, Broken(error.code, error.sentence), error.sentence + "\n")


def encode_request(old: int, proof: Sequence[bytes], note: Note) -> bytes:
    """The body of a request."""
    lines = [f"old {old}", *(base64.b64encode(one).decode() for one in proof), "", ""]
    return "\n".join(lines).encode() + note.encode()


def judge(request: Request, keys: Sequence[VerifierKey], last: Checkpoint | None) -> Answer:
    """What a witness answers that trusts these keys for the request's origin (none: it does not know the log)."""
    if not keys:
        return _refusal(404, Broken("log-unknown", "This witness does not watch that log."))
    signed = verified(request.note, keys, verify)
    if isinstance(signed, Broken):
        return _refusal(403, signed)
    new, known = request.checkpoint, last or Checkpoint(request.checkpoint.origin, 0, EMPTY_ROOT)
    if request.old > new.size:
        return _refusal(400, Broken("shrunk", "The old size is above the new one."), suspect=new.size < known.size)
    if request.old != known.size:
        broken = Broken("other-size", f"The checkpoint cosigned last has {known.size} leaves.")
        return Answer(409, broken, f"{known.size}\n", SIZE_TYPE, suspect=is_fork(new, known))
    if new.size == 0 and new.root != EMPTY_ROOT:
        return _refusal(422, Broken("not-empty", "The root of an empty tree is the hash of nothing."), suspect=True)
    broken_proof = verify_consistency(known.size, new.size, known.root, new.root, request.proof)
    if broken_proof is not None:
        return _refusal(422, broken_proof, suspect=True)
    return Answer(200)


def is_fork(one: Checkpoint, other: Checkpoint) -> bool:
    """Whether two checkpoints of a log cannot both be honest: the same size, different roots."""
    return one.origin == other.origin and one.size == other.size and one.root != other.root


def _parsed(raw: bytes) -> Request:
    head, blank, rest = raw[: MAX_BYTES + 8_192].partition(b"\n\n")
    lines = head.decode("ascii", errors="replace").split("\n")
    old = parse_decimal(lines[0].removeprefix("old ")) if lines[0].startswith("old ") else None
    proof = tuple(decode_base64(line) for line in lines[1:])
    if not blank or old is None or len(proof) > MAX_PROOF or any(len(one) != HASH_LENGTH for one in proof):
        raise InvalidInput("request-malformed", "It is no add-checkpoint request.", "See C2SP tlog-witness.")
    note = parse_note(rest)
    return Request(old, proof, note, parse_checkpoint(note.text))


def _refusal(status: int, broken: Broken, *, suspect: bool = False) -> Answer:
    return Answer(status, broken, broken.sentence + "\n", suspect=suspect)
