"""A NATS JetStream subject with a durable consumer: what was not handled comes again, also after a restart.

1. A message holds one event or several lines of events. The record of an event is its message's sequence in the stream.
2. The broker keeps the position, and `handled` acknowledges. Ours names the messages since the last acknowledgement: where a crash
   came between storing it and acknowledging them, they come again and are not events any more.
3. A message that holds no event is a fault and is acknowledged too: it would come again for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.telemetry import json_files, json_text, windows
from commonwatch.capabilities.detection.telemetry.batch import Batch
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.live.recent import Recent
from commonwatch.capabilities.detection.telemetry.live.source import LARGEST_BATCH, Delivery, Position
from commonwatch.capabilities.detection.telemetry.wanted import Wanted
from commonwatch.core.errors import NodeUnable

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

FETCH = 500  # messages of one request
CONNECT_SECONDS = 5
REDELIVER_SECONDS = 60.0  # how long a batch may take to be handled before it comes again
UNHANDLED = 10_000  # messages that may be out at once


@dataclass(frozen=True)
class Subject:
    """What to subscribe to. `credentials` is a file as `nsc` writes it."""

    servers: tuple[str, ...]
    subject: str
    durable: str
    stream: str | None = None
    credentials: Path | None = None


class JetStream:
    """One subject."""

    def __init__(self, where: Subject, want: Wanted, position: Position | None = None) -> None:
        self.where, self.want = where, want
        self._stored = _runs(position)
        self.faults = Faults()
        self.recent = Recent()
        self.place = f"nats:{where.subject}"
        self.sequence = 0
        self.unhandled: list[Msg] = []
        self.loop = asyncio.new_event_loop()
        self.client: Client | None = None
        self.subscription: JetStreamContext.PullSubscription | None = None

    def poll(self, seconds: float) -> Sequence[Delivery]:
        """What has come; waits so long for the first message."""
        messages = self.loop.run_until_complete(self._fetched(seconds))
        numbered = [one for message in messages if not self._was_handled(message) for one in self._events(message)]
        self.unhandled += messages
        found: list[Delivery] = []
        for start in range(0, len(numbered), LARGEST_BATCH):
            part = numbered[start : start + LARGEST_BATCH]
            records, run = [record for record, _ in part], [event for _, event in part]
            events = json_files.python_batch(self.want, run, records, self.place, self.faults)
            found.append(Delivery(Batch(events, self.want.mapping, self.place), self.position()))
        return found

    def position(self) -> Position:
        """The last sequence that was seen, and what is to be acknowledged; the consumer itself is kept by the broker."""
        return {"sequence": self.sequence, "handled": _as_runs(sorted(_sequences(self.unhandled)))}

    def handled(self) -> None:
        """Acknowledge every message polled so far."""
        messages, self.unhandled = self.unhandled, []
        self._stored = _as_runs(sorted(_sequences(messages)))
        self.loop.run_until_complete(_acknowledged(messages))

    def record_text(self, place: str, record: int) -> str | None:
        """The message of an event that came lately."""
        return self.recent.text(place, record)

    def close(self) -> None:
        """Disconnect; what was not handled comes again."""
        import nats.errors

        if self.client is not None:
            with contextlib.suppress(nats.errors.Error, OSError, asyncio.TimeoutError):
                self.loop.run_until_complete(self.client.close())
        self.loop.close()

    async def _fetched(self, seconds: float) -> list[Msg]:
        import nats.errors

        subscription = self.subscription or await self._subscribed()
        try:
            return await subscription.fetch(FETCH, timeout=max(seconds, 0.01))
        except (TimeoutError, nats.errors.TimeoutError):
            return []

    async def _subscribed(self) -> JetStreamContext.PullSubscription:
        import nats
        import nats.errors
        import nats.js.errors
        from nats.js.api import ConsumerConfig

        where = self.where
        try:
            connecting = nats.connect(
                list(where.servers),
                max_reconnect_attempts=-1,  # a broker that restarts is waited for, once it was there
                user_credentials=None if where.credentials is None else str(where.credentials),
            )
            self.client = await asyncio.wait_for(connecting, CONNECT_SECONDS)
            settings = ConsumerConfig(ack_wait=REDELIVER_SECONDS, max_ack_pending=UNHANDLED)
            self.subscription = await self.client.jetstream().pull_subscribe(
                where.subject, durable=where.durable, stream=where.stream, config=settings
            )
        except (TimeoutError, nats.errors.Error, nats.js.errors.Error, OSError) as error:
            raise NodeUnable(
                "jetstream-unreachable",
                f"The subject {where.subject} cannot be read from {', '.join(where.servers)}: {error or type(error).__name__}.",
                "Check the server's address, its JetStream and that a stream holds the subject.",
            ) from None
        return self.subscription

    def _was_handled(self, message: Msg) -> bool:
        """Whether it comes again although its position was stored, or is in hand already."""
        about = message.metadata
        if (about.num_delivered or 1) < 2:
            return False
        number = about.sequence.stream
        return any(first <= number <= last for first, last in self._stored) or number in _sequences(self.unhandled)

    def _events(self, message: Msg) -> list[json_text.Numbered]:
        self.sequence = message.metadata.sequence.stream
        self.faults.records = self.sequence - 1
        self.recent.add(self.place, self.sequence, message.data.replace(b"\n", b" "))
        found = []
        for line in message.data.split(b"\n"):
            if not line.strip():
                continue
            self.faults.records = self.sequence
            event = json_text.parsed(line, self.place, self.faults)
            if event is not None:
                found.append(
                    (self.sequence, windows.flattened(event) if self.want.mapping.format == "windows" else event)
                )
        return found


async def _acknowledged(messages: Sequence[Msg]) -> None:
    for message in messages:
        await message.ack()


def _sequences(messages: Sequence[Msg]) -> set[int]:
    return {message.metadata.sequence.stream for message in messages}


def _as_runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Numbers in order, as first and last of each unbroken run."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _runs(position: Position | None) -> list[tuple[int, int]]:
    """The runs of a stored position; none where it is of another form."""
    found = (position or {}).get("handled")
    if not isinstance(found, list):
        return []
    return [(one[0], one[1]) for one in found if isinstance(one, list | tuple) and len(one) == 2]
