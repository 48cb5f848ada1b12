"""The live watch: what comes is matched with what is in force at that moment, once, whatever happens in between."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commonwatch.capabilities.detection.alerts.sources import add_source, remove_source
from commonwatch.capabilities.detection.hunts import retro
from commonwatch.capabilities.detection.hunts.period import Period
from commonwatch.capabilities.detection.hunts.running import Chosen, run_hunt
from commonwatch.capabilities.detection.indicators.engine import Engine
from commonwatch.capabilities.detection.models import Alert, Position, TelemetrySource
from commonwatch.capabilities.detection.watch.service import Inputs, inputs, run
from commonwatch.core.errors import Conflict, InvalidInput
from commonwatch.core.patterns.values import Kind, Value
from tests.base.release.nodes import indicator
from tests.capabilities.detection.intel import brought, domain

NOW = 1_796_090_000_000_000
FRESH: dict[str, Any] = {"valid_from": "2026-11-01T00:00:00Z", "confidence": 80}


def dns(name: str, second: int = 0, client: str = "10.0.0.7") -> str:
    """A line as Suricata writes it."""
    return json.dumps(
        {
            "timestamp": f"2026-11-{second // 86400 + 2:02d}T00:{second // 60 % 60:02d}:{second % 60:02d}.000000+0000",
            "event_type": "dns",
            "src_ip": client,
            "src_port": 5353,
            "dest_ip": "9.9.9.9",
            "dest_port": 53,
            "proto": "UDP",
            "dns": {"type": "query", "id": second, "rrname": name, "rrtype": "A"},
        }
    )


def write(path: Path, *lines: str) -> Path:
    with path.open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def log(ready: Path, tmp_path: Path) -> Path:
    return write(tmp_path / "eve.json", dns("fine.example"))


@pytest.fixture
def engine(log: Path, tmp_path: Path) -> Iterator[Engine]:
    yield Engine(tmp_path / "index")


def watched(found: Inputs) -> None:
    run(found, lambda: False, lambda meter: None, once=True)


def test_a_line_that_matches_raises_an_alert_with_its_log_line(log: Path, engine: Engine) -> None:
    brought(domain(1, "evil.example", **FRESH))
    raised: list[int] = []
    with inputs(engine, raised.append) as found:
        found.add("sensor", str(log), "")
        watched(found)
        write(log, dns("evil.example", 5))
        watched(found)
    (alert,) = Alert.objects.all()
    assert raised == [alert.pk] and (alert.count, alert.entity, alert.value) == (1, "10.0.0.7", "evil.example")
    assert json.loads(alert.samples[0]["text"])["dns"]["rrname"] == "evil.example"


def test_of_several_answers_an_alert_names_the_one_that_its_indicator_is_about(log: Path) -> None:
    answers = ["192.0.2.1", "198.51.100.7", "not an address"]
    brought(indicator(1, "GREEN", pattern="[ipv4-addr:value = '198.51.100.7']", **FRESH))
    event = json.loads(dns("fine.example", 5, client="1" * 70))
    event["dns"] = {"type": "answer", "rrname": "fine.example", "grouped": {"A": answers}}
    write(log, json.dumps(event))
    run_hunt([str(log)], mapping="", period=Period(), chosen=Chosen(), now_us=NOW, step=lambda meter: None)
    alert = Alert.objects.get()
    assert (alert.count, alert.value, alert.entity) == (1, "198.51.100.7", "1" * 70)  # what stands there, if no address


def test_it_goes_on_where_it_was_left_off_and_doubles_nothing(log: Path, engine: Engine) -> None:
    brought(domain(1, "evil.example", **FRESH))
    write(log, dns("evil.example", 1))
    for number in range(3):
        with inputs(engine) as found:
            found.add("sensor", str(log), "")
            watched(found)
            assert found.meter().events == (2 if number == 0 else 1)
        write(log, dns("evil.example", 10 + number))
    assert Alert.objects.get().count == 3
    Position.objects.all().delete()  # as after a crash: everything is read again
    with inputs(engine) as found:
        found.add("sensor", str(log), "")
        watched(found)
    assert Alert.objects.get().count == 4


def test_an_indicator_counts_from_the_next_batch_on_and_a_revoked_one_no_more(log: Path, engine: Engine) -> None:
    with inputs(engine) as found:
        found.add("sensor", str(log), "")
        write(log, dns("evil.example", 1))
        watched(found)
        assert not Alert.objects.exists()
        brought(domain(1, "evil.example", **FRESH))
        write(log, dns("evil.example", 2))
        watched(found)
        assert Alert.objects.get().count == 1
        brought(domain(1, "evil.example", version=2, revoked=True))
        write(log, dns("evil.example", 3))
        watched(found)
    assert Alert.objects.get().count == 1


def test_a_rotated_file_is_read_to_its_end_and_its_successor_from_the_start(log: Path, engine: Engine) -> None:
    brought(domain(1, "evil.example", **FRESH))
    with inputs(engine) as found:
        found.add("sensor", str(log), "")
        watched(found)
        write(log, dns("evil.example", 1))
        log.rename(log.with_name("eve.json.1"))
        write(log, dns("evil.example", 2), dns("evil.example", 3))
        for _ in range(3):
            watched(found)
    assert Alert.objects.get().count == 3


def test_one_input_is_watched_by_one_process_at_a_time(log: Path, engine: Engine) -> None:
    with inputs(engine) as found, inputs(engine) as other:
        found.add("sensor", str(log), "")
        with pytest.raises(Conflict):
            other.add("sensor", str(log), "")


def test_what_nobody_can_recognise_says_so(ready: Path, engine: Engine, tmp_path: Path) -> None:
    odd = write(tmp_path / "odd.log", "nothing that anybody knows")
    with inputs(engine) as found, pytest.raises(InvalidInput) as caught:
        found.add("odd", str(odd), "")
    assert caught.value.advice


def test_patterns_and_rules_match_beside_values(log: Path, engine: Engine) -> None:
    brought(
        indicator(1, "GREEN", pattern="[domain-name:value LIKE '%.evil.example']", **FRESH),
        indicator(2, "GREEN", pattern="[domain-name:value = 'unclosed]", **FRESH),
        indicator(3, "GREEN", pattern="rule broken {", pattern_type="yara", **FRESH),
        indicator(
            4, "GREEN", pattern='rule r { strings: $a = "deep.evil.example" condition: $a }', pattern_type="yara"
        ),
        indicator(5, "GREEN", pattern="alert tcp any any", pattern_type="snort"),
    )
    write(log, dns("deep.evil.example", 1))
    with inputs(engine) as found:
        found.add("sensor", str(log), "")
        watched(found)
    assert sorted(int(alert.stix_id[-4:]) for alert in Alert.objects.all()) == [1, 4]
    from commonwatch.capabilities.detection.indicators.queries import unexecutable

    reasons = {int(row["object"][-4:]): row["reason"] for row in unexecutable(10)}
    assert sorted(reasons) == [2, 3, 5] and "character" in reasons[2] and "snort" in reasons[5]


def test_questions_of_suricatas_newer_events_are_met_by_every_family_and_say_which(log: Path, engine: Engine) -> None:
    rule = "title: R\nlogsource: {category: dns}\ndetection: {s: {query|endswith: evil.example}, condition: s}\n"
    other = rule.replace("condition: s", "condition: not s")
    brought(
        domain(1, "deep.evil.example", **FRESH),
        indicator(2, "GREEN", pattern="[domain-name:value LIKE 'deep.%']", **FRESH),
        indicator(3, "GREEN", pattern=rule, pattern_type="sigma", **FRESH),
        indicator(4, "GREEN", pattern=other, pattern_type="sigma", **FRESH),
    )
    event = json.loads(dns("", 1))
    event["dns"] = {"version": 3, "type": "request", "queries": [{"rrname": "deep.evil.example", "rrtype": "A"}]}
    write(log, json.dumps(event))
    with inputs(engine) as found:
        found.add("sensor", str(log), "")
        watched(found)
    fired = {int(alert.stix_id[-4:]): (alert.count, alert.value) for alert in Alert.objects.all()}
    assert fired == {
        1: (1, "deep.evil.example"),
        2: (1, "deep.evil.example"),
        3: (1, "deep.evil.example"),
        4: (1, "fine.example"),  # the older event of the fixture, once
    }


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
        "severity",
        "suppressed",
    )
    return sorted(Alert.objects.values_list(*fields))


def test_live_and_hunt_say_the_same_of_a_week_of_trickbot(ready: Path, shared: Path, tmp_path: Path) -> None:
    from commonwatch.capabilities.detection.indicators.writing import Said, indicator_of
    from commonwatch.core.stix.markings import TLP2

    expected = json.loads((shared / "telemetry" / "expected-open.json").read_text())["pair1_trickbot"]
    said = Said(
        "identity--00000000-0000-4000-8000-000000000001", "list", (TLP2["TLP:GREEN"],), "2018-11-01T00:00:00.000Z"
    )
    objects = [indicator_of(Value(Kind.ENDPOINT, hit["indicator"]), said) for hit in expected["hits"]]
    brought(*[one for one in objects if one is not None])
    log = shared / "telemetry" / "zeek-trickbot-2018" / "conn.log"
    with inputs(Engine(tmp_path / "index")) as found:
        found.add(str(log), str(log), "")
        watched(found)
    live = alerts()
    assert len({row[0] for row in live}) == expected["distinct"] == 22
    Alert.objects.all().delete()
    run_hunt([str(log)], mapping="", period=Period(), chosen=Chosen(), now_us=NOW, step=lambda meter: None)
    assert alerts() == live and sum(row[4] for row in live) >= expected["records"]


def test_a_hunt_keeps_to_its_period_and_to_chosen_indicators(log: Path) -> None:
    brought(domain(1, "evil.example", **FRESH), domain(2, "worse.example", **FRESH))
    write(log, *(dns(name, day * 86400) for day in range(3) for name in ("evil.example", "worse.example")))

    def hunted(period: Period, *ids: str) -> int:
        Alert.objects.all().delete()
        done = run_hunt([str(log)], mapping="", period=period, chosen=Chosen(ids), now_us=NOW, step=lambda meter: None)
        assert done.events == 7
        return done.hits

    day = 86_400_000_000
    begin = 1_793_577_600_000_000  # 2026-11-02
    assert hunted(Period()) == 6
    assert hunted(Period(begin + day, begin + 2 * day)) == 2
    assert hunted(Period(since_us=begin + day)) == 4 and hunted(Period(until_us=begin)) == 0
    assert hunted(Period(), str(indicator(2)["id"])) == 3


def test_a_new_indicator_is_tried_against_stored_telemetry(log: Path) -> None:
    write(log, dns("evil.example", 1))
    add_source("sensor", str(log), "", live=True, actor="t", now_us=NOW)
    source = TelemetrySource.objects.get()
    assert retro.try_new(source) is None
    brought(domain(1, "evil.example", **FRESH))
    done = retro.try_new(source)
    assert done is not None and done.hits == 1 and Alert.objects.get().source == "sensor"
    assert retro.try_new(TelemetrySource.objects.get()) is None
    remove_source("sensor", actor="t", now_us=NOW)
    assert not TelemetrySource.objects.exists() and Alert.objects.exists()


def test_a_hunt_can_keep_to_what_is_new_since_an_entry_or_a_time(log: Path) -> None:
    from commonwatch.base.journal import followers
    from commonwatch.base.journal.schema import seq_to_us
    from commonwatch.capabilities.detection.commands.given import entry_since

    brought(domain(1, "evil.example", **FRESH))
    write(log, dns("evil.example", 1), dns("worse.example", 2))
    entry = followers.end() + 1
    assert entry_since(str(entry), NOW) == entry and entry_since("", NOW) is None
    assert entry_since("1h", seq_to_us(entry) + 3_600_000_000) == entry

    def hunted(since: int) -> list[str]:
        Alert.objects.all().delete()
        done = run_hunt(
            [str(log)], mapping="", period=Period(), chosen=Chosen((), since), now_us=NOW, step=lambda meter: None
        )
        assert done.events == (3 if Alert.objects.exists() else 0)  # nothing is read where nothing is new
        return sorted(Alert.objects.values_list("value", flat=True))

    assert hunted(entry) == []
    brought(domain(2, "worse.example", **FRESH))
    assert hunted(entry) == ["worse.example"] and hunted(0) == ["evil.example", "worse.example"]


def test_the_worker_watches_registered_telemetry_and_notices_what_is_added(log: Path) -> None:
    from commonwatch.capabilities.detection import jobs

    brought(domain(1, "evil.example", **FRESH))
    write(log, dns("evil.example", 1))
    background = jobs.Background()
    try:
        background.keep(NOW)
        assert not background._threads  # nothing to read: no thread, no library
        add_source("sensor", str(log), "", live=True, actor="t", now_us=NOW)
        background.keep(NOW + 2_000_000)
        waited = threading.Event()
        for _ in range(600):
            if Alert.objects.exists():
                break
            waited.wait(0.1)
        assert Alert.objects.get().source == "sensor"
    finally:
        background.stop()
