"""A syslog socket: UDP datagrams and TCP connections (RFC 5426, 6587), bounded in every way.

1. UDP: a datagram is an event. What does not fit the system's buffer is lost, as the protocol has it.
2. TCP: events end with a line end, or have their length in front (`57 <34>1 ...`). So many connections at once, so long a
   message, so much waiting per connection; who breaks a limit is disconnected and counted.
3. Nothing is authenticated here: bind to an address that only one's own senders reach.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.capabilities.detection.telemetry import json_files, syslog
from commonwatch.capabilities.detection.telemetry.batch import Batch
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.live.recent import Recent
from commonwatch.capabilities.detection.telemetry.live.source import LARGEST_BATCH, Delivery, Position
from commonwatch.capabilities.detection.telemetry.wanted import Wanted

DATAGRAM = 65_535
MESSAGE = 64 << 10  # bytes of one message over TCP
CONNECTIONS = 256
BUFFER = 8 << 20  # bytes that the system is asked to hold for us
GATHER_SECONDS = 0.01
IDLE_SECONDS = 3_600


@dataclass
class Connection:
    """One sender over TCP."""

    partial: bytes = b""
    heard: float = 0.0


class Socket:
    """One address, over UDP, TCP or both."""

    def __init__(self, host: str, port: int, want: Wanted, *, udp: bool = True, tcp: bool = True) -> None:
        self.want = want
        self.faults = Faults()
        self.recent = Recent()
        self.records = 0
        self.connections: dict[socket.socket, Connection] = {}
        self.selector = selectors.DefaultSelector()
        self.port = port
        if udp:
            self._listen(host, socket.SOCK_DGRAM)
        if tcp:
            self._listen(host, socket.SOCK_STREAM)
        self.place = f"syslog://{host}:{self.port}"

    def poll(self, seconds: float) -> Sequence[Delivery]:
        """What has come; waits so long for the first message, then a little for more."""
        lines: list[bytes] = []
        until = time.monotonic() + seconds
        while len(lines) < LARGEST_BATCH:
            ready = self.selector.select(max(until - time.monotonic(), 0))
            if not ready:
                break
            if not lines:
                until = min(until, time.monotonic() + GATHER_SECONDS)
            for key, _ in ready:
                self._read(key.fileobj, lines)  # type: ignore[arg-type]
        self._hang_up()
        return self._delivered(lines) if lines else []

    def position(self) -> Position:
        """How many events came: a socket cannot be gone back in."""
        return {"records": self.records}

    def handled(self) -> None:
        """Nothing to do."""

    def record_text(self, place: str, record: int) -> str | None:
        """The text of an event that came lately."""
        return self.recent.text(place, record)

    def close(self) -> None:
        """Stop listening, and hang up."""
        for key in list(self.selector.get_map().values()):
            self.selector.unregister(key.fileobj)
            key.fileobj.close()  # type: ignore[union-attr]
        self.selector.close()
        self.connections.clear()

    def _listen(self, host: str, kind: socket.SocketKind) -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listening = socket.socket(family, kind)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if kind is socket.SOCK_DGRAM:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        listening.bind((host, self.port))
        self.port = listening.getsockname()[1]
        if kind is socket.SOCK_STREAM:
            listening.listen(CONNECTIONS)
        listening.setblocking(False)
        self.selector.register(listening, selectors.EVENT_READ)

    def _read(self, ready: socket.socket, lines: list[bytes]) -> None:
        if ready in self.connections:
            self._stream(ready, lines)
        elif ready.type is socket.SOCK_DGRAM:
            self._datagrams(ready, lines)
        else:
            self._accept(ready)

    def _datagrams(self, ready: socket.socket, lines: list[bytes]) -> None:
        while len(lines) < LARGEST_BATCH:
            try:
                data = ready.recv(DATAGRAM)
            except (BlockingIOError, InterruptedError):
                return
            if data.strip():
                lines.append(data.rstrip(b"\r\n\0").replace(b"\n", b" "))

    def _accept(self, listening: socket.socket) -> None:
        try:
            connection, _ = listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionError):
            return
        if len(self.connections) >= CONNECTIONS:
            connection.close()
            self.faults.add(self.place, self.records, "too many connections", b"")
            return
        connection.setblocking(False)
        self.connections[connection] = Connection(heard=time.monotonic())
        self.selector.register(connection, selectors.EVENT_READ)

    def _stream(self, connection: socket.socket, lines: list[bytes]) -> None:
        known = self.connections[connection]
        try:
            data = connection.recv(MESSAGE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        known.heard = time.monotonic()
        found, known.partial = framed(known.partial + data)
        lines += found
        if not data:
            lines += [known.partial] if known.partial.strip() else []
            self._forget(connection)
        elif len(known.partial) > MESSAGE:
            self.faults.add(self.place, self.records, f"a message longer than {MESSAGE:,} bytes", known.partial)
            self._forget(connection)

    def _forget(self, connection: socket.socket) -> None:
        self.selector.unregister(connection)
        connection.close()
        del self.connections[connection]

    def _hang_up(self) -> None:
        oldest = time.monotonic() - IDLE_SECONDS
        for connection in [one for one, known in self.connections.items() if known.heard < oldest]:
            self._forget(connection)

    def _delivered(self, lines: list[bytes]) -> list[Delivery]:
        reference = datetime.fromtimestamp(now_us() / MICROSECONDS, UTC)
        first = self.records + 1
        records = list(range(first, first + len(lines)))
        run: list[dict[str, Any]] = [
            syslog.decoded(line, record, self.place, reference, self.faults)
            for record, line in zip(records, lines, strict=True)
        ]
        self.records += len(lines)
        self.recent.add(self.place, first, b"\n".join(lines))
        found: list[Delivery] = []
        for start in range(0, len(run), LARGEST_BATCH):
            part = slice(start, start + LARGEST_BATCH)
            events = json_files.python_batch(self.want, run[part], records[part], self.place, self.faults)
            found.append(Delivery(Batch(events, self.want.mapping, self.place), {"records": records[part][-1]}))
        return found


def framed(data: bytes) -> tuple[list[bytes], bytes]:
    """The whole messages of a stream, and what is left: counted ones (RFC 6587, 3.4.1) and lines, told one by one."""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        counted = _counted(data, at)
        if counted is not None:
            start, end = counted
            if end > len(data):
                break
            found.append(data[start:end].rstrip(b"\r\n").replace(b"\n", b" "))
            at = end
            continue
        line = data.find(b"\n", at)
        if line < 0:
            break
        if data[at:line].strip():
            found.append(data[at:line].rstrip(b"\r"))
        at = line + 1
    return found, data[at:]


def _counted(data: bytes, at: int) -> tuple[int, int] | None:
    """Where a message with its length in front begins and ends."""
    space = data.find(b" ", at, at + 7)
    length = data[at:space] if space > at else b""
    if not length.isdigit() or length.startswith(b"0") or data[space + 1 : space + 2] not in (b"<", b""):
        return None
    return space + 1, space + 1 + int(length)
