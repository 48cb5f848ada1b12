from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from commonwatch.capabilities.detection.matching.index import segment
from commonwatch.capabilities.detection.matching.index.hashing import hash_column, hash_one
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
from commonwatch.capabilities.detection.matching.index.store import CHANGES
from commonwatch.core.errors import Conflict, NodeUnable
from commonwatch.core.patterns.values import Kind, Value

EVIL = Value(Kind.DOMAIN, "evil.example")
BELOW = Value(Kind.HOST, "www.evil.example")


def test_a_domain_is_met_by_names_below_it_and_a_host_by_itself_only(tmp_path: Path) -> None:
    index = IndicatorIndex.open(tmp_path)
    index.apply([(1, EVIL), (2, Value(Kind.HOST, "evil.example"))], [], 1)
    assert index.lookup(BELOW) == (1,)
    assert index.lookup(Value(Kind.HOST, "evil.example")) == (1, 2)
    assert index.lookup(Value(Kind.HOST, "notevil.example")) == ()


def test_an_entry_removed_and_added_again_with_another_value_keeps_only_that(tmp_path: Path) -> None:
    index = IndicatorIndex.open(tmp_path)
    index.apply([(1, EVIL)], [], 1)
    index.merge()
    index.apply([(1, Value(Kind.DOMAIN, "other.example"))], [1], 2)
    for _ in range(2):
        assert index.lookup(BELOW) == ()
        assert index.lookup(Value(Kind.HOST, "other.example")) == (1,)
        index.merge()


def test_pages_given_back_are_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment, "_ROWS_MAPPED", 1)
    texts = [f"h{number}.example" for number in range(5_000)]
    rows = pa.RecordBatch.from_pydict({"entry": list(range(5_000)), "kind": ["host"] * 5_000, "text": texts})
    index = IndicatorIndex.build(tmp_path, [rows], 1)
    for _ in range(2):
        assert index.under_many("name", pl.Series(texts)).entries.tolist() == list(range(5_000))
        assert index.lookup(Value(Kind.HOST, "h7.example")) == (7,)


def test_changes_outlive_the_process_and_are_seen_by_others(tmp_path: Path) -> None:
    writer, reader = IndicatorIndex.open(tmp_path), IndicatorIndex.open(tmp_path)
    writer.apply([(1, EVIL)], [], 7)
    assert reader.lookup(BELOW) == ()
    assert reader.refresh()
    assert (reader.lookup(BELOW), reader.generation) == ((1,), 7)
    writer.merge()
    writer.apply([], [1], 8)
    assert reader.refresh() and not reader.refresh()
    assert (reader.lookup(BELOW), reader.generation) == ((), 8)
    assert IndicatorIndex.open(tmp_path).generation == 8


def test_applying_a_change_again_alters_nothing(tmp_path: Path) -> None:
    index = IndicatorIndex.open(tmp_path)
    for _ in range(2):
        index.apply([(1, EVIL)], [], 1)
    assert len(index) == 1
    with pytest.raises(Conflict, match="Go on from there"):
        index.apply([], [], 0)


def test_a_record_cut_by_a_crash_ends_the_log_and_is_written_over(tmp_path: Path) -> None:
    index = IndicatorIndex.open(tmp_path)
    index.apply([(1, EVIL)], [], 1)
    index.apply([(2, EVIL)], [], 2)
    (log,) = tmp_path.glob(f"*/{CHANGES}")
    log.write_bytes(log.read_bytes()[:-3])
    again = IndicatorIndex.open(tmp_path)
    assert (again.lookup(BELOW), again.generation) == ((1,), 1)
    again.apply([(3, EVIL)], [], 3)
    assert IndicatorIndex.open(tmp_path).lookup(BELOW) == (1, 3)


def test_what_a_crashed_merge_left_is_removed_and_does_not_count(tmp_path: Path) -> None:
    index = IndicatorIndex.open(tmp_path)
    index.apply([(1, EVIL)], [], 1)
    (tmp_path / "000000002").mkdir()
    (tmp_path / "000000002" / "name.arrow").write_bytes(b"half a")
    assert IndicatorIndex.open(tmp_path).lookup(BELOW) == (1,)
    index.merge()
    assert index.lookup(BELOW) == (1,)
    assert len(list(tmp_path.glob("0*"))) == 1


def test_damage_is_noticed_and_says_what_to_do(tmp_path: Path) -> None:
    index = IndicatorIndex.open(tmp_path)
    index.apply([(1, EVIL)], [], 1)
    index.merge()
    (file,) = tmp_path.glob("*/name.arrow")
    whole = file.read_bytes()
    file.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
    with pytest.raises(NodeUnable, match="built again from the journal"):
        index.verify()
    file.write_bytes(whole[:-1])
    with pytest.raises(NodeUnable, match="name.arrow"):
        IndicatorIndex.open(tmp_path)


def test_an_index_is_built_from_batches(tmp_path: Path) -> None:
    rows = [(1, "domain", "evil.example"), (2, "endpoint", "[2001:db8::1]:443"), (3, "url", "https://evil.example/a")]
    batch = pa.RecordBatch.from_pylist([{"entry": e, "kind": k, "text": t} for e, k, t in rows])
    index = IndicatorIndex.build(tmp_path, [batch, batch.slice(1)], 9)
    assert index.lookup(Value(Kind.ADDRESS, "2001:db8::1"), 443) == (2,)
    assert index.lookup(Value(Kind.URL, "evil.example/a")) == (3,)
    assert index.generation == 9
    index.verify()


def test_networks_of_every_length_hold_their_addresses(tmp_path: Path) -> None:
    index = IndicatorIndex.open(tmp_path)
    texts = [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.128.0.0/23",
        "10.128.1.0/24",
        "10.128.1.128/25",
        "10.128.1.129/32",
        "2001:db8::/32",
    ]
    index.apply([(number, Value(Kind.NETWORK, text)) for number, text in enumerate(texts)], [], 1)
    assert index.lookup(Value(Kind.ADDRESS, "10.128.1.129")) == (0, 1, 2, 3, 4, 5)
    assert index.lookup(Value(Kind.ADDRESS, "10.128.0.1")) == (0, 1, 2)
    assert index.lookup(Value(Kind.ADDRESS, "2001:db8::1")) == (6,)
    assert index.lookup(Value(Kind.ADDRESS, "2001:db9::1")) == ()


def test_a_column_and_a_single_text_have_the_same_hash() -> None:
    import polars as pl

    texts = ["", "a", "192.0.2.1", "é" * 100, "x" * 300]
    assert hash_column(pl.Series(texts), 7).tolist() == [hash_one(text, 7) for text in texts]
    assert hash_one("commonwatch") == 0xECFC3B238BD511B2  # stored segments depend on it


def test_two_processes_change_one_index_without_loss(tmp_path: Path) -> None:
    IndicatorIndex.open(tmp_path)
    program = """
import sys
from pathlib import Path
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
from commonwatch.core.patterns.values import Kind, Value
index = IndicatorIndex.open(Path(sys.argv[1]))
for number in range(40):
    entry = int(sys.argv[2]) + number
    index.apply([(entry, Value(Kind.HOST, f"h{entry}.example"))], [], 1)
    if number % 20 == 10:
        index.merge()
"""
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), start]) for start in ("0", "1000")]
    assert [each.wait(60) for each in running] == [0, 0]
    index = IndicatorIndex.open(tmp_path)
    for entry in (*range(40), *range(1000, 1040)):
        assert index.lookup(Value(Kind.HOST, f"h{entry}.example")) == (entry,)
