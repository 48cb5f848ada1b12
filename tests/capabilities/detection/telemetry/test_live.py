"""Live inputs give the same events whatever the cuts, lose nothing over rotation and restart, and stay within their bounds."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.capabilities.detection.telemetry.chunks import LONGEST
from commonwatch.capabilities.detection.telemetry.live.folder import Folder
from commonwatch.capabilities.detection.telemetry.live.growing import Growing
from commonwatch.capabilities.detection.telemetry.live.jetstream import JetStream, Subject
from commonwatch.capabilities.detection.telemetry.live.recent import Recent
from commonwatch.capabilities.detection.telemetry.live.sockets import CONNECTIONS, Socket, framed
from commonwatch.capabilities.detection.telemetry.live.source import Live, deliveries
from commonwatch.capabilities.detection.telemetry.live.standard import Pipe
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.core.errors import NodeUnable
from tests.capabilities.detection.telemetry.making import (
    OURS,
    ZEEK_HEAD,
    conn,
    dns_line,
    ndjson,
    ours,
    rows,
    want,
    written,
)


def drained(live: Live, seconds: float = 0.0) -> list[dict[str, Any]]:
    """Every event until nothing more comes."""
    found: list[dict[str, Any]] = []
    while came := live.poll(seconds):
        found += rows(delivery.batch for delivery in came)
        live.handled()
    return found


def uids(events: list[dict[str, Any]]) -> list[str]:
    """Which events they are."""
    return [event["uid"] for event in events]


def added(path: Path, data: bytes) -> None:
    """Write to the end of a file."""
    with path.open("ab") as file:
        file.write(data)


@settings(max_examples=40)
@given(
    st.integers(1, 40),
    st.lists(st.integers(0, 8_000), max_size=12),
    st.booleans(),
    st.sampled_from(["zeek-conn", "zeek-dns"]),
)
def test_a_growing_file_gives_the_same_events_whatever_the_cuts(
    tmp_path_factory: pytest.TempPathFactory, count: int, cuts: list[int], resumed: bool, name: str
) -> None:
    tsv = ZEEK_HEAD + b"".join(dns_line(number) for number in range(count))
    data = tsv if name == "zeek-dns" else ndjson(conn(number) for number in range(count)) + b"not json\n"
    path = tmp_path_factory.mktemp("grow") / "x.log"
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    live = Growing(path, want(name))
    found = []
    for start, end in pairwise(edges):
        added(path, data[start:end])
        found += drained(live)
        if resumed:
            position = json.loads(json.dumps(live.position()))
            live.close()
            live = Growing(path, want(name), position)
    live.close()
    assert found == rows(read(path, ours(name)))


def test_a_last_line_waits_for_its_end(tmp_path: Path) -> None:
    line = ndjson([conn(1)])
    path = written(tmp_path / "x.log", line[:20])
    live = Growing(path, want("zeek-conn"))
    assert not live.poll(0)
    added(path, line[20:-1])
    assert not live.poll(0)
    added(path, b"\n")
    assert uids(drained(live)) == ["C1"]


@pytest.mark.parametrize("ended", [b"\n", b""], ids=["whole", "unended"])
def test_rotation_by_renaming_loses_and_repeats_nothing(tmp_path: Path, ended: bytes) -> None:
    path = written(tmp_path / "conn.log", ndjson([conn(1)]))
    live = Growing(path, want("zeek-conn"))
    assert uids(drained(live)) == ["C1"]
    path.rename(tmp_path / "conn.1.log")
    added(tmp_path / "conn.1.log", ndjson([conn(2)]).rstrip(b"\n") + ended)
    found = drained(live)
    written(path, ndjson([conn(3), conn(4)]))
    found += drained(live) + drained(live)
    assert uids(found) == ["C2", "C3", "C4"]
    assert [event["record"] for event in found] == [2, 1, 2]
    assert live.faults.count == 0


def test_rotation_by_truncation_starts_again(tmp_path: Path) -> None:
    path = written(tmp_path / "conn.log", ndjson([conn(1), conn(2)]))
    live = Growing(path, want("zeek-conn"))
    assert uids(drained(live)) == ["C1", "C2"]
    os.truncate(path, 0)
    assert not drained(live)
    added(path, ndjson([conn(number) for number in range(3, 9)]))
    assert uids(drained(live)) == [f"C{number}" for number in range(3, 9)]


def test_a_file_written_anew_beyond_the_old_length_is_noticed(tmp_path: Path) -> None:
    path = written(tmp_path / "conn.log", ndjson([conn(1)]))
    live = Growing(path, want("zeek-conn"))
    drained(live)
    path.write_bytes(ndjson(conn(number) for number in range(50, 60)))
    assert uids(drained(live)) == [f"C{number}" for number in range(50, 60)]


def test_a_rotation_while_nobody_watched_is_caught_up_with(tmp_path: Path) -> None:
    path = written(tmp_path / "conn.log", ndjson([conn(1)]))
    live = Growing(path, want("zeek-conn"))
    drained(live)
    position = live.position()
    live.close()
    added(path, ndjson([conn(2)]))
    path.rename(tmp_path / "conn.log.1")
    written(path, ndjson([conn(3)]))
    again = Growing(path, want("zeek-conn"), position)
    assert uids(drained(again) + drained(again)) == ["C2", "C3"]
    (tmp_path / "conn.log.1").unlink()
    gone = Growing(path, want("zeek-conn"), position)
    assert uids(drained(gone)) == ["C3"]
    assert gone.faults.by_reason == {"rotated away before its end was read": 1}


def test_a_position_moves_only_with_what_was_delivered(tmp_path: Path) -> None:
    path = written(tmp_path / "conn.log", ndjson(conn(number) for number in range(20_000)))
    live = Growing(path, want("zeek-conn"))
    seen: list[dict[str, Any]] = []

    def enough() -> bool:
        return len(seen) > 9_000

    for delivery in deliveries(live, enough):
        assert delivery.batch.events.num_rows <= 8_000
        seen += rows([delivery.batch])
        position = delivery.position
    rest = drained(Growing(path, want("zeek-conn"), json.loads(json.dumps(position))))
    assert uids(seen + rest) == [f"C{number}" for number in range(20_000)]


def test_an_endless_line_is_dropped_in_bounded_memory(tmp_path: Path) -> None:
    path = written(tmp_path / "conn.log", ndjson([conn(1)]) + b"x" * (LONGEST * 3))
    live = Growing(path, want("zeek-conn"))
    found = drained(live)
    for _ in range(20):
        live.poll(0)
    assert len(live.partial) <= LONGEST
    added(path, b"\n" + ndjson([conn(2)]))
    for _ in range(5):
        found += drained(live)
    assert [(event["uid"], event["record"]) for event in found] == [("C1", 1), ("C2", 3)]
    assert live.faults.count == 1


def test_the_original_of_a_recent_event_is_held_and_old_ones_are_let_go() -> None:
    recent = Recent(largest=1_000)
    for number in range(100):
        recent.add("x", number + 1, b"line %d\n" % number)
    assert recent.text("x", 100) == "line 99"
    assert recent.text("y", 100) is None
    recent.add("x", 101, b"a\n\nb\n" + b"c" * 990 + b"\n")
    assert recent.text("x", 102) == "b"
    assert recent.text("x", 1) is None


def test_a_folder_follows_new_renamed_and_packed_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonwatch.capabilities.detection.telemetry.live.folder.SCAN_SECONDS", 0.0)
    known = tuple(OURS.values())
    live = Folder(tmp_path, known)
    written(tmp_path / "conn.log", ndjson([conn(1)]))
    (tmp_path / "deep").mkdir()
    written(tmp_path / "deep/dns.log", ZEEK_HEAD + dns_line(2))
    assert sorted(uids(drained(live))) == ["C1", "C2"]
    (tmp_path / "conn.log").rename(tmp_path / "conn.old.log")
    added(tmp_path / "conn.old.log", ndjson([conn(3)]))
    written(tmp_path / "conn.log", ndjson([conn(4)]))
    assert sorted(uids(drained(live))) == ["C3", "C4"]
    position = json.loads(json.dumps(live.position()))
    live.close()
    added(tmp_path / "conn.log", ndjson([conn(5)]))
    again = Folder(tmp_path, known, position=position)
    assert uids(drained(again)) == ["C5"]
    shutil.make_archive(str(tmp_path / "drop"), "zip", tmp_path / "deep")
    time.sleep(0.01)
    assert uids(drained(again)) == ["C2"]
    assert drained(again) == []


def test_standard_input_is_read_to_its_end(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    live = Pipe(reading, want("zeek-conn"))
    data = ndjson(conn(number) for number in range(500)).rstrip(b"\n")

    def write() -> None:
        for start in range(0, len(data), 777):
            os.write(writing, data[start : start + 777])
        os.close(writing)

    thread = threading.Thread(target=write)
    thread.start()
    found: list[dict[str, Any]] = []
    while not live.ended:
        found += rows(delivery.batch for delivery in live.poll(0.2))
    thread.join()
    os.close(reading)
    assert uids(found) == [f"C{number}" for number in range(500)]
    assert live.record_text(live.place, 500) == json.dumps(conn(499))


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.booleans(), st.text("ab 1<>", max_size=12)), max_size=8),
    st.lists(st.integers(0, 200), max_size=5),
)
def test_framed_messages_are_the_same_whatever_the_cuts(messages: list[tuple[bool, str]], cuts: list[int]) -> None:
    sent = [(counted, f"<13>{text}".encode()) for counted, text in messages]
    data = b"".join(b"%d %b" % (len(text), text) if counted else text + b"\n" for counted, text in sent)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    found: list[bytes] = []
    rest = b""
    for start, end in pairwise(edges):
        came, rest = framed(rest + data[start:end])
        found += came
    assert found == [text for _, text in sent]
    assert rest == b""


def test_a_socket_takes_datagrams_and_both_framings() -> None:
    live = Socket("127.0.0.1", 0, want("syslog"))
    try:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
            socket.create_connection(("127.0.0.1", live.port)) as tcp,
        ):
            udp.sendto(b"<34>Jan  2 03:04:05 h su: one 192.0.2.7\n", ("127.0.0.1", live.port))
            tcp.sendall(b"<13>1 2026-01-02T03:04:05Z h app - - - two\n5 <13>x")
            found: list[dict[str, Any]] = []
            for _ in range(20):
                found += rows(delivery.batch for delivery in live.poll(0.05))
        assert sorted(event["message"] for event in found) == ["one 192.0.2.7", "two", "x"]
        assert sorted(event["record"] for event in found) == [1, 2, 3]
        first = next(event for event in found if event["message"].startswith("one"))
        assert first["found_addresses"] == ["192.0.2.7"]
        assert "one" in str(live.record_text(live.place, first["record"]))
    finally:
        live.close()


def test_a_socket_bounds_connections_and_messages() -> None:
    live = Socket("127.0.0.1", 0, want("syslog"), udp=False)
    senders = []
    try:
        for _ in range(CONNECTIONS + 3):
            senders.append(socket.create_connection(("127.0.0.1", live.port), timeout=10))
            live.poll(0.01)
        assert len(live.connections) == CONNECTIONS
        assert live.faults.by_reason["too many connections"] == 3
        senders[0].sendall(b"x" * 200_000)
        for _ in range(20):
            live.poll(0.01)
        assert len(live.connections) == CONNECTIONS - 1
    finally:
        live.close()
        for sender in senders:
            sender.close()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    """A NATS server with JetStream on a loopback port."""
    program = shutil.which("nats-server") or "/usr/sbin/nats-server"
    if not Path(program).exists():
        pytest.skip("nats-server is not there: apt-get install nats-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = [program, "-js", "-sd", str(tmp_path), "-a", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        for _ in range(1_000):
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"nats://127.0.0.1:{port}"
        running.terminate()


def published(server: str, messages: list[bytes]) -> None:
    """Put messages on the subject, whose stream is made when it is not there."""

    async def publish() -> None:
        import nats

        client = await nats.connect(server)
        stream = client.jetstream()
        await stream.add_stream(name="LOGS", subjects=["logs.>"])
        for message in messages:
            await stream.publish("logs.conn", message)
        await client.close()

    asyncio.run(publish())


def test_a_subject_gives_again_what_was_not_handled(broker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonwatch.capabilities.detection.telemetry.live.jetstream.REDELIVER_SECONDS", 1.0)
    published(broker, [ndjson([conn(1)]), ndjson([conn(2), conn(3)]), b"no json", ndjson([conn(4)])])
    where = Subject((broker,), "logs.conn", "commonwatch")
    first = JetStream(where, want("zeek-conn"))
    came = rows(delivery.batch for delivery in first.poll(1.0))
    assert [(event["uid"], event["record"]) for event in came] == [("C1", 1), ("C2", 2), ("C3", 2), ("C4", 4)]
    assert first.faults.by_reason == {"not whole": 1}
    assert first.faults.samples[0].record == 3
    assert json.loads(first.record_text(first.place, 4) or "") == conn(4)
    first.close()
    second = JetStream(where, want("zeek-conn"))
    found: list[dict[str, Any]] = []
    until = time.monotonic() + 10
    while len(found) < 4 and time.monotonic() < until:
        found += rows(delivery.batch for delivery in second.poll(0.5))
    assert sorted(uids(found)) == ["C1", "C2", "C3", "C4"]
    second.handled()
    published(broker, [ndjson([conn(5)])])
    assert uids(drained(second, 1.0)) == ["C5"]
    second.close()
    third = JetStream(where, want("zeek-conn"))
    assert drained(third, 1.5) == []
    third.close()


def test_a_broker_that_is_not_there_is_said(unused_port: int) -> None:
    live = JetStream(Subject((f"nats://127.0.0.1:{unused_port}",), "logs.x", "commonwatch"), want("zeek-conn"))
    with pytest.raises(NodeUnable, match="cannot be read"):
        live.poll(0.1)
    live.close()


@pytest.fixture
def unused_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
