"""Evidence against logs: kept once, signed, bounded, and told to the partners.

1. What is kept has been judged: both checkpoints are signed by a key of the log that we know. 2. Each log has `MOST` at most: a log
that shows a thousand faces is as guilty as one that shows two. 3. What this node saw itself it puts into the journal as an object of
type log-evidence, which goes to partners like any other; what comes from others is judged again and kept, not taken on trust.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid5

import orjson
from django.db import IntegrityError, transaction

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import ensure_source
from commonwatch.base.journal.values import Act
from commonwatch.base.journal.values import Entry as JournalEntry
from commonwatch.base.keys import files as keyfiles
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.models import Collection
from commonwatch.base.release.recalls import RECALLS
from commonwatch.capabilities.transparency import record, trusting
from commonwatch.capabilities.transparency.models import Evidence as Row
from commonwatch.capabilities.transparency.models import LogKey, WatchedLog
from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import verify
from commonwatch.core.merkle.evidence import ROLLBACK, Evidence, parse_evidence
from commonwatch.core.merkle.notes import Note, VerifierKey, parse_vkey, verified
from commonwatch.core.stix.extensions import NAMESPACE, evidence_object
from commonwatch.core.stix.markings import TLP2
from commonwatch.core.stix.times import format_time
from commonwatch.core.stix.values import Piece

TYPE = "log-evidence"
MOST = 8  # kept against one log


class EvidenceFollower:
    """Keeps the evidence that partners send, as far as it holds."""

    name = "log evidence"
    version = 1

    def apply(self, entries: Sequence[JournalEntry]) -> None:
        """Judge what is among these entries."""
        for entry in entries:
            if not isinstance(entry, Act) and entry.type == TYPE and entry.raw:
                told(str(orjson.loads(entry.raw).get("evidence", "")).encode(), now_us())

    def reset(self) -> None:
        """Nothing to empty: evidence stays."""


def keep(evidence: Evidence, now: int) -> bool:
    """Keep what this node saw itself, and tell the partners; whether it is new. Raises nothing: what does not hold is left."""
    if evidence.judge(log_keys(evidence.origin)) is not None:
        return False
    own = record.origin()
    note = evidence.signed(own, keyfiles.signing_key(keyfiles.LOG))
    if not _store(evidence, own, note, now):
        return False
    _tell(evidence, note, own)
    return True


def told(raw: bytes, now: int) -> bool:
    """Keep what another saw, where it holds against a log that we know; whether it is new."""
    try:
        evidence, note = parse_evidence(raw)
    except InvalidInput:
        return False
    observers = log_keys("")
    signed = verified(note, observers, verify)
    if isinstance(signed, Broken) and (evidence.code == ROLLBACK or signed.code != "not-signed"):
        return False  # a rollback is as good as the word of who saw it
    if evidence.judge(log_keys(evidence.origin)) is not None:
        return False
    return _store(evidence, note.signatures[0].name, note, now)


def log_keys(origin: str) -> list[VerifierKey]:
    """The keys that we know of a log (empty name: of every log), our own among them."""
    texts = [*WatchedLog.objects.values_list("vkey", flat=True), *LogKey.objects.values_list("vkey", flat=True)]
    known = {key.text: key for key in [*map(parse_vkey, texts), *trusting.policy().logs]}
    return [key for key in known.values() if not origin or key.name == origin]


def _store(evidence: Evidence, observer: str, note: Note, now: int) -> bool:
    if Row.objects.filter(origin=evidence.origin).count() >= MOST:
        return False
    try:
        with transaction.atomic():
            Row.objects.create(
                origin=evidence.origin[:300],
                code=evidence.code,
                observer=observer[:300],
                file=note.encode(),
                at_us=now,
                digest=evidence.digest,
            )
    except IntegrityError:
        return False
    return True


def _tell(evidence: Evidence, note: Note, own: str) -> None:
    """Into the collection that every member may read; from there release and the exchange take it on."""
    author = own_member().identity
    made = evidence_object(
        f"{TYPE}--{uuid5(NAMESPACE, f'{own} {evidence.digest}')}",
        author=author,
        log=evidence.origin,
        evidence=note.encode().decode(),
        marking=TLP2["TLP:CLEAR"],
        at=format_time(evidence.seen * MICROSECONDS, 3),
    )
    source = ensure_source("own", "TLP:AMBER", HOME)
    slots = tuple(Collection.objects.filter(alias=RECALLS).values_list("slot", flat=True))
    receive(
        [Piece(orjson.dumps(made), "")], Channel(source.pk, "TLP:CLEAR", author, "record", slots), now_us()
    ).result()
