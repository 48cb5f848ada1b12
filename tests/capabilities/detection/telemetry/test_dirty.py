"""Dirty lines are counted and shown, and cost no other line; every way of reading gives the same."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.capabilities.detection.telemetry import json_files
from commonwatch.capabilities.detection.telemetry.chunks import LONGEST
from commonwatch.capabilities.detection.telemetry.faults import Faults
from commonwatch.capabilities.detection.telemetry.reading import Span, read
from commonwatch.core.errors import InvalidInput
from tests.capabilities.detection.telemetry.making import ZEEK_HEAD, conn, dns_line, ndjson, ours, rows, written

DIRT = {
    b'{"ts": 1700000000.5, "uid": "C': "not whole",
    b'{"ts": 1, "uid": "a\x00b"}': "NUL bytes",
    b'{"ts": 1, "uid": "\xff\xfe"}': "not UTF-8",
    b"[1, 2]": "not an object",
    b"tcpdump: listening": "not whole",
    b'{"ts": 1, "uid": "' + b"x" * 50: "not whole",
    b"\x00" * 50: "NUL bytes",
}


def plain(path: Path, **options: Any) -> tuple[list[dict[str, Any]], Faults]:
    """Every event of a Zeek connection log, and the faults."""
    faults = Faults()
    return rows(read(path, ours("zeek-conn"), faults=faults, **options)), faults


@pytest.mark.parametrize("dirt", DIRT, ids=range(len(DIRT)))
@pytest.mark.parametrize("count", [10, 3_000], ids=["small", "large"])
def test_a_dirty_line_costs_no_other(tmp_path: Path, dirt: bytes, count: int) -> None:
    good = [ndjson([conn(number)]) for number in range(count)]
    at = count // 2
    path = written(tmp_path / "conn.log", b"".join(good[:at]) + dirt + b"\n" + b"".join(good[at:]))
    found, faults = plain(path)
    assert [event["uid"] for event in found] == [f"C{number}" for number in range(count)]
    assert [event["record"] for event in found] == [*range(1, at + 1), *range(at + 2, count + 2)]
    assert faults.by_reason == {DIRT[dirt]: 1}
    assert faults.samples[0].record == at + 1
    assert faults.samples[0].start == dirt[:120]
    assert faults.records == count + 1


@pytest.mark.parametrize("packed", [False, True], ids=["file", "pieces"])
def test_a_dirty_line_far_into_a_file_costs_no_other(tmp_path: Path, packed: bool) -> None:
    good = [ndjson([conn(number)]) for number in range(60_000)]
    good[50_000] = b'{"ts": 1, "uid": "cut\n'
    good[59_999] = good[59_999][:30]
    data = b"".join(good)
    found, faults = plain(written(tmp_path / "conn.log", gzip.compress(data, 1) if packed else data), rows=2_048)
    expected = [number for number in range(59_999) if number != 50_000]
    assert [(event["uid"], event["record"]) for event in found] == [(f"C{number}", number + 1) for number in expected]
    assert faults.by_reason == {"not whole": 2}
    assert [fault.record for fault in faults.samples] == [50_001, 60_000]


def test_a_value_of_a_wrong_type_is_a_fault_and_its_event_stays(tmp_path: Path) -> None:
    wrong = conn(1) | {"id.orig_p": "a port", "ts": "yesterday"}
    path = written(tmp_path / "conn.log", ndjson([conn(0), wrong, conn(2)]) * 1_000)
    found, faults = plain(path)
    assert len(found) == 3_000
    assert "id_orig_p" not in found[1]
    assert "time" not in found[1]
    assert found[1]["id_resp_h"] == "198.51.100.1"
    assert faults.by_reason == {"id.orig_p is of a wrong type": 1_000, "ts is of a wrong type": 1_000}
    assert len(faults.samples) == 10


def test_deep_nesting_harms_nobody(tmp_path: Path) -> None:
    deep = b'{"uid": ' + b"[" * 5_000 + b"]" * 5_000 + b"}\n"
    found, faults = plain(written(tmp_path / "conn.log", ndjson([conn(0)]) + deep + ndjson([conn(2)])))
    assert [event["uid"] for event in found] == ["C0", "C2"]
    assert faults.by_reason == {"nested too deep": 1}
    large, _ = plain(written(tmp_path / "conn.log", (ndjson([conn(0)]) + deep + ndjson([conn(2)])) * 100))
    assert [event["record"] for event in large if event["uid"] in ("C0", "C2")][-2:] == [298, 300]


def test_an_overlong_line_is_dropped_and_counted(tmp_path: Path) -> None:
    long = b'{"uid": "' + b"x" * (LONGEST + 10) + b'"}\n'
    data = ndjson([conn(0)]) + long + ndjson([conn(2)]) + long + ndjson([conn(4)])
    found, faults = plain(written(tmp_path / "conn.log", gzip.compress(data, 1)))
    assert [event["record"] for event in found] == [1, 3, 5]
    assert faults.count == 2


def test_blank_lines_do_not_count(tmp_path: Path) -> None:
    path = written(tmp_path / "conn.log", b"\n\n" + ndjson([conn(0)]) + b"  \n\r\n" + ndjson([conn(1)]))
    found, faults = plain(path)
    assert [event["record"] for event in found] == [1, 2]
    assert faults.count == 0


def packings(data: bytes) -> dict[str, bytes]:
    """The same content in every packing of one stream."""
    return {
        "plain": data,
        "gzip": gzip.compress(data),
        "zstd": zstandard.compress(data),
        "members": gzip.compress(data[:999]) + gzip.compress(data[999:]),
    }


def test_packing_is_told_by_content_and_changes_nothing(tmp_path: Path) -> None:
    data = ndjson(conn(number) for number in range(5_000))
    found = {name: plain(written(tmp_path / "x", packed))[0] for name, packed in packings(data).items()}
    assert len(found["plain"]) == 5_000
    assert found["plain"] == found["gzip"] == found["zstd"] == found["members"]
    assert rows(read(io.BytesIO(data), ours("zeek-conn"))) == found["plain"]


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_packing_that_breaks_off_gives_what_was_before(tmp_path: Path, pack: Any) -> None:
    packed = bytearray(pack(ndjson(conn(number) for number in range(20_000))))
    at = len(packed) * 2 // 3
    packed[at : at + 100] = b"\xff" * 100
    found, faults = plain(written(tmp_path / "x", bytes(packed)))
    assert len(found) > 5_000
    assert [event["uid"] for event in found[:5_000]] == [f"C{number}" for number in range(5_000)]
    assert faults.by_reason["the packing breaks off"] == 1
    cut, faults = plain(written(tmp_path / "x", bytes(packed[:at])))
    assert [event["uid"] for event in cut] == [f"C{number}" for number in range(len(cut))]
    assert faults.count


def test_a_broken_or_foreign_member_of_a_zip_costs_no_other(tmp_path: Path) -> None:
    path = tmp_path / "logs.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("readme", "what this is\n")
        archive.writestr("a/conn.log", ndjson(conn(number) for number in range(3_000)))
        archive.writestr("conn.log", ndjson([conn(7)]))
    data = bytearray(path.read_bytes())
    at = data.index(b"a/conn.log") + 2_000
    data[at : at + 50] = b"\xff" * 50
    faults = Faults()
    found = rows(read(written(path, bytes(data)), faults=faults))
    assert found[-1]["uid"] == "C7"
    assert len(found) > 300
    assert faults.by_reason["text without times"] == 1
    assert faults.by_reason["the packing breaks off"] == 1


@pytest.mark.parametrize("cut", [0.5, 0.99])
def test_a_broken_parquet_file_is_refused_with_its_remedy(tmp_path: Path, cut: float) -> None:
    path = tmp_path / "conn.parquet"
    pl.DataFrame([conn(number) for number in range(5_000)]).write_parquet(path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * cut)])
    with pytest.raises(InvalidInput) as refused:
        list(read(path, ours("zeek-conn")))
    assert refused.value.advice == "Copy it again."


line = st.one_of(
    st.integers(0, 10**6).map(lambda number: ndjson([conn(number)])),
    st.sampled_from(list(DIRT)).map(lambda dirt: dirt[:200] + b"\n"),
    st.sampled_from([b"\n", b" \n", b"{}\n", b"null\n"]),
    st.fixed_dictionaries(
        {},
        optional={
            "ts": st.one_of(st.none(), st.floats(0, 2e9), st.just("2026-01-01T00:00:00Z"), st.just(""), st.booleans()),
            "uid": st.one_of(st.none(), st.text(max_size=5), st.integers(-5, 2**40), st.booleans(), st.just(["a", 1])),
            "id.orig_h": st.just("2001:db8::1"),
            "id.orig_p": st.one_of(st.integers(-5, 70_000), st.just("77"), st.just("x"), st.just(1.5)),
            "local_orig": st.one_of(st.booleans(), st.just("T")),
        },
    ).map(lambda event: json.dumps(event).encode() + b"\n"),
)


@settings(max_examples=60)
@given(st.lists(line, min_size=1, max_size=40))
def test_the_libraries_and_the_tolerant_path_read_the_same(lines: list[bytes]) -> None:
    data = b"".join(lines)
    small, large = Faults(), Faults()
    python = rows(read(io.BytesIO(data), ours("zeek-conn"), faults=small))
    before, json_files.SMALL = json_files.SMALL, 0
    try:
        library = rows(read(io.BytesIO(data), ours("zeek-conn"), faults=large))
    finally:
        json_files.SMALL = before
    assert library == python
    assert large.by_reason == small.by_reason


@settings(max_examples=40)
@given(st.lists(line, min_size=5, max_size=60), st.lists(st.floats(0, 1), min_size=1, max_size=4))
def test_spans_that_touch_share_out_a_file(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cuts: list[float]
) -> None:
    path = written(tmp_path_factory.mktemp("span") / "conn.log", b"".join(lines))
    size = path.stat().st_size
    edges = [0, *sorted(int(cut * size) for cut in cuts), size]
    whole, _ = plain(path)
    parts: list[dict[str, Any]] = []
    records = 0
    for start, end in pairwise(edges):
        found, faults = plain(path, span=Span(start, end))
        parts += [event | {"record": event["record"] + records} for event in found]
        records += faults.records
    assert parts == whole


def zeek(path: Path, **options: Any) -> tuple[list[dict[str, Any]], Faults]:
    """Every event of a Zeek dns.log in TSV, and the faults."""
    faults = Faults()
    return rows(read(path, ours("zeek-dns"), faults=faults, **options)), faults


def test_a_rotated_header_in_mid_file_is_followed(tmp_path: Path) -> None:
    other = ZEEK_HEAD.replace(b"uid\tid.orig_h", b"uid\tlabel\tid.orig_h").replace(
        b"string\taddr", b"string\tstring\taddr"
    )
    moved = dns_line(3).replace(b"C3\t", b"C3\tnew\t")
    path = written(
        tmp_path / "dns.log", ZEEK_HEAD + dns_line(1) + b"#close\tx\n" + ZEEK_HEAD + dns_line(2) + other + moved
    )
    found, faults = zeek(path)
    assert [event["uid"] for event in found] == ["C1", "C2", "C3"]
    assert [event["query"] for event in found] == ["n1.example.org", "n2.example.org", "n3.example.org"]
    assert [event["record"] for event in found] == [9, 19, 28]
    assert faults.count == 0


def test_dirty_lines_of_a_zeek_log_are_counted(tmp_path: Path) -> None:
    bad = [
        b"1700000000.5\tCbroken\n",
        b"\x00\x00\x00\n",
        b"nonsense\n",
        dns_line(8).replace(b"\t40008\t", b"\tport\t"),
        b"\n",
    ]
    odd = dns_line(9).replace(b"n9.", b"\xff9.")
    path = written(tmp_path / "dns.log", ZEEK_HEAD + dns_line(1) + b"".join(bad) + odd + dns_line(10))
    found, faults = zeek(path)
    assert [event["uid"] for event in found] == ["C1", "C8", "C9", "C10"]
    assert [event["record"] for event in found] == [9, 13, 14, 15]
    assert faults.by_reason == {"not whole": 2, "NUL bytes": 1, "id.orig_p is of a wrong type": 1, "not UTF-8": 1}


def test_lists_escapes_and_unset_values_of_a_zeek_log_are_what_they_mean(tmp_path: Path) -> None:
    line = b"1700000000.500000\tC1\t192.0.2.1\t5\t192.0.2.53\t53\tudp\ta\\x2cb\\\\c\t(empty)\tT\n"
    path = written(tmp_path / "dns.log", ZEEK_HEAD + line + dns_line(2).replace(b"\tudp\t", b"\t-\t"))
    found, _ = zeek(path)
    assert found[0]["query"] == "a,b\\c"
    assert "answers" not in found[0]
    assert found[0]["rejected"] is True
    assert "proto" not in found[1]
    assert found[1]["answers"] == ["cdn.example.net", "203.0.113.2"]
    assert found[1]["time"] == 1_700_000_002_500_000


def test_a_span_of_a_zeek_log_knows_the_header(tmp_path: Path) -> None:
    path = written(tmp_path / "dns.log", ZEEK_HEAD + b"".join(dns_line(number) for number in range(100)))
    half = path.stat().st_size // 2
    first, faults = zeek(path, span=Span(0, half))
    second, _ = zeek(path, span=Span(half, path.stat().st_size))
    assert [event["uid"] for event in first + second] == [f"C{number}" for number in range(100)]
    assert faults.records == len(first) + 8
