from __future__ import annotations

import ipaddress
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commonwatch.capabilities.detection.matching import cells, kernel, memory, writing
from commonwatch.capabilities.detection.matching.index.found import found
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
from commonwatch.capabilities.detection.matching.kernel import IndexMatcher
from commonwatch.capabilities.detection.telemetry.batch import Batch
from commonwatch.core.patterns.canonical import canonical
from commonwatch.core.patterns.values import Kind, Value
from tests.capabilities.detection.matching.oracle import Oracle, batch_of, repeated, triples

labels = st.sampled_from(["evil", "example", "com", "a", "WWW", "co", "xn--p1ai", "bücher", "_x", "1", "-", ""])
names = st.lists(labels, min_size=1, max_size=5).map(".".join)
octets = st.sampled_from(["0", "1", "10", "192", "255", "256", "01"])
ipv4 = st.lists(octets, min_size=4, max_size=4).map(".".join)
ipv6 = st.sampled_from(
    ["2001:db8::1", "2001:DB8:0::1", "::1", "::ffff:10.1.1.1", "2001:db8:1:2:3:4:5:6", "fe80::1%eth0"]
)
addresses = ipv4 | ipv6
prefixes = st.tuples(addresses, st.integers(0, 128)).map(lambda pair: f"{pair[0]}/{pair[1]}")
ports = st.sampled_from([1, 80, 443])
endpoints = st.tuples(ipv4, ports).map(lambda pair: f"{pair[0]}:{pair[1]}")
paths = st.sampled_from(
    ["", "/", "/a", "/A?q=%7e", "/a/../b", "/b", "/%2e%2E/x y", "/a#top", "/.x", "\\a", "/a//b", "/%41", "/%2f"]
)
urls = st.tuples(
    st.sampled_from(["", "http://", "https://", "HTTP://", "ftp://", "http:///"]),
    names | addresses,
    st.sampled_from(["", ":80", ":443", ":8080", ":08080", ":99999", ":"]),
    paths,
).map("".join)
digests = st.sampled_from(
    ["D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e", "d41d8", " " + "a" * 32, "a" * 32]
)
files = st.sampled_from(
    ["evil.exe", "C:\\Temp\\Evil.EXE", "/tmp/evil.exe", "c:\\temp\\evil.exe ", "EVIL.exe", "\\", "a b", " ", "\u212a"]
)
emails = st.sampled_from(["A@Evil.com", "<a@evil.com>", "a@@evil.com", "a b@evil.com", "@evil.com", "a@bücher.com"])
keys = st.sampled_from(
    ["HKLM\\Software\\X", "HKEY_LOCAL_MACHINE\\software\\x", "\\REGISTRY\\MACHINE\\software\\x", "hklm\\", "hklm\\a\\"]
)
BY_KIND = {
    Kind.ADDRESS: addresses,
    Kind.HOST: names | addresses | endpoints,
    Kind.URL: urls,
    Kind.MD5: digests,
    Kind.FILE_NAME: files,
    Kind.FILE_PATH: files,
    Kind.EMAIL: emails,
    Kind.REGISTRY_KEY: keys,
    Kind.USER_AGENT: st.text(max_size=3),
}
INDICATORS = BY_KIND | {Kind.NETWORK: prefixes, Kind.DOMAIN: names, Kind.ENDPOINT: endpoints}


@st.composite
def indicators(draw: st.DrawFn) -> tuple[int, Value] | None:
    kind = draw(st.sampled_from(list(INDICATORS)))
    text = canonical(kind, draw(INDICATORS[kind]))
    return None if text is None else (draw(st.integers(1, 40)), Value(kind, text))


@st.composite
def events(draw: st.DrawFn) -> dict[str, tuple[Kind, list[object]]]:
    length = draw(st.integers(1, 8))
    columns: dict[str, tuple[Kind, list[object]]] = {}
    for kind, texts in BY_KIND.items():
        held = st.none() | texts | (st.text(max_size=6) if kind is not Kind.ADDRESS else st.nothing())
        columns[kind.value] = kind, draw(st.lists(held, min_size=length, max_size=length))
    inside = st.lists(st.none() | names | addresses, max_size=3)
    answers: list[object] = [
        *draw(st.lists(st.none() | inside, min_size=length - 1, max_size=length - 1)),
        ["a.evil.com"],
    ]
    columns["answers"] = Kind.HOST, answers
    return columns


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    base=st.lists(indicators(), max_size=12),
    later=st.lists(st.tuples(st.lists(indicators(), max_size=5), st.lists(st.integers(1, 40), max_size=3)), max_size=3),
    columns=events(),
    times=st.sampled_from([1, 1, 150]),
    data=st.data(),
)
def test_hits_equal_those_of_a_dictionary_loop(
    tmp_path_factory: pytest.TempPathFactory,
    base: list[tuple[int, Value] | None],
    later: list[tuple[list[tuple[int, Value] | None], list[int]]],
    columns: dict[str, tuple[Kind, list[object]]],
    times: int,
    data: st.DataObject,
) -> None:
    columns = {name: (kind, repeated(texts, times)) for name, (kind, texts) in columns.items()}
    length = len(columns["answers"][1])
    port = repeated(data.draw(st.lists(st.none() | ports, min_size=length // times, max_size=length // times)), times)
    batch = batch_of(columns, {"address": ("port", port)})  # type: ignore[dict-item]
    index = IndicatorIndex.open(tmp_path_factory.mktemp("index"))
    held = [row for row in base if row is not None]
    index.apply(held, [], 1)
    index.merge()
    matcher = IndexMatcher(index)
    assert triples(matcher.match(batch)) == Oracle(held).hits(batch)
    assert triples(matcher.match(coded(batch))) == Oracle(held).hits(batch)
    for number, (added, removed) in enumerate(later, 2):
        held = [row for row in held if row[0] not in removed] + [row for row in added if row is not None]
        index.apply([row for row in added if row is not None], removed, number)
        assert matcher.generation == number
        assert triples(matcher.match(batch)) == Oracle(held).hits(batch)
        assert triples(IndexMatcher(index).match(batch)) == Oracle(held).hits(batch)
    index.merge()
    assert triples(matcher.match(batch)) == Oracle(held).hits(batch)


def coded(batch: Batch) -> Batch:
    """The same events with each distinct text once."""
    columns = [
        column.dictionary_encode() if pa.types.is_string(column.type) else column for column in batch.events.columns
    ]
    return Batch(pa.RecordBatch.from_arrays(columns, names=batch.events.schema.names), batch.mapping, batch.place)


def many(bad: str) -> Batch:
    """A thousand events of which every tenth has a bad name and a bad answer."""
    names: list[object] = [bad if number % 10 == 0 else f"h{number % 700}.example.org" for number in range(1000)]
    answers: list[object] = [
        ["198.51.100.7"] if number % 10 == 0 else [f"10.0.{number % 9}.1"] for number in range(1000)
    ]
    return batch_of({"query": (Kind.HOST, names), "answers": (Kind.HOST, answers)}, {})


@pytest.mark.parametrize("bits", [1, 4, 21])
def test_what_the_memory_has_no_room_for_is_decided_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bits: int
) -> None:
    monkeypatch.setattr(memory, "_FIRST_BITS", 1)
    monkeypatch.setattr(memory, "_MOST_BITS", bits)
    held = [(1, Value(Kind.DOMAIN, "evil.example")), (2, Value(Kind.NETWORK, "198.51.100.0/24"))]
    index = IndicatorIndex.open(tmp_path)
    index.apply(held, [], 1)
    matcher, batch = IndexMatcher(index), many("a.evil.example")
    for _ in range(3):
        assert triples(matcher.match(batch)) == Oracle(held).hits(batch)


def test_a_full_memory_of_hits_is_emptied_between_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_MOST_MET", 1)
    held = [(1, Value(Kind.DOMAIN, "evil.example")), (2, Value(Kind.ADDRESS, "198.51.100.7"))]
    index = IndicatorIndex.open(tmp_path)
    index.apply(held, [], 1)
    matcher = IndexMatcher(index)
    for name in ("a.evil.example", "b.evil.example", "a.evil.example"):
        assert triples(matcher.match(many(name))) == Oracle(held).hits(many(name))


def test_a_memory_half_full_has_forgotten_hardly_any(tmp_path: Path) -> None:
    texts, random = memory.Texts(), np.random.default_rng(1)
    hashes = random.integers(1 << 20, 1 << 63, 16_000, np.uint64)
    nothing, bad = found(()), found([(place, 7, None, 0) for place in range(0, 4_000, 100)])
    for first in range(0, len(hashes), 4_000):
        texts.learn(hashes[first : first + 4_000], [nothing, bad if first == 4_000 else nothing])
    there, numbers = texts.not_clean(hashes)
    assert len(there) < 100 and (numbers > 0).sum() == 40
    met = texts.met(numbers[numbers > 0])
    assert there[numbers > 0].tolist() == list(range(4_000, 8_000, 100))
    assert set(met.entries.tolist()) == {7} and set(met.members.tolist()) == {1}


def test_columns_of_one_field_are_looked_up_together_and_met_apart(tmp_path: Path) -> None:
    held = [
        (1, Value(Kind.ADDRESS, "198.51.100.7")),
        (2, Value(Kind.DOMAIN, "evil.example")),
        (3, Value(Kind.NETWORK, "10.0.3.0/24")),
    ]
    index = IndicatorIndex.open(tmp_path)
    index.apply(held, [], 1)
    texts: list[object] = [
        ["198.51.100.7", "a.evil.example"] if n % 10 == 0 else [f"10.0.{n % 9}.1"] for n in range(1000)
    ]
    apart = batch_of({"names": (Kind.HOST, texts), "addresses": (Kind.ADDRESS, texts)}, {})
    one = apart.events["names"]
    same = Batch(pa.RecordBatch.from_arrays([one, one], names=["names", "addresses"]), apart.mapping)
    matcher = IndexMatcher(index)
    for batch in (apart, same, apart, same):
        assert triples(matcher.match(batch)) == Oracle(held).hits(batch)
    assert len(list(cells.cells(same, same.mapping.columns, 0))) == 1


@given(st.lists(st.ip_addresses(v=4), max_size=20), st.integers(0, 20))
def test_addresses_become_numbers(drawn: list[ipaddress.IPv4Address], first: int) -> None:
    texts = pl.Series([str(address) for address in drawn], dtype=pl.String)
    assert writing.numbers(texts[first:]).tolist() == [int(address) for address in drawn[first:]]


def test_small_and_large_batches_give_the_same_hits_in_the_same_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = IndicatorIndex.open(tmp_path)
    index.apply(
        [
            (7, Value(Kind.DOMAIN, "evil.example")),
            (3, Value(Kind.HOST, "a.evil.example")),
            (5, Value(Kind.ADDRESS, "192.0.2.1")),
        ],
        [],
        1,
    )
    batch = batch_of(
        {
            "query": (Kind.HOST, ["a.evil.example", "good.example", None, "192.0.2.1"]),
            "answers": (Kind.HOST, [["192.0.2.1", "a.evil.example"], [], None, ["b.evil.example"]]),
        },
        {},
    )
    expected = [
        (0, 3, "answers"), (0, 3, "query"), (0, 5, "answers"), (0, 7, "answers"), (0, 7, "query"), (3, 5, "query"), (3, 7, "answers"),
    ]  # fmt: skip
    assert triples(IndexMatcher(index).match(batch)) == expected
    monkeypatch.setattr(kernel, "SMALL", 0)
    assert triples(IndexMatcher(index).match(batch)) == expected


def test_an_endpoint_matches_its_port_only(tmp_path: Path) -> None:
    index = IndicatorIndex.open(tmp_path)
    index.apply([(1, Value(Kind.ENDPOINT, "192.0.2.1:443"))], [], 1)
    batch = batch_of({"address": (Kind.ADDRESS, ["192.0.2.1"] * 3)}, {"address": ("port", [443, 80, None])})
    assert triples(IndexMatcher(index).match(batch)) == [(0, 1, "address")]
    assert index.lookup(Value(Kind.ADDRESS, "192.0.2.1"), 443) == (1,)
    assert index.lookup(Value(Kind.ADDRESS, "192.0.2.1"), 80) == ()
    assert index.lookup(Value(Kind.ADDRESS, "192.0.2.1")) == ()


def test_a_scheme_that_one_side_does_not_say_does_not_part_urls(tmp_path: Path) -> None:
    index = IndicatorIndex.open(tmp_path)
    index.apply([(1, Value(Kind.URL, "https://evil.example/a")), (2, Value(Kind.URL, "evil.example/a"))], [], 1)
    batch = batch_of({"url": (Kind.URL, ["http://evil.example/a", "evil.example/a", "https://EVIL.example/a"])}, {})
    assert triples(IndexMatcher(index).match(batch)) == [
        (0, 2, "url"),
        (1, 1, "url"),
        (1, 2, "url"),
        (2, 1, "url"),
        (2, 2, "url"),
    ]


def test_what_a_mapping_cannot_match_is_said(tmp_path: Path) -> None:
    index = IndicatorIndex.open(tmp_path)
    index.apply([(1, Value(Kind.URL, "evil.example/a")), (2, Value(Kind.DOMAIN, "evil.example"))], [], 1)
    batch = batch_of({"query": (Kind.HOST, [None])}, {})
    said = IndexMatcher(index).unexecutable(batch.mapping)
    assert {entry: each.reason for entry, each in said.items()} == {1: "test has no field that holds the kind url"}


def test_a_network_written_with_a_zone_meets_the_address_of_any_zone(tmp_path: Path) -> None:
    text = canonical(Kind.NETWORK, "fe80::1%eth0/128")
    assert text is not None
    index = IndicatorIndex.open(tmp_path)
    index.apply([(1, Value(Kind.NETWORK, text))], [], 1)
    batch = batch_of({"address": (Kind.ADDRESS, ["fe80::1%eth0", "fe80::1", "fe80::2"])}, {})
    assert triples(IndexMatcher(index).match(batch)) == [(0, 1, "address"), (1, 1, "address")]
