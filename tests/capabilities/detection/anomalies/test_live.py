"""The online models on live telemetry: the same whatever the cuts and restarts, bounded, and each finding says why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commonwatch.capabilities.detection.anomalies import keeping
from commonwatch.capabilities.detection.anomalies.counting import DIFFERENT, LATENESS_US, Counting
from commonwatch.capabilities.detection.anomalies.firstseen import FirstSeen, FirstSeenSettings
from commonwatch.capabilities.detection.anomalies.live import GENERATED, MOST_TOLD, LiveAnomalies, Unusual
from commonwatch.capabilities.detection.anomalies.names import NameLists, train
from commonwatch.capabilities.detection.anomalies.searching import surprises
from commonwatch.capabilities.detection.anomalies.views import views
from commonwatch.capabilities.detection.anomalies.windows import WINDOW_US
from commonwatch.capabilities.detection.telemetry.batch import Batch
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.core.errors import InvalidInput

NOW = 1_796_090_000_000_000
BEGIN = 1_793_577_600  # 2026-11-02, in seconds
HEAD = "#separator \\x09\n#path\t{path}\n#fields\tts\tuid\tid.orig_h\t{fields}\n#types\ttime\tstring\taddr\t{types}\n"


def dns(path: Path, *asked: tuple[float, str, str]) -> list[Batch]:
    """A DNS log: when, who, which name."""
    path.write_text(
        HEAD.format(path="dns", fields="query", types="string")
        + "".join(f"{BEGIN + at:.6f}\tC{number}\t{who}\t{name}\n" for number, (at, who, name) in enumerate(asked))
    )
    return list(read(path))


def fed(batches: list[Batch], models: LiveAnomalies | None = None, cut: int = 8_000) -> list[Unusual]:
    models = models or LiveAnomalies()
    found = []
    for batch in batches:
        for start in range(0, batch.events.num_rows, cut):
            models.add(Batch(batch.events.slice(start, cut), batch.mapping, batch.place))
            found += models.take(NOW)
    return sorted(found, key=lambda one: (one.at_us, one.entity, one.model, one.about))


def restarted(models: LiveAnomalies) -> LiveAnomalies:
    again = LiveAnomalies(models.names)
    keeping.unpack(keeping.packed(models), again)
    return again


def test_cuts_and_restarts_change_nothing_and_stored_telemetry_says_the_same(shared: Path) -> None:
    folder = shared / "telemetry/zeek-trickbot-2018"
    expected = surprises([folder / "conn.log", folder / "http.log"], NOW)
    assert {"172.16.9.5"} <= {one.entity for one in expected}
    models, found, number = LiveAnomalies(), [], 0
    for log in ("http.log", "conn.log"):
        for batch in read(folder / log):
            for start in range(0, batch.events.num_rows, 500):
                models.add(Batch(batch.events.slice(start, 500), batch.mapping, batch.place))
                number += 1
                if number % 7 == 0:
                    found += models.take(NOW)
                if number % 35 == 0:
                    models = restarted(models)
    found += models.take(NOW)
    assert sorted(found, key=lambda one: (one.at_us, one.entity, one.model, one.about)) == expected


def test_what_was_learned_and_does_not_fit_is_refused(tmp_path: Path) -> None:
    models = LiveAnomalies()
    fed(dns(tmp_path / "dns.log", *[(at, "10.0.0.1", f"n{at}.example") for at in range(50)]), models)
    good = keeping.packed(models)
    assert restarted(models).first.pairs == models.first.pairs
    for bad in (b"", good[:-1], b"CWANOM9\n" + good[8:], good[:60] + b"\xff" + good[61:]):
        with pytest.raises(InvalidInput) as caught:
            keeping.unpack(bad, LiveAnomalies())
        assert caught.value.advice
    path = tmp_path / "x.learned"
    keeping.load(path, LiveAnomalies())  # nothing there yet
    keeping.save(models, path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InvalidInput):
        keeping.load(path, LiveAnomalies())


def test_a_state_with_a_right_digest_and_wrong_contents_is_refused_too() -> None:
    from hashlib import sha256

    import msgspec

    log = [0, 0, {}, [], {}, 0.0, 0]
    for content in (
        [{"dns": log}, b"", b"123", b"", [], [], 0, 0],  # digests broken off
        [{"dns": log}, b"", b"", b"12345678", [], [], 0, 0],  # a value without its count
        [{"dns": [0, 0, {"window": ["x"]}, [], {}, 0.0, 0]}, b"", b"", b"", [], [], 0, 0],
        [{"dns": [0, 0, {}, [], {9_999: 1.0}, 0.0, 0]}, b"", b"", b"", [], [], 0, 0],  # beyond the last step
        [{"dns": [-1, 0, {}, [], {}, 0.0, 0]}, b"", b"", b"", [], [], 0, 0],
        {"no": "list"},
    ):
        packed = msgspec.msgpack.encode(content)
        with pytest.raises(InvalidInput):
            keeping.unpack(keeping.MAGIC + sha256(packed).digest() + packed, LiveAnomalies())


def test_windows_close_by_the_events_and_what_comes_too_late_is_counted(tmp_path: Path) -> None:
    counting = Counting("dns")
    late = (WINDOW_US + LATENESS_US) / 1_000_000
    asked = [(0.0, "a", "x.example"), (1.0, "a", "y.example"), (1.0, "b", "x.example"), (late + 1, "a", "x.example")]
    for _, events in views(dns(tmp_path / "dns.log", *asked, (2.0, "a", "z.example"))[0]):
        counting.add(events, NOW)
    closed = list(counting.closed())
    assert [(row.entity, row.values["names asked for"], row.values["different names"]) for row in closed] == [
        ("a", 2.0, 2.0),
        ("b", 1.0, 1.0),
    ]
    assert counting.late == 1 and list(counting.closed()) == []


def test_an_event_from_the_future_closes_nothing(tmp_path: Path) -> None:
    counting = Counting("dns")
    for _, events in views(dns(tmp_path / "dns.log", (0.0, "a", "x.example"), (9e8, "a", "x.example"))[0]):
        counting.add(events, NOW)
    assert list(counting.closed()) == [] and counting.newest == BEGIN * 1_000_000


def test_many_different_values_are_estimated_in_bounded_memory(tmp_path: Path) -> None:
    counting = Counting("dns")
    batches = dns(tmp_path / "dns.log", *[(0.0, "a", f"n{number % 5_000}.example") for number in range(20_000)])
    for batch in batches:
        for _, events in views(batch):
            counting.add(events, NOW)
    assert all(len(one) <= DIFFERENT for one in counting.open()["different names"])  # type: ignore[arg-type]
    for _, events in views(dns(tmp_path / "dns.log", (7_200.0, "a", "x.example"))[0]):
        counting.add(events, NOW)
    (row,) = counting.closed()
    assert row.values["names asked for"] == 20_000
    assert row.values["different names"] == pytest.approx(5_000, rel=0.2)


def test_suricata_is_read_as_zeek_is() -> None:
    import tempfile

    lines = [
        {"event_type": "flow", "flow": {"bytes_toserver": 5, "bytes_toclient": 7, "pkts_toserver": 1}},
        {"event_type": "dns", "dns": {"type": "query", "rrname": "Old.example", "rrtype": "A"}},
        {"event_type": "dns", "dns": {"version": 3, "type": "request", "queries": [{"rrname": "new.example"}]}},
        {"event_type": "dns", "dns": {"type": "answer", "rrname": "old.example", "rrtype": "A"}},
        {"event_type": "tls", "tls": {"sni": "s.example"}},
        {"event_type": "http", "http": {"hostname": "h.example", "url": "/x", "http_user_agent": "curl"}},
    ]
    common = {"timestamp": "2026-11-02T00:00:00.000000+0000", "src_ip": "10.0.0.1", "dest_ip": "9.9.9.9"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "eve.json"
        path.write_text("".join(json.dumps({**common, "dest_port": 53, **line}) + "\n" for line in lines))
        found = {log: events for batch in read(path) for log, events in views(batch)}
    assert sorted(found) == ["conn", "dns", "http", "ssl"]
    assert found["dns"]["query"].to_list() == ["Old.example", "new.example"]
    assert found["conn"]["orig_bytes"].to_list() == [5] and found["ssl"]["server_name"].to_list() == ["s.example"]


def test_a_generated_name_is_told_once_and_by_its_runs_of_characters(tmp_path: Path) -> None:
    chosen = [f"{first}{second}.com" for first in ("news", "shop", "mail", "cloud") for second in map(str, range(90))]
    generated = [f"xq{number * 7919:x}zkjw{number * 104729:x}.biz" for number in range(360)]
    model = train(NameLists(chosen, generated, "test"), made_at="2026-01-01T00:00:00Z", rate=0.02)
    models = LiveAnomalies(model)
    found = fed(
        dns(
            tmp_path / "dns.log", *[(at, "10.0.0.1", "XQ1eef9zkjw19919.biz") for at in range(3)], (4, "b", "news7.com")
        ),
        models,
    )
    assert [(one.model, one.about) for one in found] == [(GENERATED, "xq1eef9zkjw19919.biz")]
    assert found[0].score.reasons and "generated" in found[0].score.reasons[0].sentence
    assert fed(dns(tmp_path / "dns.log", (9, "c", "xq1eef9zkjw19919.biz")), restarted(models)) == []


def test_a_flood_is_told_by_its_strongest_and_the_rest_is_counted(tmp_path: Path) -> None:
    models = LiveAnomalies()
    models.first = FirstSeen(FirstSeenSettings(warm_up=1, rarity=1.0))
    fed(dns(tmp_path / "dns.log", *[(0, f"10.0.0.{host}", "x.example") for host in range(100) for _ in (1, 2)]), models)
    found = fed(dns(tmp_path / "dns.log", *[(1, "10.0.0.1", f"n{number}.example") for number in range(500)]), models)
    assert len(found) == MOST_TOLD and models.untold == 500 - MOST_TOLD
