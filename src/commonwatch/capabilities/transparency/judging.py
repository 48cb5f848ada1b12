"""Judging what is handed over: a proof with its leaf, or evidence against a log. Needs no network, no node, only whom one trusts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cryptography.x509 import Certificate

from commonwatch.capabilities.transparency import keeping, trusting
from commonwatch.core.merkle import checkpoints, leaves
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import parse_checkpoint
from commonwatch.core.merkle.evidence import parse_evidence
from commonwatch.core.merkle.notes import verified
from commonwatch.core.merkle.offline import parse_proof
from commonwatch.core.merkle.policies import Policy
from commonwatch.core.merkle.stamped import Existed, parse_stamped


@dataclass(frozen=True)
class Proven:
    """A leaf that was logged. `statement` is empty where it was not handed over; `at` is by the log's own word.

    `stamps`: by when it existed by the word of time-stamping authorities, where their answers were handed over.
    """

    origin: str
    number: int
    size: int
    kind: str
    at: int  # seconds since 1970
    cosigned: tuple[str, ...]
    statement: Mapping[str, Any]
    stamps: tuple[Existed, ...] = ()


@dataclass(frozen=True)
class ProvenAgainst:
    """A log contradicts itself. Where it does not prove itself, it rests on the word of the observers."""

    origin: str
    code: str
    sizes: tuple[int, int]
    seen: int  # seconds since 1970
    observers: tuple[str, ...]
    observer_known: bool
    proves_itself: bool


@dataclass(frozen=True)
class Stamps:
    """A file with what time-stamping authorities said of a leaf, and the roots by which they are believed."""

    file: bytes
    roots: Sequence[Certificate]


def judge_proof(raw: bytes, entry: bytes, policy: Policy, stamps: Stamps | None = None) -> Proven | Broken:
    """What a proof proves of the leaf, and stamps beside it; or why not. Raises InvalidInput for what is no proof."""
    proof = parse_proof(raw)
    judged = proof.verify(entry, policy)
    if isinstance(judged, Broken):
        return judged
    opened = leaves.decode_opening(proof.extra) if proof.extra else None
    broken = opened.opens(entry) if opened is not None else None
    if broken is not None:
        return broken
    leaf, head = leaves.decode_leaf(entry), judged.checkpoint
    said = dict(opened.body) if opened is not None else {}
    existed: tuple[Existed, ...] | Broken = ()
    if stamps is not None:
        keys = [key for key in policy.logs if key.name == head.origin]
        existed = parse_stamped(stamps.file).judge(entry, keys, stamps.roots)
    if isinstance(existed, Broken):
        return existed
    return Proven(head.origin, proof.index, head.size, leaf.t, leaf.at, judged.cosigned, said, existed)


def judge_evidence(raw: bytes, policy: Policy) -> ProvenAgainst | Broken:
    """What evidence proves, by the keys of the log that it accuses; or why not. Raises InvalidInput for what is none."""
    held, note = parse_evidence(raw)
    broken = held.judge(policy.logs)
    signed = verified(note, policy.logs, checkpoints.verify)
    if broken is None and isinstance(signed, Broken) and (signed.code != "not-signed" or not held.proves_itself):
        broken = signed
    if broken is not None:
        return broken
    first, second = (parse_checkpoint(one.text).size for one in (held.first, held.second))
    observers = tuple(dict.fromkeys(one.name for one in note.signatures))
    known = not isinstance(signed, Broken)
    return ProvenAgainst(held.origin, held.code, (first, second), held.seen, observers, known, held.proves_itself)


def own_trust() -> Policy:
    """Whom this node believes: its policy, with the keys of every log that it witnesses."""
    return replace(trusting.policy(), logs=tuple(keeping.log_keys("")))
