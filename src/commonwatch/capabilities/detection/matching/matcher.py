"""The one form that every family of patterns is brought to: batches in, hits out.

Plain indicators (`index`), STIX patterns, Sigma and YARA rules each have a matcher; live watch, hunts and cluster drivers
know only this. The same batch against the same generation always gives the same hits, in the same order: by row, then
entry, then column.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, runtime_checkable

from commonwatch.capabilities.detection.telemetry.batch import Batch, Mapping

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Unexecutable:
    """A rule that a mapping gives no chance to match, and why: `sysmon has no field c-uri`."""

    entry: int
    reason: str


class Matcher(Protocol):
    """Patterns of one family, compiled. `entry` numbers are the caller's own: rows of the detection tables."""

    @property
    def generation(self) -> int:
        """The journal entry up to which it knows what is in force."""

    def match(self, batch: Batch) -> pa.RecordBatch:
        """Hits with columns row (int32, in the batch), entry (int64), column (text, "" where several took part)."""

    def unexecutable(self, mapping: Mapping) -> AbstractMapping[int, Unexecutable]:
        """Entries that can never match events of this mapping, each with its reason."""


MatcherFactory = Callable[[], Matcher]  # a function of a module, or a partial of one: it travels to other processes


@runtime_checkable
class Selective(Protocol):
    """A matcher that does not need every column."""

    def columns(self, mapping: Mapping) -> Collection[str] | None:
        """The columns it reads; None for all."""


def columns_asked(matchers: Iterable[Matcher], mapping: Mapping) -> frozenset[str] | None:
    """The columns that some of these matchers reads; None for all."""
    asked = [one.columns(mapping) if isinstance(one, Selective) else None for one in matchers]
    known = [frozenset(one) for one in asked if one is not None]
    return None if len(known) < len(asked) else frozenset[str]().union(*known)


@runtime_checkable
class Coded(Protocol):
    """A matcher that takes texts as codes and what they are taken from, see `telemetry.batch`."""

    takes_codes: bool


class Memory(NamedTuple):
    """What one pattern over several events remembers: the entry, the digest of the pattern as `name`, and bytes."""

    entry: int
    name: str
    state: bytes


@runtime_checkable
class Remembering(Protocol):
    """A matcher whose patterns may stretch over several events, and over a restart."""

    def patterns(self) -> Iterator[tuple[int, str]]:
        """Entry and digest of every pattern that remembers."""

    def memories(self) -> Iterator[Memory]:
        """What has changed since `kept`."""

    def kept(self) -> None:
        """All of `memories` is stored."""

    def resume(self, memory: Memory) -> bool:
        """Go on with what was remembered; False where the pattern is not here. Raises InvalidInput where it is unfit."""


class Step(NamedTuple):
    """An event that meets a part of a pattern over several events: its row, the matcher's own number of the part, and which
    brackets of a STIX pattern hold."""

    row: int
    node: int
    brackets: tuple[int, ...] = ()


Follow = Callable[[Step], Iterable[int]]  # the entries that one event completes


@runtime_checkable
class Parting(Protocol):
    """A matcher that can leave patterns over several events to somebody who has the events of all files in order of time."""

    def parted(self, batch: Batch) -> tuple[pa.RecordBatch, list[Step]]:
        """The hits that one event decides, and the steps of all other patterns, which are not taken. Timeless rows take none."""

    def follower(self, batch: Batch) -> Follow:
        """Takes the steps of a batch's rows, in whatever order they are handed in. The batch may be those rows alone."""


def hits_schema() -> pa.Schema:
    """The columns of every matcher's answer. A function, so that a node that watches nothing loads no Arrow."""
    import pyarrow as pa

    return pa.schema([("row", pa.int32()), ("entry", pa.int64()), ("column", pa.string())])
