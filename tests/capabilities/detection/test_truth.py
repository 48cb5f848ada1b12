"""The verified joins of the open data: every true hit is found live and by hunt alike, and no trap alerts by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commonwatch.capabilities.detection.hunts.period import Period
from commonwatch.capabilities.detection.hunts.running import Chosen, run_hunt
from commonwatch.capabilities.detection.indicators import benign
from commonwatch.capabilities.detection.indicators.engine import Engine
from commonwatch.capabilities.detection.indicators.writing import Said, indicator_of
from commonwatch.capabilities.detection.models import Alert
from commonwatch.capabilities.detection.watch.service import inputs, run
from commonwatch.core.patterns.canonical import canonical
from commonwatch.core.patterns.values import Kind, Value
from commonwatch.core.stix.markings import TLP2
from tests.capabilities.detection.intel import brought

NOW = 1_796_090_000_000_000
SAID = Said(
    "identity--00000000-0000-4000-8000-000000000001", "truth", (TLP2["TLP:GREEN"],), "2026-11-20T00:00:00.000Z", 50
)
PAIRS = ("pair1_trickbot", "pair2_scanners", "pair3_endpoint", "pair5_agenttesla")
FOLDERS = ("zeek-trickbot-2018", "suricata-eve-ctu", "windows-evtx-json", "eve-from-pcap")
KINDS = (Kind.ADDRESS, Kind.ENDPOINT, Kind.MD5, Kind.SHA1, Kind.SHA256, Kind.DOMAIN)


def value_of(text: str) -> Value:
    return next(Value(kind, written) for kind in KINDS if (written := canonical(kind, text)) is not None)


def true_values(expected: dict[str, Any]) -> set[Value]:
    return {value_of(hit["indicator"]) for pair in PAIRS for hit in expected[pair]["hits"]}


def trap_values(expected: dict[str, Any]) -> set[Value]:
    traps = expected["false_positive_traps"]
    names = {Value(Kind.DOMAIN, trap["indicator"]) for trap in traps["domains"]}
    return names | {Value(Kind.IMPHASH, hit["indicator"]) for hit in traps["imphash"]["hits"]}


@pytest.fixture
def expected(ready: Path, shared: Path) -> Iterator[dict[str, Any]]:
    found: dict[str, Any] = json.loads((shared / "telemetry" / "expected-open.json").read_text())
    for path in sorted((shared / "intel" / "misp" / "warninglists").glob("*.json")):
        if path.stem not in ("common-contact-emails", "phone_numbers"):
            benign.add(path, None, actor="t", now_us=1)
    objects = [indicator_of(value, SAID) for value in sorted(true_values(found) | trap_values(found))]
    brought(*[one for one in objects if one is not None])
    yield found


def alerts() -> list[tuple[Any, ...]]:
    fields = (
        "stix_id",
        "source",
        "entity",
        "window_us",
        "count",
        "first_us",
        "last_us",
        "score",
        "suppressed",
        "value",
    )
    return sorted(Alert.objects.values_list(*fields))


def ids(values: set[Value]) -> set[str]:
    made = [indicator_of(value, SAID) for value in values]
    return {str(one["id"]) for one in made if one is not None}


def test_every_true_hit_is_found_live_and_by_hunt_alike_and_no_trap_alerts(
    expected: dict[str, Any], shared: Path, tmp_path: Path
) -> None:
    folders = [shared / "telemetry" / name for name in FOLDERS]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())
    with inputs(Engine(tmp_path / "index")) as found:
        for path in files:
            found.add(str(path), str(path), "")
        run(found, lambda: False, lambda meter: None, once=True)
    live = alerts()
    Alert.objects.all().delete()
    meter = run_hunt(
        [str(path) for path in files], mapping="", period=Period(), chosen=Chosen(), now_us=NOW, step=lambda meter: None
    )
    assert meter.left_out == {}
    hunted = alerts()
    loud = {row[0] for row in hunted if not row[8]}
    assert ids(true_values(expected)) - loud == set()  # recall 1.0
    assert ids(trap_values(expected)) & loud == set()
    assert {row[0] for row in hunted if row[8]} & ids(
        trap_values(expected)
    )  # traps occur, and are kept with their reason
    assert live == hunted
