"""From pieces of bytes to journal entries and quarantine, for every channel alike.

1. Bytes, size and nesting; 3. head fields; 4. checks: `core.stix.judge`, object by object.
2. Splitting is the caller's (`core.stix.split`), because containers differ by channel.
5. Who says so: the author's signature is verified where there is one (`authorship`); else `created_by_ref` is stored as the
claim it is, the source's member as its voucher.
6. Unmarked objects get the source's default marking. 7. Personal-data findings, 8. release class: `classify`.
9. Append, with the source's counters and whatever the caller writes, in one transaction: `base.journal`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import msgspec
from django.conf import settings

from commonwatch.base.intake.authorship import Authorship
from commonwatch.base.intake.classify import release_class
from commonwatch.base.intake.sources import Counted, count
from commonwatch.base.journal.sequencer import sequencer
from commonwatch.base.journal.values import Arrival, Batch, Held, Kind, Outcome, Receipt, Transaction
from commonwatch.core.stix.judge import judge
from commonwatch.core.stix.times import format_time
from commonwatch.core.stix.values import Admissible, Finding, Judgement, Piece, Rejected


@dataclass(frozen=True)
class Channel:
    """How a batch reaches the node: its source, the collections it goes into, and who is answerable."""

    source: int
    default_marking: str  # TLP:...
    voucher: str  # STIX identity of the member that vouches for it
    actor: str
    slots: tuple[int, ...] = ()


class Result(msgspec.Struct, frozen=True, gc=False):
    """What became of one piece. `kind` is admitted, placed, duplicate, held or refused."""

    kind: str
    object_id: str
    findings: tuple[Finding, ...]
    place: str
    seq: int = 0
    version_us: int = 0
    digits: int = 0
    version_text: str = ""

    @property
    def version(self) -> str:
        """The version as its author wrote it; TAXII's fixed stand-in for objects without one."""
        return self.version_text or format_time(self.version_us, min(self.digits, 6) if self.version_us else 6)

    @property
    def is_in(self) -> bool:
        """Whether the node holds the object now."""
        return self.kind not in (Kind.HELD.value, Kind.REFUSED.value)


@dataclass(frozen=True)
class Report:
    """What became of a batch, in the order of its pieces; durable when you hold it."""

    results: Sequence[Result]

    def tally(self) -> dict[str, int]:
        """How many pieces ended how; `with_findings` counts those of the admitted that carry notes."""
        tally = dict.fromkeys(("admitted", "with_findings", "duplicate", "quarantined", "refused"), 0)
        for result in self.results:
            tally[_COUNTER[result.kind]] += 1
            if result.findings and result.kind == Kind.ADMITTED.value:
                tally["with_findings"] += 1
        return tally


_COUNTER = {
    Kind.ADMITTED.value: "admitted",
    Kind.PLACED.value: "duplicate",
    Kind.DUPLICATE.value: "duplicate",
    Kind.HELD.value: "quarantined",
    Kind.REFUSED.value: "refused",
}


def receive(
    pieces: Sequence[Piece], channel: Channel, now_us: int, also: Callable[[Report, Transaction], None] | None = None
) -> Future[Report]:
    """Judge the pieces on this thread and hand them to the sequencer; `also` runs in the same transaction.

    The future's report is durable. It fails with NodeUnable where the database cannot take the batch: then nothing of
    the batch is in.
    """
    authorship = Authorship(now_us)
    judgements: list[Judgement] = []
    arrivals: list[Arrival] = []
    held: list[Held] = []
    for piece in pieces:
        judgement, marks = _judged(piece, authorship, now_us)
        judgements.append(judgement)
        if isinstance(judgement, Admissible):
            arrivals.append(_arrival(judgement, channel, marks))
        elif judgement.severity == "hold":
            held.append(Held(judgement.raw, judgement.place, judgement.object_id, judgement.findings, piece.spec))
    reported: list[Report] = []

    def write(receipt: Receipt, transaction: Transaction) -> None:
        report = Report(_results(judgements, receipt.outcomes))
        transaction.gather(count, Counted(channel.source, report.tally(), now_us))
        if also is not None:
            also(report, transaction)
        reported[:] = [report]

    batch = Batch(arrivals, channel.source, channel.actor, channel.slots, held, write)
    return _mapped(sequencer().submit(batch), reported)


def _judged(piece: Piece, authorship: Authorship, now_us: int) -> tuple[Judgement, int]:
    """The judgement, and what is to be noted of its signature; one that does not hold keeps an object out."""
    limits = settings.COMMONWATCH
    judgement = judge(piece, now_us, limits.max_future_seconds * 1_000_000, limits.max_object_bytes)
    if not isinstance(judgement, Admissible):
        return judgement, 0
    marks = authorship.marks(judgement)
    if isinstance(marks, int):
        return judgement, marks
    head = judgement.head
    version = format_time(head.version, min(head.digits, 6)) if head.version else ""
    found = (marks, *judgement.findings)
    return Rejected("hold", judgement.raw, judgement.place, found, head.id, head.type, version), 0


def _arrival(judgement: Admissible, channel: Channel, marks: int) -> Arrival:
    head = judgement.head
    return Arrival(
        head.id,
        head.type,
        head.uid,
        head.spec,
        head.version,
        head.digits,
        head.revoked,
        head.author,
        release_class(head, judgement.raw, channel.default_marking, channel.voucher),
        judgement.raw,
        judgement.place,
        judgement.findings,
        marks,
        (head.author or (head.id if head.type == "identity" else "")) == channel.voucher,
    )


def _results(judgements: Sequence[Judgement], outcomes: Sequence[Outcome]) -> list[Result]:
    results = []
    following = iter(outcomes)
    for judgement in judgements:
        if isinstance(judgement, Admissible):
            outcome, head = next(following), judgement.head
            findings = outcome.findings + judgement.findings
            kind = outcome.kind.value
            result = Result(kind, head.id, findings, judgement.place, outcome.seq, head.version, head.digits)
        else:
            kind = Kind.HELD.value if judgement.severity == "hold" else Kind.REFUSED.value
            result = Result(
                kind, judgement.object_id, judgement.findings, judgement.place, version_text=judgement.version_text
            )
        results.append(result)
    return results


def _mapped(receipt: Future[Receipt], reported: list[Report]) -> Future[Report]:
    """A future of the report that `write` left behind, failing as the receipt's does."""
    future: Future[Report] = Future()

    def settle(done: Future[Receipt]) -> None:
        if (error := done.exception()) is not None:
            future.set_exception(error)
        else:
            future.set_result(reported[0])

    receipt.add_done_callback(settle)
    return future
