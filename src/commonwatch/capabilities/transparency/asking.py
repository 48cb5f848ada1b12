"""Asking the witnesses of the policy to cosign our checkpoint (C2SP tlog-witness, add-checkpoint).

1. A round is one checkpoint for all witnesses; a new one begins when the log has grown and the last is a minute old. 2. Each witness is
sent the proof from the size that it cosigned last; 409 names that size, and it is asked once more at once. 3. A witness that does not
answer, or refuses, is asked again after one minute, two, four ... at most an hour. 4. A witness that has cosigned more leaves than we
have says that this log was set back: that is shown until a person has looked. 5. Once the quorum is met, the checkpoint with its
cosignatures is what proofs are made from.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from commonwatch.base.clock import MICROSECONDS
from commonwatch.capabilities.transparency import record, trusting
from commonwatch.capabilities.transparency.models import Asked, Round
from commonwatch.capabilities.transparency.reaching import Got, Reach
from commonwatch.core.errors import CommonwatchError, PeerError
from commonwatch.core.merkle.checkpoints import parse_checkpoint, parse_decimal, verify
from commonwatch.core.merkle.notes import Note, NoteSignature, VerifierKey, parse_note, parse_signatures, verified
from commonwatch.core.merkle.policies import Judged, Policy
from commonwatch.core.merkle.proofs import consistency_proof
from commonwatch.core.merkle.witness import SIZE_TYPE, encode_request

EVERY_US = 60 * MICROSECONDS
LONGEST_US = 3_600 * MICROSECONDS
SET_BACK = "The witness has cosigned"  # how the one error begins that asks for a person
_ROW = 1


@dataclass(frozen=True)
class Witness:
    """A witness that can be asked."""

    name: str
    key: VerifierKey
    url: str


def ask_due(reach: Reach, now_us: int) -> bool:
    """Ask every witness that is due; whether any cosigned."""
    policy = trusting.policy()
    asked = witnesses(policy)
    if not asked or record.ensure_log().size == 0:
        return False
    row = _round(now_us)
    due = [one for one in asked if _is_due(one, row, now_us)]
    return any([_ask(one, reach, policy, now_us) for one in due])  # noqa: C419 - all of them


def witnesses(policy: Policy) -> list[Witness]:
    """The witnesses of the policy that have an address."""
    return [
        Witness(name, key, policy.addresses[key.text].rstrip("/"))
        for name, key in policy.witnesses.items()
        if key.text in policy.addresses
    ]


def _round(now_us: int) -> Round:
    """The round that is on; a new one where it is time."""
    head = record.ensure_log()
    row, _ = Round.objects.get_or_create(pk=_ROW)
    grown = not row.note or parse_note(bytes(row.note)).text != parse_note(bytes(head.note)).text
    if grown and now_us - row.at_us >= EVERY_US:
        row.note, row.at_us = bytes(head.note), now_us
        row.save(update_fields=["note", "at_us"])
    return row


def _is_due(one: Witness, row: Round, now_us: int) -> bool:
    has = any(_is_of(signature, one.key) for signature in parse_note(bytes(row.note)).signatures)
    return not has and not Asked.objects.filter(pk=one.key.text, next_try_us__gt=now_us).exists()


def _ask(one: Witness, reach: Reach, policy: Policy, now_us: int) -> bool:
    """Ask one witness, and keep what it answered; whether it cosigned."""
    state, _ = Asked.objects.get_or_create(pk=one.key.text)
    try:
        note = parse_note(bytes(Round.objects.get(pk=_ROW).note))
        size = parse_checkpoint(note.text).size
        signatures = _cosigned(one, reach, note, min(state.size, size))
    except CommonwatchError as error:
        state.failures += 1
        delay = min(EVERY_US << min(state.failures - 1, 10), LONGEST_US)
        state.next_try_us, state.last_error = now_us + delay, str(error)[:1_000]
        state.save()
        return False
    _keep(signatures, note, policy, now_us)
    state.size, state.at_us, state.failures, state.next_try_us, state.last_error = size, now_us, 0, 0, ""
    state.save()
    return True


def _cosigned(one: Witness, reach: Reach, note: Note, old: int) -> tuple[NoteSignature, ...]:
    """The witness's cosignatures of this checkpoint; raises PeerError saying what it answered instead."""
    size = parse_checkpoint(note.text).size
    own = Note(note.text, tuple(line for line in note.signatures if line.name == record.origin()))

    def posted(since: int) -> Got:
        proof = consistency_proof(since, size, record.reading_of(size))
        return reach.post(f"{one.url}/add-checkpoint", encode_request(since, proof, own))

    got = posted(old)
    if got.status == 409 and got.content_type.startswith(SIZE_TYPE):
        has = parse_decimal(got.body.decode("ascii", errors="replace").removesuffix("\n"))
        if has is not None and has > size:
            raise PeerError(
                "log-set-back",
                f"{SET_BACK} {has:,} leaves of this log, which has {size:,}.",
                "Was this node restored from an old backup? See docs/transparency.md.",
                retry=True,
            )
        got = posted(has) if has is not None and has != old else got
    if got.status != 200:
        said = got.body[:200].decode("utf-8", errors="replace").strip()
        raise PeerError("witness-refused", f"It answered {got.status}: {said or 'nothing'}.", retry=True)
    signed = verified(Note(note.text, parse_signatures(got.body)), [one.key], verify)
    if not isinstance(signed, tuple):
        raise PeerError("witness-answer", f"Its cosignature does not count: {signed.sentence}", retry=True)
    return signed


def _keep(signatures: tuple[NoteSignature, ...], asked: Note, policy: Policy, now_us: int) -> None:
    """Add cosignatures to the round they belong to; note it where the quorum is met."""
    with transaction.atomic():
        row = Round.objects.select_for_update().get(pk=_ROW)
        note = parse_note(bytes(row.note))
        if note.text != asked.text:
            return
        note = note.adding(signatures)
        row.note = note.encode()
        if isinstance(policy.judge(note), Judged):
            row.quorate, row.quorate_us = row.note, now_us
        row.save(update_fields=["note", "quorate", "quorate_us"])


def _is_of(signature: NoteSignature, key: VerifierKey) -> bool:
    return (signature.name, signature.key_id) == (key.name, key.key_id)
