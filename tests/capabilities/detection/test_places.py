"""`watch` end to end for every kind of place that is no single file: from the wire to the alert, and on after a restart."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commonwatch.capabilities.detection.indicators.engine import Engine
from commonwatch.capabilities.detection.models import Alert, PatternMemory, Position
from commonwatch.capabilities.detection.telemetry.live.jetstream import JetStream
from commonwatch.capabilities.detection.watch.service import Inputs, inputs
from tests.base.release.nodes import indicator
from tests.capabilities.detection.intel import brought, domain
from tests.capabilities.detection.test_watching import dns, write

FRESH: dict[str, Any] = {"valid_from": "2026-01-01T00:00:00Z", "confidence": 80}
SEQUENCE = "[domain-name:value = 'first.example'] FOLLOWEDBY [domain-name:value = 'second.example']"
ROUNDS = 400


@pytest.fixture
def engine(ready: Path, tmp_path: Path) -> Engine:
    brought(domain(1, "evil.example", **FRESH), indicator(2, "GREEN", pattern=SEQUENCE, **FRESH))
    return Engine(tmp_path / "index")


def until(found: Inputs, met: Callable[[], bool]) -> None:
    """Step until it is so; a test that waits for ever says what is missing."""
    for _ in range(ROUNDS):
        found.step()
        if met():
            return
    raise AssertionError("It never came.")


def fired() -> dict[int, int]:
    return {int(alert.stix_id[-4:]): alert.count for alert in Alert.objects.all()}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("nats-server") or "/usr/sbin/nats-server"
    if not Path(program).exists():
        assert not os.environ.get("CI"), "CI must have nats-server: see .ci/run"
        pytest.skip("nats-server is not there: apt-get install nats-server")
    port = free_port(socket.SOCK_STREAM)
    arguments = [program, "-js", "-sd", str(tmp_path / "nats"), "-a", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        for _ in range(200):
            with socket.socket() as there:
                if there.connect_ex(("127.0.0.1", port)) == 0:
                    break
            threading.Event().wait(0.05)
        yield f"nats://127.0.0.1:{port}"
        running.terminate()


def free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def published(server: str, *messages: str) -> None:
    async def publish() -> None:
        import nats

        client = await nats.connect(server)
        stream = client.jetstream()
        await stream.add_stream(name="LOGS", subjects=["logs.>"])
        for message in messages:
            await stream.publish("logs.eve", message.encode())
        await client.close()

    asyncio.run(publish())


def test_a_jetstream_subject_is_watched_and_nothing_comes_twice(
    engine: Engine, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("commonwatch.capabilities.detection.telemetry.live.jetstream.REDELIVER_SECONDS", 1.0)
    place = f"{broker}/logs.eve"
    published(broker, dns("evil.example", 1), "no json", dns("first.example", 2))
    with inputs(engine, learning=False) as found:
        found.add("stream", place, "suricata-eve")
        until(found, lambda: found.watchers["stream"].meter.events == 2)
    assert fired() == {1: 1} and PatternMemory.objects.count() == 1
    (alert,) = Alert.objects.all()
    assert json.loads(alert.samples[0]["text"])["dns"]["rrname"] == "evil.example"
    published(broker, dns("second.example", 3), dns("evil.example", 4))
    with inputs(engine, learning=False) as found:
        found.add("stream", place, "suricata-eve")
        until(found, lambda: fired() == {1: 2, 2: 1})
        assert found.watchers["stream"].meter.events == 2
    assert Position.objects.get().position["sequence"] == 5


def test_what_was_stored_and_not_acknowledged_is_no_event_when_it_comes_again(
    engine: Engine, broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the two: the state of patterns has taken the messages already."""
    monkeypatch.setattr("commonwatch.capabilities.detection.telemetry.live.jetstream.REDELIVER_SECONDS", 1.0)
    place = f"{broker}/logs.eve"
    published(broker, dns("evil.example", 1), dns("first.example", 2))
    crashed = Inputs(engine, learning=False)
    crashed.add("stream", place, "suricata-eve")
    watcher = crashed.watchers["stream"]
    until(crashed, lambda: watcher.meter.events == 2)
    assert isinstance(watcher.live, JetStream)
    watcher.live.unhandled.clear()  # as where it dies before it acknowledges
    crashed.store()
    crashed._locks.pop("stream").close()
    published(broker, dns("evil.example", 3))
    with inputs(engine, learning=False) as found:
        found.add("stream", place, "suricata-eve")
        live = found.watchers["stream"].live
        until(found, lambda: found.watchers["stream"].meter.events >= 1)
        for _ in range(60):
            found.step()
        assert found.watchers["stream"].meter.events == 1 and live.position()["sequence"] == 3
    assert fired() == {1: 2}


@pytest.mark.parametrize("kind", ["udp", "tcp"])
def test_syslog_is_watched_and_its_lines_stand_in_the_alert(engine: Engine, kind: str) -> None:
    port = free_port(socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM)
    line = "<34>1 2026-11-20T22:14:15.003Z gateway dnsmasq 77 - - query[A] evil.example from 10.0.0.7"
    brought(
        indicator(
            3, "GREEN", pattern='rule r { strings: $a = "evil.example" condition: $a }', pattern_type="yara", **FRESH
        )
    )
    with inputs(engine, learning=False) as found:
        found.add("gateway", f"syslog+{kind}://127.0.0.1:{port}", "")
        found.step()
        if kind == "udp":
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.sendto(line.encode(), ("127.0.0.1", port))
        else:
            with socket.create_connection(("127.0.0.1", port)) as sender:
                sender.sendall(f"{line}\n".encode())
        until(found, lambda: bool(fired()))
    assert set(fired()) == {1, 3}
    for alert in Alert.objects.all():
        assert "dnsmasq" in alert.samples[0]["text"] and alert.source == "gateway"


def test_a_folder_is_watched_with_what_is_added_rotated_and_packed(engine: Engine, tmp_path: Path) -> None:
    import gzip

    folder = tmp_path / "logs"
    folder.mkdir()
    write(folder / "eve.json", dns("evil.example", 1), dns("first.example", 2))
    with inputs(engine, learning=False) as found:
        found.add("logs", str(folder), "")
        until(found, lambda: fired() == {1: 1})
        write(folder / "other.json", dns("evil.example", 3))
        until(found, lambda: fired() == {1: 2})
    (folder / "eve.json").rename(folder / "eve.json.1")
    write(folder / "eve.json", dns("second.example", 4))
    with gzip.open(folder / "old.json.gz", "wt") as packed:
        packed.write(dns("evil.example", 5) + "\n")
    with inputs(engine, learning=False) as found:
        found.add("logs", str(folder), "")
        until(found, lambda: fired() == {1: 3, 2: 1})
        for _ in range(3):
            found.step()
    assert fired() == {1: 3, 2: 1}
