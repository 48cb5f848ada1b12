"""The matcher over batches agrees with the reference on every event, and proves what the open rules promise."""

from __future__ import annotations

from collections import ChainMap, Counter
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.capabilities.detection.matching.sigma.logsources import routes
from commonwatch.capabilities.detection.matching.sigma.matcher import SigmaMatcher
from commonwatch.capabilities.detection.telemetry.batch import TIME, Batch, Column
from commonwatch.capabilities.detection.telemetry.batch import Mapping as Mapped
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.capabilities.detection.telemetry.reading import read as read_telemetry
from commonwatch.core.patterns.sigma.evaluate import matches
from commonwatch.core.patterns.sigma.reading import read
from commonwatch.core.patterns.sigma.rules import Reading
from tests.capabilities.detection.matching.windows import WINDOWS, Event, batch_of, batches_of, events_of

SYSMON = "Microsoft-Windows-Sysmon/Operational"
HEAD = "title: T\nid: {id}\nlogsource: {{product: windows, category: process_creation}}\n"


def rule_text(detection: str, name: str = "r") -> str:
    return HEAD.format(id=name) + f"detection: {{{detection}}}\n"


def process(**fields: Any) -> Event:
    return {"Channel": SYSMON, "EventID": "1", **fields}


def hits(matcher: SigmaMatcher, batch: Batch) -> list[tuple[int, int, str]]:
    found = matcher.match(batch)
    return list(zip(*(found.column(name).to_pylist() for name in ("row", "entry", "column")), strict=True))


def expected(readings: list[Reading], events: Iterable[Event]) -> list[tuple[int, int]]:
    """By the reference alone: for each event and rule, each route, the where and the condition."""
    found = []
    for row, event in enumerate(events):
        for entry, reading in enumerate(readings):
            if any(_applies(rule.logsource, rule.condition, event) for rule in reading.rules):
                found.append((row, entry))
    return found


def _applies(logsource: Any, condition: Any, event: Event) -> bool:
    found = routes(logsource, WINDOWS)
    if isinstance(found, str):
        return False
    for route in found:
        aliases = {name: event.get(other) for name, other in route.fields.items()}
        hidden = {f"hidden {name}": event.get(name) for name in aliases}  # what keywords see all the same
        seen: Mapping[str, Any] = ChainMap(aliases, dict(event), hidden)
        if matches(route.where, event) and matches(condition, seen):
            return True
    return False


@cache
def open_readings(shared: Path) -> list[Reading]:
    return [read(path.read_text()) for path in sorted((shared / "intel/rules").glob("sigma*/**/*.yml"))]


@cache
def open_matcher(shared: Path) -> SigmaMatcher:
    return SigmaMatcher(enumerate(open_readings(shared)), 7)


def test_every_rule_with_a_proving_event_fires_on_it(shared: Path) -> None:
    readings, matcher = open_readings(shared), open_matcher(shared)
    entries = {name: entry for entry, reading in enumerate(readings) for rule in reading.rules for name in rule.names}
    proven, missing, without_events = 0, [], []
    for info in sorted((shared / "telemetry/sigma-regression").glob("**/info.yml")):
        batches = [batch for path in sorted(info.parent.glob("*.json")) for batch in batches_of(path)]
        if not batches:
            without_events.append(info.parent.name)
            continue
        fired = {entry for batch in batches for _, entry, _ in hits(matcher, batch)}
        for named in yaml.safe_load(info.read_text())["rule_metadata"]:
            proven += 1
            if entries[named["id"]] not in fired:
                missing.append((info.parent.name, named["title"]))
    assert missing == []
    assert proven == 193
    assert without_events == ["cisco_cli_dot1x_disabled"]  # its event is no Windows log and stands in no file


def test_rules_that_cannot_be_executed_on_windows_events_say_why(shared: Path) -> None:
    reasons = Counter(reason.reason for reason in open_matcher(shared).unexecutable(WINDOWS).values())
    assert reasons == {
        "windows holds no events of cisco/aaa.": 13,
        "windows holds no events of zeek/smb_files.": 7,
        "windows holds no events of fortigate/event.": 7,
        "windows does not say which of its events are dns.": 7,
        "windows holds no events of zeek/dns.": 5,
        "windows holds no events of zeek/dce_rpc.": 3,
        "windows holds no events of zeek/http.": 3,
        "windows holds no events of zeek/x509.": 1,
        "windows holds no events of zeek/rdp.": 1,
        "windows holds no events of zeek/kerberos.": 1,
        "windows holds no events of huawei/bgp.": 1,
        "windows holds no events of juniper/bgp.": 1,
        "windows holds no events of cisco/bgp.": 1,
        "windows holds no events of cisco/ldp.": 1,
        "windows does not say which of its events are firewall.": 1,
    }


def test_on_real_events_the_matcher_equals_the_reference(shared: Path) -> None:
    readings = open_readings(shared)
    matcher = SigmaMatcher(enumerate(readings), 7)
    total = 0
    for path in sorted((shared / "telemetry/windows-evtx-json").glob("*.jsonl"))[::4]:
        for batch in batches_of(path):
            some = Batch(batch.events.slice(0, 40), batch.mapping, batch.place)  # the reference takes its time
            found = [(row, entry) for row, entry, _ in hits(matcher, some)]
            assert found == expected(readings, events_of(some)), path.name
            total += len(found)
    assert total > 5


def test_no_rule_fires_on_events_of_another_log_source(shared: Path) -> None:
    readings, matcher = open_readings(shared), open_matcher(shared)
    for path in sorted((shared / "telemetry/windows-evtx-json").glob("*.jsonl"))[::4]:
        for batch in batches_of(path):
            events = events_of(batch)
            for row, entry, _ in hits(matcher, batch):
                for rule in readings[entry].rules:
                    found = routes(rule.logsource, WINDOWS)
                    assert not isinstance(found, str)
                    assert any(matches(route.where, events[row]) for route in found), (path.name, rule.title)


VALUES = st.sampled_from(
    ["cmd.exe", "C:\\Windows\\cmd.exe", "CMD", "-enc x", "http://a/b", "10.1.2.3", "7", "", "ÄöÜ", None]
)
FIELDS = ["Image", "CommandLine", "User", "Hashes"]
EVENTS = st.lists(
    st.fixed_dictionaries(
        {"Channel": st.sampled_from([SYSMON, "Security"]), "EventID": st.sampled_from(["1", "4688", "3"])},
        optional={name: VALUES for name in [*FIELDS, "NewProcessName"]},
    ),
    min_size=1,
    max_size=12,
)
ITEMS = st.sampled_from(
    [
        "Image|endswith: '\\cmd.exe'",
        "Image: ['cmd.exe', 'CMD']",
        "Image: '*c?d*'",
        "Image: null",
        "CommandLine|contains: ['enc', 'HTTP']",
        "CommandLine|contains|all: ['a', 'b']",
        "CommandLine|re: '^-e.c'",
        "CommandLine: '-'",
        "CommandLine|contains|cased: 'CMD'",
        "User|cidr: 10.0.0.0/8",
        "User|gte: 5",
        "User|exists: true",
        "User|contains: 'äö'",
        "User|startswith: ''",
        "Hashes|fieldref: User",
        "Hashes|neq: cmd",
        "'|all': ['cmd', 'x']",
        "'|contains': 'a/b'",
    ]
)
CONDITIONS = st.sampled_from(
    ["s", "not s", "s and t", "s or t", "s and not t", "not (s or t)", "1 of them", "all of s*", "not s and not t"]
)
DETECTIONS = st.builds(
    lambda s, t, c: f"s: {{{', '.join(s)}}}, t: {{{', '.join(t)}}}, condition: {c}",
    st.lists(ITEMS, min_size=1, max_size=3, unique_by=lambda item: item.partition(":")[0]),
    st.lists(ITEMS, min_size=1, max_size=2, unique_by=lambda item: item.partition(":")[0]),
    CONDITIONS,
)


@settings(max_examples=150)
@given(st.lists(DETECTIONS, min_size=1, max_size=12), st.lists(EVENTS, min_size=1, max_size=3))
def test_on_generated_rules_and_events_the_matcher_equals_the_reference(
    detections: list[str], batches: list[list[Event]]
) -> None:
    readings = [read(rule_text(detection)) for detection in detections]
    assert all(reading.rules for reading in readings)
    matcher = SigmaMatcher(enumerate(readings), 1)
    for events in batches:
        found = [(row, entry) for row, entry, _ in hits(matcher, batch_of(events))]
        assert found == expected(readings, events)


def test_hits_name_the_one_column_that_decided() -> None:
    one = read(rule_text("s: {Image|endswith: x}, condition: s"))
    two = read(rule_text("s: {Image|endswith: x, User: bob}, condition: s"))
    matcher = SigmaMatcher([(4, one), (9, two)], 1)
    assert hits(matcher, batch_of([process(Image="ax", User="bob")])) == [(0, 4, "Image"), (0, 9, "")]


def test_lists_numbers_and_booleans_are_compared_as_texts() -> None:
    matcher = SigmaMatcher(
        [
            (1, read(rule_text("s: {Names: b}, condition: s"))),
            (2, read(rule_text("s: {Port: 443}, condition: s"))),
            (3, read(rule_text("s: {Signed: 'true'}, condition: s"))),
        ],
        1,
    )
    event = process(Names=["a", "B"], Port=443, Signed=True)
    assert [entry for _, entry, _ in hits(matcher, batch_of([event, process(Port=44, Signed=False)]))] == [1, 2, 3]


ZEEK = Mapped(
    "zeek-dns",
    "Zeek DNS",
    (Column("source_address", "id.orig_h"), Column("query", "query"), Column("qtype", "qtype_name")),
    {"product": "zeek", "service": "dns"},
)


def test_fields_are_found_by_their_name_in_the_log_and_missing_ones_are_said() -> None:
    head = "title: T\nlogsource: {category: dns}\ndetection: "
    matcher = SigmaMatcher(
        [
            (1, read(head + "{s: {query|endswith: .onion, record_type: A}, condition: s}")),
            (2, read(head + "{s: {nothing: x}, condition: s}")),
            (3, read(head + "{s: {query: x.onion}, f: {nothing: x}, condition: s and not f}")),
            (4, read("title: T\nlogsource: {product: zeek, service: http}\ndetection: {s: {uri: x}, condition: s}")),
            (
                5,
                read(
                    "title: T\nlogsource: {product: zeek, service: dns}\ndetection: {s: {id.orig_h|cidr: 10.0.0.0/8}, condition: s}"
                ),
            ),
        ],
        1,
    )
    batch = batch_of([{"query": "x.onion", "qtype": "A", "source_address": "10.0.0.9"}], ZEEK)
    assert hits(matcher, batch) == [(0, 1, ""), (0, 3, "query"), (0, 5, "source_address")]
    assert {entry: one.reason for entry, one in matcher.unexecutable(ZEEK).items()} == {
        2: "zeek-dns has no field nothing.",
        4: "zeek-dns does not say which of its events are zeek/http.",
    }


def test_an_unresolved_placeholder_makes_a_rule_unexecutable() -> None:
    matcher = SigmaMatcher([(1, read(rule_text("s: {User|expand: '%admins%'}, condition: s")))], 1)
    assert "%admins%" in matcher.unexecutable(WINDOWS)[1].reason
    assert hits(matcher, batch_of([process(User="%admins%")])) == []


LOGONS = """
title: Failed logon
name: failed
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
---
title: Many failed logons
correlation:
  type: event_count
  rules: [failed]
  group-by: [TargetUserName]
  timespan: 1m
  condition: {gte: 3}
"""


def logon(second: int, user: str | None = "eve") -> Event:
    event = {"Channel": "Security", "EventID": 4625, TIME: second * 1_000_000}
    return event if user is None else {**event, "TargetUserName": user}


@pytest.mark.parametrize("size", [1, 2, 100])
def test_correlations_answer_alike_however_the_stream_is_cut(size: int) -> None:
    matcher = SigmaMatcher([(5, read(LOGONS))], 1)
    stream = [logon(0), logon(1, "bob"), logon(2), logon(3, None), logon(30, "EVE"), logon(100), logon(101), logon(102)]
    found = []
    for start in range(0, len(stream), size):
        found += [(start + row, entry) for row, entry, _ in hits(matcher, batch_of(stream[start : start + size]))]
    assert found == [(4, 5), (7, 5)]


def test_rules_under_a_correlation_are_told_of_only_where_their_own_text_wants_it() -> None:
    generating = read(LOGONS.replace("  type: event_count", "  generate: true\n  type: event_count"))
    assert len(hits(SigmaMatcher([(5, generating)], 1), batch_of([logon(0)]))) == 1
    other = "title: C\ncorrelation: {type: event_count, rules: [r], timespan: 1m, condition: {gte: 2}}\n"
    matcher = SigmaMatcher([(1, read(rule_text("s: {Image: x}, condition: s"))), (2, read(other))], 1)
    found = hits(matcher, batch_of([process(Image="x", time=1), process(Image="x", time=2)]))
    assert [(row, entry) for row, entry, _ in found] == [(0, 1), (1, 1), (1, 2)]


def test_correlations_stand_on_correlations_and_circles_end() -> None:
    second = "title: D\nname: d\ncorrelation: {type: event_count, rules: [m], timespan: 1h, condition: {gte: 2}}\n"
    first = LOGONS.replace("title: Many failed logons", "title: Many\nname: m")
    matcher = SigmaMatcher([(1, read(first)), (2, read(second))], 1)
    found = hits(matcher, batch_of([logon(second) for second in range(6)]))
    assert [(row, entry) for row, entry, _ in found] == [(2, 1), (5, 1), (5, 2)]
    circle = "title: E\nname: e\ncorrelation: {type: event_count, rules: [e], timespan: 1h, condition: {gte: 1}}\n"
    assert hits(SigmaMatcher([(1, read(circle))], 1), batch_of([logon(0)])) == []


def test_a_correlation_that_cannot_fire_says_why() -> None:
    text = "title: C\ncorrelation: {type: event_count, rules: [r, nowhere], timespan: 1m, condition: {gte: 2}}\n"
    below = text.replace(", nowhere", "").replace("gte", "lt")
    onion = "title: C\ncorrelation: {type: event_count, rules: [r], timespan: 1m, condition: {gte: 2}}\n"
    zeek = read(rule_text("s: {a: x}, condition: s").replace("windows", "zeek"))
    matcher = SigmaMatcher([(0, zeek), (1, read(text)), (2, read(below)), (3, read(onion))], 1)
    reasons = {entry: one.reason for entry, one in matcher.unexecutable(WINDOWS).items()}
    assert reasons[1] == "It stands on rules that are not here: nowhere."
    assert "only when its time span has passed" in reasons[2]
    assert reasons[3] == "The rules that it stands on cannot match here."


@settings(max_examples=40)
@given(st.lists(st.lists(DETECTIONS, max_size=5), min_size=2, max_size=9), EVENTS)
def test_a_renewed_matcher_answers_as_a_new_one(changes: list[list[str]], events: list[Event]) -> None:
    matcher = SigmaMatcher([], 0)
    pairs: list[tuple[int, Reading]] = []
    for generation, detections in enumerate(changes, 1):
        gone = generation % 3
        added = [(generation * 100 + place, read(rule_text(text))) for place, text in enumerate(detections)]
        pairs = pairs[gone:] + added
        matcher = matcher.renewed(pairs, generation)
        assert matcher.generation == generation
        assert hits(matcher, batch_of(events)) == hits(SigmaMatcher(pairs, generation), batch_of(events))


def test_a_renewed_matcher_goes_on_with_its_correlations() -> None:
    logons, other = read(LOGONS), read(rule_text("s: {Image: x}, condition: s"))
    matcher = SigmaMatcher([(5, logons)], 1)
    assert hits(matcher, batch_of([logon(0), logon(1)])) == []
    renewed = matcher.renewed([(5, logons), (6, other)], 2)
    assert hits(renewed, batch_of([logon(2)])) == [(0, 5, "")]


def test_a_reader_learns_which_columns_are_asked_for() -> None:
    one = read(rule_text("s: {Image|endswith: x, User|re: y}, condition: s"))
    assert set(SigmaMatcher([(1, one)], 1).columns(WINDOWS) or ()) == {
        "Channel",
        "EventID",
        "Image",
        "NewProcessName",
        "User",
        "SubjectUserName",
    }
    assert "TargetUserName" in (SigmaMatcher([(1, read(LOGONS))], 1).columns(WINDOWS) or ())
    assert SigmaMatcher([(1, read(rule_text("k: [evil], condition: k")))], 1).columns(WINDOWS) is None


def rule_of(logsource: str, detection: str) -> Reading:
    return read(f"title: T\nlogsource: {{{logsource}}}\ndetection: {{{detection}, condition: s}}\n")


def test_generic_rules_reach_what_zeek_suricata_and_syslog_call_otherwise() -> None:
    known = mappings()
    matcher = SigmaMatcher(
        [
            (1, rule_of("category: dns", "s: {query: x.onion, record_type: A}")),
            (2, rule_of("category: proxy", "s: {c-uri|endswith: /evil, cs-method: GET, r-dns: h}")),
            (3, rule_of("product: linux, service: sshd", "s: ['bad packet']")),
            (4, rule_of("product: linux, service: auditd", "s: {type: EXECVE}")),
            (5, rule_of("product: linux", "s: {type: EXECVE}")),
        ],
        1,
    )
    zeek_dns = batch_of([{"query": "X.onion", "qtype_name": "A"}], known["zeek-dns"])
    zeek_http = batch_of([{"uri": "/evil", "method": "GET", "host": "h"}], known["zeek-http"])
    eve: list[dict[str, object]] = [
        {"event_type": "dns", "dns_type": "query", "dns_rrname": "x.onion", "dns_rrtype": "A"},
        {"event_type": "http", "http_url": "/evil", "http_method": "GET", "http_hostname": "h"},
        {"event_type": "flow", "dns_type": "query", "dns_rrname": "x.onion", "dns_rrtype": "A"},
        {"event_type": "dns", "dns_type": "request", "dns_queries": ["fine", "x.onion"], "dns_queries_rrtype": ["A"]},
    ]
    syslog = [{"program": "sshd", "message": "a bad packet"}, {"program": "other", "message": "a bad packet"}]
    assert [entry for _, entry, _ in hits(matcher, zeek_dns)] == [1]
    assert [entry for _, entry, _ in hits(matcher, zeek_http)] == [2]
    assert [(row, entry) for row, entry, _ in hits(matcher, batch_of(eve, known["suricata-eve"]))] == [
        (0, 1),
        (1, 2),
        (3, 1),
    ]
    assert [(row, entry) for row, entry, _ in hits(matcher, batch_of(syslog, known["syslog"]))] == [(0, 3)]
    reasons = {entry: one.reason for entry, one in matcher.unexecutable(known["syslog"]).items()}
    assert reasons[4] == "syslog does not say which of its events are linux/auditd."
    assert reasons[5] == "syslog has no field type."


def test_every_open_rule_whose_logs_have_a_mapping_is_executable(shared: Path) -> None:
    matcher, known = open_matcher(shared), mappings()
    stuck = set(range(len(open_readings(shared))))
    for mapping in known.values():
        stuck &= set(matcher.unexecutable(mapping))
    sources = Counter(str(open_readings(shared)[entry].rules[0].logsource) for entry in stuck)
    assert sources == {  # 27 of 437: logs for which no mapping is shipped
        "cisco/aaa": 13,
        "fortigate/event": 7,
        "zeek/dce_rpc": 3,
        "cisco/bgp": 1,
        "cisco/ldp": 1,
        "huawei/bgp": 1,
        "juniper/bgp": 1,
    }


def test_zeek_rules_do_not_fire_on_a_network_without_what_they_describe(shared: Path) -> None:
    matcher = open_matcher(shared)
    total = Counter[str]()
    for path in sorted((shared / "telemetry/zeek-trickbot-2018").glob("*.log")):
        for batch in read_telemetry(path):
            for _, entry, _ in hits(matcher, batch):
                total[open_readings(shared)[entry].rules[0].title] += 1
    assert total == {}
