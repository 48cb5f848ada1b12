"""Documents into the node: pieces in batches, two batches under way, a tally for each document and in all."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field

from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, Report, receive
from commonwatch.capabilities.exchange.files.documents import Document
from commonwatch.core.stix.split import split, split_lines
from commonwatch.core.stix.values import Finding, Piece

BATCH = 1000
IN_FLIGHT = 2  # one is judged while the other is committed


@dataclass
class Tally:
    """What became of the objects of a document, or of a whole run."""

    objects: int = 0
    admitted: int = 0
    with_findings: int = 0
    duplicate: int = 0
    quarantined: int = 0
    refused: int = 0
    documents_refused: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, tuple[str, Finding]] = field(default_factory=dict)  # code -> (where, finding)

    @property
    def complete(self) -> bool:
        """Whether everything that was given is in."""
        return not (self.quarantined or self.refused or self.documents_refused)

    def add_report(self, report: Report, name: str) -> None:
        """Count a batch."""
        for key, number in report.tally().items():
            setattr(self, key, getattr(self, key) + number)
        self.objects += len(report.results)
        for result in report.results:
            for finding in result.findings:
                self._note(finding, f"{name} {result.object_id or result.place}")

    def add_refusal(self, finding: Finding, name: str) -> None:
        """Count a document that could not be read."""
        self.documents_refused += 1
        self._note(finding, name)

    def as_json(self) -> dict[str, object]:
        """Counts and findings for scripts."""
        names = ("objects", "admitted", "with_findings", "duplicate", "quarantined", "refused", "documents_refused")
        findings = {
            code: {
                "count": count,
                "severity": self.examples[code][1].severity,
                "example": self.examples[code][0],
                "place": self.examples[code][1].place,
                "sentence": self.examples[code][1].sentence,
                "remedy": self.examples[code][1].remedy,
            }
            for code, count in self.codes.most_common()
        }
        return {**{name: getattr(self, name) for name in names}, "findings": findings}

    def _note(self, finding: Finding, where: str) -> None:
        self.codes[finding.code] += 1
        self.examples.setdefault(finding.code, (where, finding))


def import_documents(
    found: Iterable[Document], channel: Channel, advance: Callable[[Document, int], None]
) -> Iterator[tuple[str, Tally]]:
    """Take the documents in; yields each document's name and tally once it is durable.

    `advance` is called with each document and the bytes of it that are done.
    """
    for document in found:
        tally = Tally()
        if document.finding is not None:
            tally.add_refusal(document.finding, document.name)
            advance(document, document.size)
        elif document.lines is not None:
            _import_pieces(split_lines(document.lines), channel, tally, document, advance)
        else:
            container = split(document.body)
            if container.finding is not None:
                tally.add_refusal(container.finding, document.name)
                advance(document, document.size)
            else:
                _import_pieces(iter(container.pieces), channel, tally, document, advance)
        yield document.name, tally


def _import_pieces(
    pieces: Iterator[Piece],
    channel: Channel,
    tally: Tally,
    document: Document,
    advance: Callable[[Document, int], None],
) -> None:
    under_way: deque[tuple[Future[Report], int]] = deque()

    def settle() -> None:
        future, size = under_way.popleft()
        tally.add_report(future.result(), document.name)
        advance(document, size)

    try:
        for batch in _batches(pieces):
            size = sum(len(piece.raw) for piece in batch)
            under_way.append((receive(batch, channel, now_us()), size))
            if len(under_way) >= IN_FLIGHT:
                settle()
    finally:  # also when interrupted: what was handed over is waited for
        while under_way:
            settle()


def _batches(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    batch: list[Piece] = []
    for piece in pieces:
        batch.append(piece)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
