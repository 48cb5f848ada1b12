"""From pieces of bytes to journal entries and quarantine, for every channel alike.

1. bytes, size and nesting; 3. head fields; 4. checks: `core.stix.judge`, object by object.
2. splitting is the caller's (`core.stix.split`), because containers differ by channel.
5. who says so: `created_by_ref` is stored as the claim it is, the source as voucher.
6. unmarked objects get the source's default marking. 7, 8. release class. 9. append: `base.journal`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import msgspec

from commonwatch.core.stix.values import Finding, Piece


@dataclass(frozen=True)
class Channel:
    """How a batch reaches the node: its source, the collections it goes into, and who is answerable."""

    source: int
    default_marking: str
    actor: str
    slots: tuple[int, ...] = ()


class Result(msgspec.Struct, frozen=True, gc=False):
    """What became of one piece. `kind` is admitted, placed, duplicate, held or refused."""

    kind: str
    object_id: str
    version: str  # as the author wrote it
    findings: tuple[Finding, ...]
    place: str


@dataclass(frozen=True)
class Report:
    """What became of a batch, in the order of its pieces; durable when you hold it."""

    results: Sequence[Result]


def receive(
    pieces: Sequence[Piece], channel: Channel, now_us: int, also: Callable[[Report], None] | None = None
) -> Future[Report]:
    """Judge the pieces on this thread and hand them to the sequencer; `also` runs in the same transaction."""
    raise SystemExit("the lead writes this")
