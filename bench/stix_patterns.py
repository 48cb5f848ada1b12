"""STIX patterns beside stix2-matcher and stix2-patterns, in one run: `python -m bench.stix_patterns`.

Events are made up: connections and name queries with documentation addresses. stix2-matcher takes an event at a time and a
pattern at a time, so it gets few events and its time is taken per event.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from stix2matcher.matcher import Pattern as OasisPattern
from stix2patterns.v21.pattern import Pattern as OasisParsed

from commonwatch.capabilities.detection.matching.stix.layout import row_objects, things
from commonwatch.capabilities.detection.matching.stix.matcher import Entry, StixMatcher
from commonwatch.capabilities.detection.telemetry.batch import RECORD, TIME, Batch, Column, Mapping
from commonwatch.core.patterns.stix.bindings import Arrival
from commonwatch.core.patterns.stix.evaluate import matches
from commonwatch.core.patterns.stix.machine import Machine
from commonwatch.core.patterns.stix.observations import observations
from commonwatch.core.patterns.stix.planning import Plan, plan
from commonwatch.core.patterns.stix.reading import parse
from commonwatch.core.patterns.stix.syntax import Pattern
from commonwatch.core.stix.times import format_time

ADDRESS = ("ipv4-addr:value", "ipv6-addr:value")
MAPPING = Mapping(
    "bench",
    "Connections and queries",
    (
        Column("source", "source", stix=("network-traffic:src_ref.value", *ADDRESS)),
        Column("target", "target", stix=("network-traffic:dst_ref.value", *ADDRESS)),
        Column("port", "port", type="integer", stix=("network-traffic:dst_port",)),
        Column("query", "query", stix=("domain-name:value",)),
        Column("url", "url", stix=("url:value",)),
        Column("digest", "digest", stix=("file:hashes.'SHA-256'",)),
    ),
)
START = 1_700_000_000_000_000
BATCH = 65_536


def events(count: int, first: int = 0) -> dict[str, list[Any]]:
    """Columns of made-up events; one in some thousand is what a pattern looks for."""
    chance = np.random.default_rng(first + 1)
    hosts = chance.integers(0, 200_000, count)
    return {
        TIME: [START + (first + n) * 1000 for n in range(count)],
        RECORD: list(range(first + 1, first + count + 1)),
        "source": [f"10.0.{n >> 8 & 255}.{n & 255}" for n in chance.integers(0, 5_000, count).tolist()],
        "target": [f"203.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in hosts.tolist()],
        "port": chance.choice([53, 80, 443, 8080], count).tolist(),
        "query": [f"host-{n}.example" for n in chance.integers(0, 200_000, count).tolist()],
        "url": [f"https://host-{n}.example/path/{n % 7}" for n in chance.integers(0, 200_000, count).tolist()],
        "digest": [f"{n:064x}" for n in chance.integers(0, 1 << 40, count).tolist()],
    }


def batches(count: int) -> list[Batch]:
    made = []
    for first in range(0, count, BATCH):
        columns = events(min(BATCH, count - first), first)
        made.append(Batch(pa.RecordBatch.from_pydict(columns), MAPPING, "bench"))
    return made


def observed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows as the bundle of observed-data that stix2-matcher takes, with the objects that our rows have."""
    layout = things(MAPPING)
    objects: list[dict[str, Any]] = []
    for number, row in enumerate(rows):
        inside = []
        for key, one in row_objects(layout, row).items():
            if "type" in one:
                named = {k: _id(v, number) if k.endswith("_ref") else v for k, v in one.items()}
                inside.append({"id": _id(key, number), **named})
        when = format_time(row[TIME], 6)
        seen = {"first_observed": when, "last_observed": when, "number_observed": 1}
        refs = [one["id"] for one in inside]
        objects.append({"type": "observed-data", "id": f"observed-data--{number}", "object_refs": refs, **seen})
        objects.extend(inside)
    return {"type": "bundle", "id": "bundle--1", "objects": objects}


def _id(key: str, number: int) -> str:
    return f"object--{number}-{key}"


def simple_patterns(count: int) -> list[str]:
    kinds = [
        lambda n: f"[ipv4-addr:value = '203.{n % 3}.{n % 251}.{n % 253}']",
        lambda n: f"[domain-name:value = 'host-{n * 197}.example']",
        lambda n: f"[url:value = 'https://host-{n * 197}.example/path/{n * 197 % 7}']",
        lambda n: f"[file:hashes.'SHA-256' = '{n:064x}']",
    ]
    return [kinds[n % len(kinds)](n) for n in range(count)]


def rows_of(batch: Batch, count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = batch.events.slice(0, count).to_pylist()
    return rows


def read(text: str) -> Pattern:
    pattern = parse(text).pattern
    assert pattern is not None, parse(text).problem
    return pattern


def planned(text: str) -> Plan:
    made = plan(read(text))
    assert isinstance(made, Plan), made
    return made


def timed(work: Callable[[], Any], repeats: int = 3) -> float:
    """The median of some runs, in processor seconds."""
    spent = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        spent.append(time.process_time() - started)
    return sorted(spent)[len(spent) // 2]


def simple(count: int, few: int) -> None:
    """1,000 simple patterns over many events, and over few by stix2-matcher; hits on the few are equal."""
    texts = simple_patterns(1000)
    given = batches(count)
    matcher = StixMatcher([Entry(n, read(text)) for n, text in enumerate(texts)])
    matcher.match(given[0])
    hits = [0]

    def ours() -> None:
        hits[0] = sum(matcher.match(batch).num_rows for batch in given)

    spent = timed(ours)
    rows = rows_of(given[0], few)
    bundle = observed(rows)
    theirs = [OasisPattern(text, "2.1") for text in texts]
    started = time.process_time()
    met = {n for n, one in enumerate(theirs) if one.match([bundle])}
    per_event = (time.process_time() - started) / few
    ours_met = {n for n, text in enumerate(texts) if matches(planned(text), observations(bundle["objects"]))}
    assert met == ours_met, (met, ours_met)
    rate, their_rate = count / spent, 1 / per_event
    print(f"1,000 simple patterns: ours {rate:,.0f} events/s ({hits[0]:,} hits in {count:,} events);")
    print(
        f"  stix2-matcher {their_rate:,.1f} events/s ({few} events, equal hits on them); ratio {rate / their_rate:,.0f}"
    )


COMPLEX = [
    ("LIKE", "[domain-name:value LIKE 'host-1_7%.example']"),
    ("MATCHES", "[url:value MATCHES '^https://host-[0-9]+77\\\\.example/']"),
    ("ISSUBSET", "[ipv4-addr:value ISSUBSET '203.1.7.0/24']"),
    ("AND", "[network-traffic:dst_port = 443 AND network-traffic:dst_ref.value LIKE '203.1.%']"),
    ("list", "[network-traffic:dst_port IN (53, 8080) AND network-traffic:src_ref.value = '10.0.1.7']"),
    ("FOLLOWEDBY", "([domain-name:value LIKE 'host-1%'] FOLLOWEDBY [network-traffic:dst_port = 443]) WITHIN 1 SECONDS"),
    (
        "AND over time",
        "[domain-name:value LIKE 'host-1%'] AND [network-traffic:dst_port = 53] AND [url:value LIKE '%/3']",
    ),
    ("REPEATS", "[network-traffic:dst_port = 443] REPEATS 3 TIMES WITHIN 1 SECONDS"),
]


def cases(count: int, few: int) -> None:
    """Each complex pattern on few observations, beside stix2-matcher: evaluating, reading included; and events on columns.

    stix2-matcher reads the observations whenever it matches, and stops at the first match. On columns every event is
    answered, whether it completes the pattern.
    """
    given = batches(count)
    bundle = observed(rows_of(given[0], few))
    seen = observations(bundle["objects"])
    print(f"\nA case: {few} events, microseconds")
    print("| pattern | stix2-matcher | ours | ratio | with reading both | ratio | on columns, events/s | ratio |")
    print("| --- " * 8 + "|")
    for name, text in COMPLEX:
        theirs, own = OasisPattern(text, "2.1"), planned(text)
        assert bool(theirs.match([bundle])) == (matches(own, seen) is not None), name
        spent = timed(lambda: theirs.match([bundle]), 15)  # noqa: B023
        ours = timed(lambda: [matches(own, seen) for _ in range(20)], 15) / 20  # noqa: B023
        all_theirs = timed(lambda: OasisPattern(text, "2.1").match([bundle]), 15)  # noqa: B023
        all_ours = timed(lambda: matches(planned(text), observations(bundle["objects"])), 15)  # noqa: B023
        matcher = StixMatcher([Entry(1, read(text))])
        rate = count / timed(lambda: [matcher.match(batch) for batch in given], 1)  # noqa: B023
        print(
            f"| {name} | {spent * 1e6:,.0f} | {ours * 1e6:,.0f} | {spent / ours:,.1f} "
            f"| {all_theirs * 1e6:,.0f}; {all_ours * 1e6:,.0f} | {all_theirs / all_ours:,.1f} "
            f"| {rate:,.0f} | {rate * spent / few:,.0f} |",
            flush=True,
        )


def growing(sizes: tuple[int, ...]) -> None:
    """A temporal pattern that no events meet, over more and more of them."""
    text = "([domain-name:value LIKE 'host-1%'] FOLLOWEDBY [network-traffic:dst_port = 443]) WITHIN 0.0001 SECONDS"
    given = batches(max(sizes))[0]
    print("\nA pattern in time that is never met, milliseconds")
    for size in sizes:
        bundle = observed(rows_of(given, size))
        rows = [row for row in bundle["objects"] if row["type"] == "observed-data"]
        for number, row in enumerate(rows):  # no two at one moment
            row["first_observed"] = row["last_observed"] = format_time(START + number * 1_000_000, 6)
        seen, theirs, own = observations(bundle["objects"]), OasisPattern(text, "2.1"), planned(text)
        assert not theirs.match([bundle]) and matches(own, seen) is None
        spent, ours = timed(lambda: theirs.match([bundle]), 1), timed(lambda: matches(own, seen))  # noqa: B023
        print(f"  {size:,} events: stix2-matcher {spent * 1e3:,.1f}, ours {ours * 1e3:,.2f}; ratio {spent / ours:,.0f}")


def parsing() -> None:
    """Patterns a second, beside stix2-patterns."""
    many = "[" + " OR ".join(f"ipv4-addr:value = '203.0.{n // 250}.{n % 250}'" for n in range(500)) + "]"
    temporal = "([a:b = 'x' AND a:c > 5] OR [d:e LIKE '%x'] FOLLOWEDBY [f:g.h[*] IN (1, 2)]) WITHIN 300 SECONDS"
    for name, text, times in (
        ("simple", "[ipv4-addr:value = '203.0.113.7']", 200),
        ("three-way", "[file:hashes.MD5 = 'a' OR file:hashes.'SHA-1' = 'b' OR file:hashes.'SHA-256' = 'c']", 100),
        ("temporal", temporal, 50),
        ("500 values", many, 3),
    ):
        own = timed(lambda: [parse(text) for _ in range(times * 10)]) / (times * 10)  # noqa: B023
        theirs = timed(lambda: [OasisParsed(text) for _ in range(times)]) / times  # noqa: B023
        print(
            f"parse {name:10} ours {1 / own:10,.0f}/s  stix2-patterns {1 / theirs:8,.0f}/s  ratio {theirs / own:6.1f}"
        )


def temporal(count: int) -> None:
    """The temporal part alone: leaf hits a second, and the most memory it took."""
    a, b = "[a:b = 1]", "[a:b = 2]"
    for name, text, entities in (
        ("FOLLOWEDBY WITHIN, one entity", f"({a} FOLLOWEDBY {b}) WITHIN 60 SECONDS", 1),
        ("FOLLOWEDBY WITHIN, 5,000 entities", f"({a} FOLLOWEDBY {b}) WITHIN 60 SECONDS", 5_000),
        ("REPEATS 5, 5,000 entities", f"{a} REPEATS 5 TIMES WITHIN 60 SECONDS", 5_000),
        ("pairs REPEATS 3, one entity", f"({a} FOLLOWEDBY {b}) REPEATS 3 TIMES WITHIN 60 SECONDS", 1),
    ):
        made = planned(text)
        brackets = [frozenset({n}) for n in range(len(made.pattern.brackets))]
        names = [f"host {n}" for n in range(entities)]

        def run(
            machine: Machine, hits: int, brackets: list[frozenset[int]] = brackets, names: list[str] = names
        ) -> int:
            moment, met = START, 0
            for n in range(hits):
                moment += 10_000
                arrival = Arrival(n, moment, moment, brackets[n * 7 // 3 % len(brackets)])
                met += machine.take(arrival, names[n * 31 % len(names)]) is not None
            return met

        hits = count if "pairs" not in name else count // 20
        started = time.process_time()
        met = run(Machine(made, made.horizon(), 0), hits)
        spent = time.process_time() - started
        tracemalloc.start()
        machine = Machine(made, made.horizon(), 0)
        run(machine, hits // 10)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        counts = machine.counts()
        print(
            f"{name:34} {hits / spent:10,.0f} hits/s of {hits:,} ({met:,} met); peak {peak / 1e6:6.2f} MB over {hits // 10:,},"
            f" {counts.bindings:,} bindings kept, {counts.forgotten} forgotten"
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=1_000_000)
    options.add_argument("--few", type=int, default=20)
    options.add_argument("--hits", type=int, default=1_000_000)
    chosen = options.parse_args()
    simple(chosen.events, chosen.few)
    cases(min(chosen.events, 262_144), chosen.few)
    growing((20, 200, 1_000))
    parsing()
    temporal(chosen.hits)


if __name__ == "__main__":
    main()
