"""`commonwatch hunt` as a person gives it: what starting, opening, looking at hits and recording them add to the driver.

Called by `bench.detection`, in a process of its own as it makes a node. The node has the index and, at first, no row for any of its
entries: every hit is looked at as always, and none is recorded. Then some entries get rows, and their hits become alerts.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.watch_latency import made

ALERTS = 1_000  # entries whose hits are recorded in the last run


def run(index: Path, logs: dict[str, list[Path]], entries: Sequence[int]) -> None:
    """Print a line for each format, and one with alerts; `entries`: of each hit."""
    with tempfile.TemporaryDirectory() as folder:
        made(Path(folder))
        _given(index)
        for form, paths in logs.items():
            _print(f"`commonwatch hunt`, {form}, nothing recorded", *_hunted(paths))
        form, paths = next(iter(logs.items()))
        rarest = [entry for entry, _ in reversed(Counter(entries).most_common())]
        _in_force(rarest[:ALERTS])
        _print(f"`commonwatch hunt`, {form}, with alerts", *_hunted(paths))


def _hunted(paths: Sequence[Path]) -> tuple[float, float, dict[str, int]]:
    """Seconds by the clock and of the processor, and what it says."""
    command = [str(Path(sys.executable).with_name("commonwatch")), "hunt", "--json", *map(str, paths)]
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    said = subprocess.run(command, capture_output=True, check=True).stdout
    spent, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, json.loads(said)


def _print(what: str, spent: float, processor: float, said: dict[str, int]) -> None:
    print(
        f"| {what} | {said['events'] / spent:,.0f}/s | {spent:.2f} s, of the processor {processor:.2f} s "
        f"| {said['hits']:,} hits recorded in {said['raised'] + said['suppressed']:,} alerts | |",
        flush=True,
    )


def _given(index: Path) -> None:
    """The node's index is this one, and up to date."""
    from commonwatch.capabilities.detection.indicators.engine import index_folder
    from commonwatch.capabilities.detection.indicators.terms import index_row

    row = index_row()
    (index / "cursor.json").write_text(json.dumps({"change": row.change, "made": row.made}))
    index_folder().parent.mkdir(exist_ok=True)
    index_folder().symlink_to(index)


def _in_force(entries: Sequence[int]) -> None:
    """Rows for these entries of the index."""
    from commonwatch.base.clock import now_us
    from commonwatch.capabilities.detection.models import Indicator, ReleaseTerms, State

    terms = ReleaseTerms.objects.create(klass=1, granted=True, tlp=1, pap=1)
    Indicator.objects.bulk_create(
        Indicator(
            pk=entry,
            stix_id=f"indicator--00000000-0000-4000-8000-{entry:012}",
            voucher="bench",
            version_us=now_us(),
            seq=1,
            terms=terms,
            state=State.IN_FORCE,
            generation=1,
            change=0,
            pattern_type="values",
        )
        for entry in entries
    )
