"""Sigma rules over Windows events: ours beside Zircolite, in events per second of one processor, hits compared rule by rule.

.venv/bin/python -m bench.sigma_rules                                  # ours on the open rules
.venv/bin/python -m bench.sigma_rules --rules SIGMA --zircolite ZIRCOLITE --python VENV/bin/python

SIGMA is a checkout of the public rules from the day of Zircolite's rule set, ZIRCOLITE a checkout of Zircolite, whose own
requirements VENV has. The rules are then those of its set `rules_windows_sysmon_high.json`, by id. Zircolite's start-up
is measured on one event and taken off; ours is shown apart. Zircolite's set knows processes and connections from Sysmon
only, so our hits on Security 4688 and 5156 are counted apart.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from commonwatch.capabilities.detection.matching.sigma.cache import Readings
from commonwatch.capabilities.detection.matching.sigma.matcher import SigmaMatcher
from commonwatch.capabilities.detection.telemetry.batch import Batch
from commonwatch.capabilities.detection.telemetry.mappings import mappings
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.capabilities.detection.telemetry.windows import flattened
from commonwatch.core.patterns.sigma.rules import Reading

SHARED = Path(os.environ.get("COMMONWATCH_SHARED", Path(__file__).parents[2] / "shared")) / "data"
SET = "rules/rules_windows_sysmon_high.json"
TIMES_OVER = 4
RUNS = 3
AUDIT = {4688, 5156}


def lines() -> Iterator[bytes]:
    """Every event of the captures, a line each, as Windows renders them: the form that both programs know best."""
    for path in sorted((SHARED / "logs/security-datasets").glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                for line in archive.read(name).splitlines():
                    if line.strip():
                        yield orjson.dumps(rendered(flattened(orjson.loads(line))))


def rendered(flat: dict[str, Any]) -> dict[str, Any]:
    """A flat event as Windows has it. The captures are flat, and flat names with an underscore are lost on Zircolite."""
    system: dict[str, Any] = {name: flat.pop(name) for name in ("EventID", "Channel", "Computer") if name in flat}
    system["Provider"] = {"#attributes": {"Name": flat.pop("Provider_Name", None)}}
    system["TimeCreated"] = {"#attributes": {"SystemTime": flat.pop("SystemTime", None)}}
    return {"Event": {"System": system, "EventData": flat}}


def written(path: Path, events: list[bytes]) -> Path:
    path.write_bytes(b"\n".join(events) + b"\n")
    return path


def chosen(rules: Path, ids: set[str] | None, cache: Path) -> list[Reading]:
    """The rules by id, or all of them."""
    kept = Readings(cache)
    readings = [kept.read(path.read_text()) for path in sorted(rules.glob("**/*.yml"))]
    return [one for one in readings if one.rules and (ids is None or ids & set(one.rules[0].names))]


def matched(readings: list[Reading], batches: list[Batch]) -> tuple[float, float, Counter[str], int]:
    """Seconds to make the rules ready and to match, hits by rule, and hits on the audit routes."""
    started = time.process_time()
    matcher = SigmaMatcher(enumerate(readings), 1)
    matcher.unexecutable(batches[0].mapping)
    ready = time.process_time()
    found = [matcher.match(batch) for batch in batches]
    ended = time.process_time()
    hits: Counter[str] = Counter()
    audit = 0
    for batch, answer in zip(batches, found, strict=True):
        numbers = batch.events.column("EventID").to_pylist()
        for row, entry in zip(answer.column("row").to_pylist(), answer.column("entry").to_pylist(), strict=True):
            rule = readings[entry].rules[0]
            if rule.logsource.category and numbers[row] in AUDIT:
                audit += 1
            else:
                hits[rule.names[0]] += 1
    return ready - started, ended - ready, hits, audit


def zircolite(folder: Path, python: str, events: Path, work: Path) -> tuple[float, Counter[str]]:
    """Seconds of processor time of one run, and hits by rule."""
    out = work / "zircolite.json"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [python, str(folder / "zircolite.py"), "-e", str(events), "-j", "-r", str(folder / SET), "-o", str(out)]
    config = ["-c", str(folder / "config/config.yaml"), "--no-auto-mode", "-q"]
    subprocess.run([*command, *config], cwd=work, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, Counter({rule["id"]: rule["count"] for rule in json.loads(out.read_text())})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rules", type=Path, default=SHARED / "intel/rules")
    parser.add_argument("--zircolite", type=Path)
    parser.add_argument("--python", default="python3")
    options = parser.parse_args()
    ids = None
    if options.zircolite:
        ids = {rule["id"] for rule in json.loads((options.zircolite / SET).read_text())}
    events = list(lines()) * TIMES_OVER
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        path = written(work / "events.json", events)
        started = time.process_time()
        readings = chosen(options.rules, ids, work / "cache")
        first = time.process_time() - started
        started = time.process_time()
        readings = chosen(options.rules, ids, work / "cache")
        again = time.process_time() - started
        windows = mappings()["windows"]
        asked = SigmaMatcher(enumerate(readings), 1).columns(windows)
        list(read(path, windows, columns=asked))  # the first reading also loads libraries: start-up, as taken off below
        took = []
        for _ in range(RUNS):
            started = time.process_time()
            batches = list(read(path, windows, columns=asked))
            took.append(time.process_time() - started)
        parsing = statistics.median(took)
        runs = [matched(readings, batches) for _ in range(RUNS)]
        ready = statistics.median(run[0] for run in runs)
        matching = statistics.median(run[1] for run in runs)
        _, _, hits, audit = runs[0]
        print(f"{len(events):,} events, {len(readings):,} rules; seconds of one processor\n")
        print("| what | seconds | events/s |\n| --- | --- | --- |")
        print(f"| ours: rules read the first time / from the cache | {first:.2f} / {again:.2f} | |")
        print(f"| ours: rules made ready | {ready:.2f} | |")
        print(f"| ours: matching | {matching:.2f} | {len(events) / matching:,.0f} |")
        print(
            f"| ours: reading the file | {parsing:.2f} | {len(events) / parsing:,.0f} |\n"
            f"| ours: reading the file and matching | {parsing + matching:.2f} | {len(events) / (parsing + matching):,.0f} |"
        )
        if options.zircolite:
            idle, _ = zircolite(options.zircolite, options.python, written(work / "one.json", events[:1]), work)
            spent, theirs = zircolite(options.zircolite, options.python, path, work)
            spent -= idle
            print(f"| Zircolite, its start-up ({idle:.1f} s) taken off | {spent:.2f} | {len(events) / spent:,.0f} |")
            print(
                f"\nMatching against Zircolite: {spent / matching:.1f} times; with reading: {spent / (parsing + matching):.1f}."
            )
            same = (
                "equal, rule by rule" if hits == theirs else f"different: {sorted((hits - theirs) + (theirs - hits))}"
            )
            print(
                f"Hits: Zircolite {theirs.total()} of {len(theirs)} rules, ours {hits.total()} of {len(hits)}: {same}."
            )
        print(f"\nHits: {hits.total()} of {len(hits)} rules, and {audit} on Security 4688 and 5156.")


if __name__ == "__main__":
    main()
