"""How the record stands: what witnesses cosigned, how partners' logs look, what is held against whom; and what `doctor` finds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.config import NodeSettings
from commonwatch.base.journal.examine import Examined
from commonwatch.base.journal.reading import versions_of
from commonwatch.capabilities.transparency import asking, record, stamps, trusting
from commonwatch.capabilities.transparency.models import (
    Asked,
    Cosigned,
    Evidence,
    Head,
    LogKey,
    Opening,
    Round,
    Seen,
    WatchedLog,
)
from commonwatch.capabilities.transparency.sources import JOURNAL
from commonwatch.capabilities.transparency.witnessing import origin_hash
from commonwatch.core.errors import NotFound
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import parse_checkpoint
from commonwatch.core.merkle.notes import parse_note
from commonwatch.core.merkle.policies import NONE, Policy
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.times import format_time

TROUBLE = 3  # failures in a row that a person should hear of
LATE_US = 3_600 * MICROSECONDS  # so long without a quorum is too long


@dataclass(frozen=True)
class WitnessState:
    """A witness of the policy. `size` is that of the checkpoint it cosigned last."""

    name: str
    url: str
    size: int | None
    at: str
    cosigned: bool  # the checkpoint that is out now
    trouble: str


@dataclass(frozen=True)
class LogState:
    """A partner's log that is witnessed. Sizes are those cosigned and seen last."""

    origin: str
    vkey: str
    url: str
    size: int | None
    cosigned: str
    seen: int | None
    looked: str
    trouble: str


@dataclass(frozen=True)
class OwnLogKey:
    """A key that signs, or signed, this node's checkpoints."""

    vkey: str
    since_us: int
    until_us: int | None


@dataclass(frozen=True)
class Held:
    """Evidence against a log."""

    number: int
    origin: str
    code: str
    observer: str
    at: str


@dataclass(frozen=True)
class QuorumState:
    """Whose cosignatures the node asks for, and the latest checkpoint that has them."""

    quorum: str
    groups: Mapping[str, str]
    size: int | None
    at: str
    missing: str  # why the checkpoint that is out now is not there yet


def quorum_state() -> QuorumState:
    """The quorum of the policy in force."""
    policy = trusting.policy()
    groups = {name: f"{one.threshold} of {' '.join(one.members)}" for name, one in policy.groups.items()}
    row = Round.objects.first()
    if row is None or not row.note:
        return QuorumState(policy.quorum, groups, None, "", "")
    judged = policy.judge(parse_note(bytes(row.note)))
    missing = judged.sentence if isinstance(judged, Broken) else ""
    return QuorumState(policy.quorum, groups, _size(row.quorate), _time(row.quorate_us), missing)


def witness_states() -> list[WitnessState]:
    """Every witness of the policy."""
    policy = trusting.policy()
    rows = {one.vkey: one for one in Asked.objects.all()}
    note = Round.objects.values_list("note", flat=True).first()
    have = {(one.name, one.key_id) for one in parse_note(bytes(note)).signatures} if note else set()
    found = []
    for name, key in policy.witnesses.items():
        row = rows.get(key.text)
        found.append(
            WitnessState(
                name,
                policy.addresses.get(key.text, ""),
                row.size if row is not None and row.at_us else None,
                _time(row.at_us) if row is not None else "",
                (key.name, key.key_id) in have,
                row.last_error if row is not None else "",
            )
        )
    return found


def log_states() -> list[LogState]:
    """Every log that this node witnesses."""
    cosigned = {one.origin_hash: one for one in Cosigned.objects.all()}
    seen = {one.origin_hash: one for one in Seen.objects.all()}
    found = []
    for one in WatchedLog.objects.order_by("pk"):
        name = origin_hash(one.origin)
        last, looked = cosigned.get(name), seen.get(name)
        found.append(
            LogState(
                one.origin,
                one.vkey,
                one.url,
                _size(last.note) if last is not None else None,
                _time(last.at_us) if last is not None else "",
                _size(looked.note) if looked is not None else None,
                _time(looked.at_us) if looked is not None else "",
                looked.last_error if looked is not None else "",
            )
        )
    return found


def own_log_keys() -> list[OwnLogKey]:
    """The keys of this node's log, oldest first."""
    record.ensure_log()
    return [OwnLogKey(one.vkey, one.from_us, one.until_us) for one in LogKey.objects.order_by("pk")]


def openings(kind: str = "", about: str = "") -> QuerySet[Opening]:
    """What was logged and can still be opened: of a kind, about an object's versions."""
    found = Opening.objects.all()
    if kind:
        found = found.filter(kind=kind)
    if about:
        named = parse_id(about)
        versions = versions_of(named[1]) if named is not None else []
        found = found.filter(source=JOURNAL, key__in=versions)
    return found


def evidence() -> list[Held]:
    """All evidence that is kept, oldest first."""
    rows = Evidence.objects.order_by("pk")
    return [Held(row.pk, row.origin, row.code, row.observer, _time(row.at_us)) for row in rows]


def evidence_file(number: int) -> bytes:
    """One piece of evidence as it is handed over; raises NotFound."""
    row = Evidence.objects.filter(pk=number).first()
    if row is None:
        raise NotFound("evidence-unknown", f"There is no evidence {number}.", "See `commonwatch log evidence`.")
    return bytes(row.file)


def examine(settings: NodeSettings) -> list[Examined]:
    """What `doctor` says of the record."""
    if not Head.objects.exists():
        return []
    return [*_evidence_found(), *_witnesses_found(trusting.policy()), *_logs_found(), *stamps.examined()]


def _evidence_found() -> list[Examined]:
    own = record.origin()
    return [
        Examined(
            f"evidence {one.number}",
            False,
            _contradiction(one, own),
            f"`commonwatch log evidence {one.number} FILE` hands it over; talk to whoever runs that log before you trust it.",
        )
        for one in evidence()
    ]


def _contradiction(one: Held, own: str) -> str:
    said = f"THE LOG {one.origin} CONTRADICTS ITSELF ({one.code}), seen by {one.observer}, kept since {one.at}."
    return f"{said} That is this node's own log." if one.origin == own else said


def _witnesses_found(policy: Policy) -> list[Examined]:
    found = []
    for one in Asked.objects.filter(failures__gt=0):
        name = next((name for name, key in policy.witnesses.items() if key.text == one.vkey), "")
        set_back = asking.SET_BACK in one.last_error
        if name and (set_back or one.failures >= TROUBLE):
            sentence = f"The witness {name} did not cosign {one.failures} times in a row: {one.last_error}"
            found.append(Examined(f"witness {name}", False, sentence, "Talk to whoever runs it."))
    row = Round.objects.first()
    if policy.quorum != NONE and row is not None and row.note:
        met = not isinstance(policy.judge(parse_note(bytes(row.note))), Broken)
        fine = met or now_us() - row.quorate_us < LATE_US
        sentence = f"The record's quorum {policy.quorum} was met last at {_time(row.quorate_us) or 'no time yet'}."
        found.append(Examined("quorum", fine, sentence, "" if fine else "See `commonwatch log status`."))
    return found


def _logs_found() -> list[Examined]:
    return [
        Examined(f"log {one.origin}", False, f"Looking at {one.origin} fails: {one.trouble}", "Ask whoever runs it.")
        for one in log_states()
        if one.trouble and Seen.objects.get(pk=origin_hash(one.origin)).failures >= TROUBLE
    ]


def _size(note: bytes | memoryview) -> int | None:
    return parse_checkpoint(parse_note(bytes(note)).text).size if note else None


def _time(at_us: int) -> str:
    return format_time(at_us, 0) if at_us else ""
