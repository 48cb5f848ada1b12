"""What becomes a leaf: the journal's entries as they are followed, and the decisions that `base.release` and its neighbours record.

| followed | kind of leaf | statement |
| --- | --- | --- |
| admission | receipt | the object's id, version and SHA-256, its source; of recalls and answers, from whom to whom |
| erasure | erase | which leaves lost their openings |
| page served | share | to whom, which collection and filter, from where to where, under which epoch |
| epoch | policy | digest of the world, what was changed and by whom, SHA-256 of the report |
| recall, and its answer | recall, answer | to whom, how many objects, what it answered |
| parcel to or from a peer | sent, taken | from whom to whom, which places, how many objects, root over their bytes |
| act on record | membership, agreement, consent, policy, act | who did what (`ACTS`) |
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

import orjson
from django.db import transaction
from django.db.models import Q, QuerySet

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.journal.schema import SEQ_MASK, seq_to_us
from commonwatch.base.journal.values import Act, Admission, Entry
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.models import Epoch, Handover, Recall, Served
from commonwatch.capabilities.transparency import record
from commonwatch.capabilities.transparency.models import Followed
from commonwatch.capabilities.transparency.record import Statement
from commonwatch.core.merkle.leaves import Body
from commonwatch.core.signing.canonical import canonical, digest
from commonwatch.core.stix.ids import format_id

JOURNAL = "journal"
AT_ONCE = 1_000
SETTLED_US = 10_000_000  # acts are on record in the order of their numbers, but one may become visible a little late
# What acts become a leaf, by the first word of their action, and of which kind. Who adds a room adds its word here.
ACTS = {
    "member": "membership",
    "community": "membership",
    "federation": "membership",
    "agreement": "agreement",
    "consent": "consent",
    "policy": "policy",
    "key": "act",
    "log": "act",
    "collection": "act",
    "evidence": "act",
    "legal": "act",
}


class JournalRecord:
    """Logs every entry of the journal, once for ever: a rebuild starts over, the log does not."""

    name = "transparency"
    version = 1

    def apply(self, entries: Sequence[Entry]) -> None:
        """Log a run of entries."""
        upto = _upto(JOURNAL)
        fresh = [entry for entry in entries if entry.seq > upto]
        if not fresh:
            return
        erased: list[Act] = [entry for entry in fresh if isinstance(entry, Act) and entry.kind == "erase"]
        record.append([_of_admission(entry) for entry in fresh if not isinstance(entry, Act)], policies())
        gone = record.erase(JOURNAL, [act.target for act in erased])
        record.append([_of_erasure(act, gone[act.target]) for act in erased], policies())
        Followed.objects.filter(source=JOURNAL).update(upto=fresh[-1].seq)

    def reset(self) -> None:
        """Nothing to empty: what was logged stays, and how far it was logged with it."""


def follow_decisions(now: int) -> int:
    """Log what was decided and done since; how many leaves."""
    return (
        _follow("epoch", lambda after: map(_of_epoch, Epoch.objects.filter(pk__gt=after).order_by("pk")[:AT_ONCE]))
        + _follow("served", lambda after: map(_of_page, Served.objects.filter(pk__gt=after).order_by("pk")[:AT_ONCE]))
        + _follow("recall", lambda after: map(_of_recall, _recalls().filter(pk__gt=after).order_by("pk")[:AT_ONCE]))
        + _follow("answer", lambda after: map(_of_answer, _answers(after)))
        + _follow("handover", lambda after: map(_of_handover, _handovers(after, now - SETTLED_US)[:AT_ONCE]))
        + _follow("act", lambda after: map(_of_act, _acts(after, now - SETTLED_US)[:AT_ONCE]))
    )


def policies() -> str:
    """SHA-256 that stands for the policies and facts in force: of the epoch's digest. Empty before the first."""
    latest = Epoch.objects.order_by("-pk").values_list("digest", flat=True).first()
    return sha256(latest.encode()).hexdigest() if latest else ""


def _follow(source: str, rows: Callable[[int], Iterable[Statement]]) -> int:
    with transaction.atomic():
        found = list(rows(_upto(source)))
        if found:
            record.append(found, policies())
            # Answers come in the order of their times, all else in that of its rows.
            last = found[-1].at_us if source == "answer" else found[-1].key
            Followed.objects.filter(source=source).update(upto=last)
    return len(found)


def _upto(source: str) -> int:
    """How far a source was logged; whoever else would log it waits. Inside a transaction."""
    Followed.objects.get_or_create(source=source)
    return Followed.objects.select_for_update().get(source=source).upto


def _of_admission(one: Admission) -> Statement:
    body: Body = {
        "object": format_id(one.type, one.uid),
        "seq": one.seq,
        "sha256": sha256(one.raw).hexdigest() if one.raw else "",
        "source": one.source,
        "version": one.version,
    }
    if one.type in ("recall", "receipt") and one.raw:  # both sides have these, and each finds the other's by them
        value = orjson.loads(one.raw)
        named = {"from": "created_by_ref", "to": "recipient_ref", "recall": "recall_ref", "answer": "answer"}
        body = {**body, **{word: str(value[name]) for word, name in named.items() if name in value}}
    return Statement("receipt", JOURNAL, one.seq, seq_to_us(one.seq), body)


def _of_erasure(act: Act, leaves: Sequence[int]) -> Statement:
    body: Body = {"actor": act.actor, "leaves": " ".join(map(str, leaves)), "seq": act.target}
    return Statement("erase", JOURNAL, act.seq, seq_to_us(act.seq), body)


def _of_epoch(one: Epoch) -> Statement:
    body: Body = {"actor": one.actor, "report": digest(one.report), "what": one.what, "world": one.digest}
    return Statement("policy", "epoch", one.pk, one.made_us, body)


def _of_page(one: Served) -> Statement:
    names = ("reader", "recipient", "epoch", "kind", "slot", "filter", "count")
    body = {name: getattr(one, name) for name in names}
    body |= {
        "first": one.first & SEQ_MASK,
        "last": one.last & SEQ_MASK,
    }  # with the slot's bits no number that others read
    return Statement("share", "served", one.pk, one.at_us, body)


def _recalls() -> QuerySet[Recall]:
    return Recall.objects.select_related("member")


def _of_recall(one: Recall) -> Statement:
    body: Body = {"member": one.member.identity, "objects": one.count, "reason": one.reason, "recall": one.recall}
    return Statement("recall", "recall", one.pk, one.made_us, body)


def _answers(after: int) -> Iterable[Recall]:
    return _recalls().filter(answered_us__gt=after).order_by("answered_us", "pk")


def _of_answer(one: Recall) -> Statement:
    body: Body = {"answer": one.answer, "member": one.member.identity, "recall": one.recall, "receipt": one.receipt}
    return Statement("answer", "answer", one.pk, one.answered_us or 0, body)


def _handovers(after: int, before_us: int) -> QuerySet[Handover]:
    return Handover.objects.filter(pk__gt=after, at_us__lt=before_us).order_by("pk")


def _of_handover(one: Handover) -> Statement:
    here = own_member().identity
    body: Body = {
        "after": one.after & SEQ_MASK,
        "count": one.count,
        "from": here if one.outgoing else one.member,
        "pos": one.pos & SEQ_MASK,
        "root": one.root,
        "slot": one.slot,
        "to": one.member if one.outgoing else here,
    }
    return Statement("sent" if one.outgoing else "taken", "handover", one.pk, one.at_us, body)


def _acts(after: int, before_us: int) -> QuerySet[AuditEntry]:
    named = Q()
    for word in ACTS:
        named |= Q(action__startswith=f"{word}.")
    return AuditEntry.objects.filter(named, pk__gt=after, at_us__lt=before_us).order_by("pk")


def _of_act(one: AuditEntry) -> Statement:
    body: Body = {
        "action": one.action,
        "actor": one.actor,
        "detail": canonical(one.detail).decode(),
        "outcome": one.outcome,
        "subject": one.subject,
    }
    return Statement(ACTS[one.action.partition(".")[0]], "act", one.pk, one.at_us, body)
