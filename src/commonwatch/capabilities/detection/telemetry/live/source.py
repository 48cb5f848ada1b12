"""The one form of live inputs, and how they are polled.

1. A batch holds at most 8,000 events, and no event waits longer than the next poll: 10 to 50 ms when the caller loops.
2. The position that comes with a batch is plain JSON. It is to be stored after the batch was handled, never before.
3. `handled` says that everything polled so far was: a broker may then forget it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol

from commonwatch.capabilities.detection.telemetry.batch import Batch
from commonwatch.capabilities.detection.telemetry.faults import Faults

LARGEST_BATCH = 8_000  # events
PAUSE_SECONDS = 0.02  # between looks at a file
WAIT_SECONDS = 0.05  # of one poll in a loop

Position = dict[str, object]


class Delivery(NamedTuple):
    """A batch, and the position of what comes after it."""

    batch: Batch
    position: Position


class Live(Protocol):
    """A live input."""

    faults: Faults

    def poll(self, seconds: float) -> Sequence[Delivery]:
        """What has come; waits so long when nothing has."""

    def position(self) -> Position:
        """Where it stands, everything polled included."""

    def handled(self) -> None:
        """Everything polled so far was handled and its position stored."""

    def record_text(self, place: str, record: int) -> str | None:
        """The original of a recent event; None when it is no longer held."""

    def close(self) -> None:
        """Let go of files, sockets and connections."""


def deliveries(live: Live, stopped: Callable[[], bool]) -> Iterator[Delivery]:
    """Batches for as long as nobody stops it. A batch counts as handled when the next one is asked for."""
    while not stopped():
        came = live.poll(WAIT_SECONDS)
        yield from came
        if came:
            live.handled()


def batches_of(batch: Batch, before: Position, after: Position) -> Iterator[Delivery]:
    """A batch in parts of the largest size; only the last part moves the position."""
    count = batch.events.num_rows
    for start in range(0, count, LARGEST_BATCH):
        part = batch.events.slice(start, LARGEST_BATCH)
        last = start + LARGEST_BATCH >= count
        yield Delivery(Batch(part, batch.mapping, batch.place), after if last else before)
