"""Plain indicators against stored telemetry, beside what merely parses it, a dictionary loop and grep: one run, one table.

.venv/bin/python -m bench.detection                  # 4M records, 10M indicators, two minutes
.venv/bin/python -m bench.detection --small          # 200k and 100k: a quick look, its ratios say little

Two processes or two threads everywhere, except where "one" is said. The parsers read the columns that we read and use each
of them once, so that nothing is skipped. Rates are of the clock, medians of rounds in which all take turns; where other programs run, the
ratio of processor times says more. The dictionary
loop knows only what the synthetic data has (networks of 24 bits, canonical texts): a general one would be slower.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import orjson
import polars as pl
import pyarrow as pa

from bench import detection_data as data
from bench import hunt_command
from commonwatch.capabilities.detection.alerts.grouping import entity_columns
from commonwatch.capabilities.detection.matching.drivers.parallel import Crew, Reading, Work
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
from commonwatch.capabilities.detection.matching.kernel import IndexMatcher
from commonwatch.capabilities.detection.telemetry.batch import Column
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.capabilities.detection.telemetry.wanted import wanted
from commonwatch.core.patterns.values import Kind, Value

LOGS = ("conn", "dns", "http")
ROUNDS = 3
GOALS = {"ndjson": 60, "tsv": 50, "parquet": 45}
PART = 50_000  # records of each log for the dictionary loop and grep
GREP = 100_000
CHANGES = 1_000
BATCHES = 100
Hit = tuple[str, int, int, str]  # log, record, entry, column


@contextmanager
def crew(index: Path, processes: int) -> Iterator[Crew]:
    """As `commonwatch hunt` makes it, where plain indicators are all that is in force."""
    work = Work(index, {}, 1)
    reading = Reading(None, tuple(mappings().values()), None, entity_columns)
    with tempfile.TemporaryDirectory() as folder, Crew(work, work.matchers(), reading, Path(folder), processes) as made:
        yield made


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def processor() -> float:
    """Processor seconds of this process and of those it has started and that run: what other programs do counts less in them."""
    spent = time.process_time()
    for child in multiprocessing.active_children():
        fields = Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()
        spent += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return spent


def both(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    begin, before = time.perf_counter(), processor()
    work()
    return time.perf_counter() - begin, processor() - before


def read_columns(index: Path) -> dict[str, list[Column]]:
    """What we read of each log."""
    ours, found = IndexMatcher(IndicatorIndex.open(index)), {}
    for log in LOGS:
        mapping = mappings()[f"zeek-{log}"]
        found[log] = list(wanted(mapping, {*ours.columns(mapping), *entity_columns(mapping)}).read)
    return found


def parse_duckdb(folder: Path, columns: dict[str, list[Column]]) -> None:
    for log in LOGS:
        types = {"ts": "DOUBLE"}
        types |= {c.source: {"integer": "BIGINT", "texts": "VARCHAR[]"}.get(c.type, "VARCHAR") for c in columns[log]}
        declared = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
        used = ", ".join(
            f'sum("{name}")' if kind in ("DOUBLE", "BIGINT") else f'sum(length("{name}"))'
            for name, kind in types.items()
        )
        with duckdb.connect(config={"threads": 2}) as connection:
            connection.execute("SET enable_progress_bar = false")
            source = f"read_json('{folder / log}.ndjson', format = 'newline_delimited', columns = {{{declared}}})"
            connection.execute(f"SELECT {used} FROM {source}").fetchall()


def parse_polars(form: str, folder: Path, columns: dict[str, list[Column]]) -> None:
    for log in LOGS:
        path = folder / f"{log}.{form}"
        numbers = {c.source for c in columns[log] if c.type == "integer"}
        if form == "tsv":
            with path.open() as file:
                names = next(line for line in file if line.startswith("#fields")).rstrip("\n").split("\t")[1:]
            types: dict[str, Any] = {n: pl.Int64 if n in numbers else pl.String for n in names} | {"ts": pl.Float64}
            scan = pl.scan_csv(
                path,
                separator="\t",
                has_header=False,
                comment_prefix="#",
                schema=types,
                quote_char=None,
                null_values="-",
            )
        else:
            scan = pl.scan_parquet(path)
        schema = scan.collect_schema()
        used = [pl.col("ts").sum()]
        for name in sorted({column.source for column in columns[log] if column.source in schema}):
            held = pl.col(name)
            if isinstance(schema[name], pl.List):
                held = held.list.len()
            elif schema[name] == pl.String:
                held = held.str.len_bytes()
            used.append(held.sum())
        scan.select(used).collect(engine="streaming")


def hunt(through: Crew, paths: list[Path]) -> list[Hit]:
    found: list[Hit] = []
    for one in through.parts(paths):
        assert not one.error, one.error
        if one.events is not None and one.hits is not None:
            records = one.events["record"].take(one.hits["row"]).to_pylist()
            rest = one.hits["entry"].to_pylist(), one.hits["column"].to_pylist()
            log = Path(one.place).name.split(".")[0]
            found += [(log, *hit) for hit in zip(records, *rest, strict=True)]
    return found


def rates(folder: Path, index: Path, records: int) -> list[Hit]:
    """Ours beside the parser of each format; the hits in NDJSON."""
    columns = read_columns(index)
    peers = {"ndjson": ("DuckDB", partial(parse_duckdb, folder, columns))}
    peers |= {form: ("Polars", partial(parse_polars, form, folder, columns)) for form in ("tsv", "parquet")}
    hits: dict[str, list[Hit]] = {}
    with crew(index, 2) as hunters:
        for form, (name, parse) in peers.items():
            paths = [folder / f"{log}.{form}" for log in LOGS]
            parsing, ours = [], []
            for _ in range(ROUNDS):
                parsing.append(both(parse))
                ours.append(both(lambda form=form, paths=paths: hits.update({form: hunt(hunters, paths)})))  # type: ignore[misc]
            (limit, limit_cpu), (reached, reached_cpu) = (
                [statistics.median(each) for each in zip(*times, strict=True)] for times in (parsing, ours)
            )
            print(
                f"| {form} | {name} parsing {records / limit:,.0f}/s | ours {records / reached:,.0f}/s "
                f"| {100 * limit / reached:.0f} %, of processor time {100 * limit_cpu / reached_cpu:.0f} % "
                f"({limit_cpu:.2f} / {reached_cpu:.2f} s) | goal {GOALS[form]} % |",
                flush=True,
            )
    # In TSV the header's lines are records too, so there only the number of hits is compared.
    same = len({len(each) for each in hits.values()}) == 1 and sorted(hits["ndjson"]) == sorted(hits["parquet"])
    print(f"| hits | {len(hits['ndjson']):,} | NDJSON equals Parquet, TSV has as many: {same} | | |", flush=True)
    return hits["ndjson"]


class Loop:
    """The plainest way: a dictionary a kind, an event at a time."""

    def __init__(self, batches: list[pa.RecordBatch]) -> None:
        self.of: dict[str, dict[str, list[int] | int]] = {}
        for batch in batches:
            kind = batch["kind"][0].as_py()
            held = self.of.setdefault(kind, {})
            for entry, text in zip(batch["entry"].to_pylist(), batch["text"].to_pylist(), strict=True):
                key = text.removeprefix("http://").removesuffix(".0/24" if kind == "network" else "\0")
                before = held.get(key)
                held[key] = entry if before is None else [*(before if isinstance(before, list) else [before]), entry]

    def hits(self, log: str, lines: Iterator[bytes]) -> Iterator[Hit]:
        for record, line in enumerate(lines, 1):
            event = orjson.loads(line)
            met: set[tuple[int, str]] = set()
            for side in ("orig", "resp"):
                met |= self.address(event[f"id.{side}_h"], event[f"id.{side}_p"], f"id_{side}_h")
            if log == "dns":
                met |= self.name(event["query"], "query")
                for text in event["answers"]:
                    met |= self.address(text, None, "answers") | self.address(text, None, "answer_addresses")
            elif log == "http":
                port = "" if event["id.resp_p"] == 80 else f":{event['id.resp_p']}"
                met |= self.name(event["host"], "host")
                met |= self.under("url", event["host"] + port + event["uri"], "url")
                if referrer := event.get("referrer"):
                    bare = referrer.removeprefix("http://")
                    met |= self.under("url", bare, "referrer") | self.name(bare.partition("/")[0], "referrer_host")
            for entry, column in met:
                yield log, record, entry, column

    def under(self, kind: str, key: str, column: str) -> set[tuple[int, str]]:
        found = self.of[kind].get(key)
        if found is None:
            return set()
        return {(entry, column) for entry in (found if isinstance(found, list) else [found])}

    def address(self, text: str, port: int | None, column: str) -> set[tuple[int, str]]:
        met = self.under("address", text, column) | self.under("network", text.rpartition(".")[0], column)
        return met if port is None else met | self.under("endpoint", f"{text}:{port}", column)

    def name(self, text: str, column: str) -> set[tuple[int, str]]:
        met: set[tuple[int, str]] = set()
        while text:
            met |= self.under("domain", text, column)
            text = text.partition(".")[2]
        return met


def against_loop(folder: Path, index: Path, batches: list[pa.RecordBatch]) -> None:
    """One process each, on the first records of every log."""
    loop = Loop(batches)
    part = parts(folder)
    theirs: list[Hit] = []
    ours: list[Hit] = []

    def looped() -> None:
        for path in part:
            with path.open("rb") as file:
                theirs.extend(loop.hits(path.name.split(".")[0], file))

    spent, spent_cpu = both(looped)
    with crew(index, 1) as hunters:
        mine, mine_cpu = both(lambda: ours.extend(hunt(hunters, part)))
    count = PART * len(part)
    print(
        f"| dictionary loop, one process, {count:,} records | {count / spent:,.0f}/s | ours, one {count / mine:,.0f}/s "
        f"| {spent / mine:.1f} times, of processor time {spent_cpu / mine_cpu:.1f} | hits equal: {sorted(ours) == sorted(theirs)} ({len(ours):,}) |",
        flush=True,
    )


def parts(folder: Path) -> list[Path]:
    """The first records of each log in files of their own."""
    (folder / "part").mkdir(exist_ok=True)
    made = []
    for log in LOGS:
        path = folder / "part" / f"{log}.ndjson"
        with (folder / f"{log}.ndjson").open("rb") as file:
            path.write_bytes(b"".join(islice(file, PART)))
        made.append(path)
    return made


def against_grep(folder: Path, batches: list[pa.RecordBatch]) -> None:
    """Every indicator list cut to 100,000 altogether; its hits are lines that contain a text anywhere."""
    total = sum(map(len, batches))
    some = [batch.slice(0, max(1, len(batch) * GREP // total)) for batch in batches]
    IndicatorIndex.build(folder / "few", some, 1)
    words = folder / "words"
    words.write_text("\n".join(text for batch in some for text in batch["text"].to_pylist()) + "\n")
    part = parts(folder)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = seconds(
        lambda: subprocess.run(
            ["grep", "-F", "-c", "-f", str(words), *map(str, part)], stdout=subprocess.DEVNULL, check=False
        )
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent_cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    with crew(folder / "few", 1) as hunters:
        mine, mine_cpu = both(lambda: hunt(hunters, part))
    count = PART * len(part)
    print(
        f"| grep -F -f, {sum(map(len, some)):,} texts, start included | {count / spent:,.0f}/s | ours, one {count / mine:,.0f}/s "
        f"| {spent / mine:.1f} times, of processor time {spent_cpu / mine_cpu:.1f} | goal 8 times |",
        flush=True,
    )


def memory() -> dict[str, float]:
    """Resident GB of this process: all, and what is its own."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return {name: int(lines[name].split()[0]) / 1e6 for name in ("VmRSS", "RssAnon", "RssFile")}


def start(folder: Path, index: Path) -> None:
    """In a fresh process."""
    before = memory()
    begin = time.perf_counter()
    with crew(index, 1) as hunters:
        opened = time.perf_counter() - begin
        first = memory()
        hunt(hunters, [folder / f"{log}.parquet" for log in LOGS])
        after = memory()
    print(f"| start, mapped | {opened:.3f} s | | | goal 1 s |")
    print(
        f"| resident GB: libraries / opened / after a hunt in all of it | {before['VmRSS']:.2f} / {first['VmRSS']:.2f} "
        f"/ {after['VmRSS']:.2f} | of it its own {after['RssAnon']:.2f}, pages of files {after['RssFile']:.2f} | | goal 0.6 |",
        flush=True,
    )


def changes(index: Path) -> None:
    """Published, withdrawn and re-marked in turn; another process's view catches up each time."""
    ours, other = IndicatorIndex.open(index), IndicatorIndex.open(index)
    own, seen, spent = [], [], []
    first = 1 << 40
    for number in range(BATCHES):
        entries = range(first + number // 3 * CHANGES, first + (number // 3 + 1) * CHANGES)
        name = f"n{number}.changed.example"
        added = [] if number % 3 == 2 else [(e, Value(Kind.DOMAIN, f"x{e}.{name}")) for e in entries]
        removed = [] if number % 3 == 0 else list(entries)
        taken = both(partial(ours.apply, added, removed, ours.generation + 1))
        own.append(taken[0])
        spent.append(taken[1])
        seen.append(seconds(other.refresh))
        value = Value(Kind.HOST, f"a.x{entries[-1]}.{name}")
        assert other.lookup(value) == ours.lookup(value) == ((entries[-1],) if added else ())
    measured = (("in force where applied", own), ("processor time of it", spent), ("learnt by another process", seen))
    for what, times in measured:
        p50, p99 = (1000 * float(np.quantile(times, q)) for q in (0.5, 0.99))
        print(f"| {CHANGES:,} changes, {what} | p50 {p50:.2f} ms | p99 {p99:.2f} ms | | goal 5 ms |", flush=True)


def fresh(work: Callable[..., None], *arguments: object) -> None:
    """In a process of its own."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=4_000_000)
    parser.add_argument("--indicators", type=int, default=10_000_000)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    records, count = (200_000, 100_000) if options.small else (options.records, options.indicators)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        random = np.random.default_rng(data.SEED)
        pool = data.pools(random, records)
        for log, frame in data.logs(random, pool, records).items():
            for form in data.FORMATS:
                data.write(folder, log, frame, form)
        batches = data.indicators(random, pool, count)
        print(f"{records:,} records, {count:,} indicators\n\n| what | | | | |\n| --- | --- | --- | --- | --- |")
        index = folder / "index"
        print(f"| index build | {seconds(lambda: IndicatorIndex.build(index, batches, 1)):.1f} s | | | |", flush=True)
        fresh(start, folder, index)
        hits = rates(folder, index, records)
        logs = {form: [folder / f"{log}.{form}" for log in LOGS] for form in ("ndjson", "parquet")}
        fresh(hunt_command.run, index, logs, [entry for _, _, entry, _ in hits])
        against_grep(folder, batches)
        against_loop(folder, index, batches)
        fresh(changes, index)  # apart from the heap of what is compared above


if __name__ == "__main__":
    main()
