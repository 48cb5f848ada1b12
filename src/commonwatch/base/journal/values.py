"""What goes into the journal and what comes back."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import msgspec

from commonwatch.core.stix.values import Finding

T = TypeVar("T")


class ReleaseClass(msgspec.Struct, frozen=True, gc=False):
    """The policy-relevant attributes of an object version: JSON with sorted keys, and its SHA-256 as identity."""

    digest: bytes
    attributes: str


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """One object version that intake found admissible."""

    id: str
    type: str
    uid: bytes
    spec: int  # 20 or 21
    version: int
    digits: int
    revoked: bool
    author: str | None
    release_class: ReleaseClass
    raw: bytes
    place: str = ""
    findings: tuple[Finding, ...] = ()
    marks: int = 0  # what its signature says: schema.SIGNED, schema.UNKNOWN_KEY
    from_author: bool = False  # its author's own channel brought it


class Held(msgspec.Struct, frozen=True, gc=False):
    """Bytes for quarantine."""

    raw: bytes
    place: str
    object_id: str
    findings: tuple[Finding, ...]  # the deciding one first
    spec: int = 0  # what the container said of its objects: 20, or 0 for nothing


class Kind(enum.Enum):
    """What became of one arrival."""

    ADMITTED = "admitted"  # a new entry
    PLACED = "placed"  # held already, now also in a collection it was not in
    DUPLICATE = "duplicate"  # held already with the same canonical content, nothing new
    HELD = "held"  # now in quarantine; `findings` say why
    REFUSED = "refused"  # not taken and not kept; `findings` say why


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of one arrival. `seq` is its entry (0 where held)."""

    kind: Kind
    seq: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """The answer to a batch: durable when you hold it. Outcomes are in the order of the arrivals.

    `last_seq` is the last of the entries that the batch made, 0 where it made none.
    """

    outcomes: list[Outcome]
    last_seq: int


class Transaction(Protocol):
    """The sequencer's open transaction, for callers that write beside the journal."""

    def gather(self, write: Callable[[list[T]], None], item: T) -> None:
        """Have `write` called once, before the commit, with the items of every batch in the transaction."""


@dataclass(frozen=True)
class Batch:
    """What one caller wants appended, all in one transaction with whatever `also` writes.

    `also` runs inside the transaction, on the writing thread, once the batch's outcomes are known. If it raises, this
    batch is rolled back whole and the caller gets the exception; other batches are not touched.
    """

    arrivals: Sequence[Arrival]
    source: int
    actor: str
    slots: tuple[int, ...] = ()
    held: Sequence[Held] = ()
    also: Callable[[Receipt, Transaction], None] | None = field(default=None, compare=False)


class Admission(msgspec.Struct, frozen=True, gc=False):
    """Journal entry: an object version was admitted. `raw` is empty where it has been erased since."""

    seq: int
    type: str
    uid: bytes
    version: int
    spec: int
    source: int
    release_class: int
    raw: bytes


class Act(msgspec.Struct, frozen=True, gc=False):
    """Journal entry: something was done to an earlier one.

    kind `place`: `target` is now also in collection `slot`; `withdraw`: no longer in it; `erase`: its bytes are gone,
    `detail` (JSON) keeps their SHA-256.
    """

    seq: int
    kind: str
    target: int
    slot: int | None
    actor: str
    reason: str
    detail: str


Entry = Admission | Act
