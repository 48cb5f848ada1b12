"""What detection keeps in tables, beside plainly writing the same rows: hits made into alerts, indicators looked at again.

`python -m bench.detection_rows [--rows N]`. Each hit is of an indicator of its own, on a host of its own, as when a large list of names
meets a day of traffic: nothing can be grouped. Then the same alerts grow by a second event each. Then as many indicators that stand in the
journal are looked at again, as when they are withdrawn or marked anew. The limit: the rows of the alerts and of their events, inserted
by the database's own driver in one transaction. Processor time; it grows with the number of rows.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bench.watch_latency import made, publish

if TYPE_CHECKING:
    from commonwatch.capabilities.detection.alerts.grouping import Hit
    from commonwatch.capabilities.detection.alerts.recording import Recorded

RUN = 500  # hits of a batch of telemetry
FIRST_US = 1_796_090_000_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as folder:
        made(Path(folder))
        publish([_name(number) for number in range(rows)])
        _print("indicators taken in from the journal", rows, _timed(_followed))
        for what, event in (("hits, each in an alert of its own", 0), ("a second event of each alert", 1)):
            hits = [_hit(number, event) for number in range(rows)]
            _print(what, rows, _timed(partial(_recorded, hits)))
        _print("indicators looked at again", rows, _timed(_looked_again))
        _print("limit: the rows of the alerts, plainly", rows, _timed(_copied))


def _print(what: str, rows: int, spent: float) -> None:
    print(f"| {what} | {rows / spent:,.0f}/s | {1000 * spent / rows:.3f} ms each |", flush=True)


def _name(number: int) -> str:
    return f"evil{number}.example.com"


def _timed(act: Callable[[], object]) -> float:
    begin = time.process_time()
    act()
    return time.process_time() - begin


def _hit(number: int, event: int) -> Hit:
    from commonwatch.capabilities.detection.alerts.grouping import Hit
    from commonwatch.core.patterns.values import Kind

    return Hit(
        entry=number + 1,
        source="sensor",
        entity=f"10.0.{number >> 8}.{number & 255}",
        place="/logs/dns.log",
        record=2 * number + event,
        time_us=FIRST_US + number,
        column="query",
        value=_name(number),
        kind=Kind.HOST,
    )


def _recorded(hits: Sequence[Hit]) -> list[Recorded]:
    from django.db import transaction

    from commonwatch.capabilities.detection.alerts.recording import read_again, record
    from commonwatch.core.parts import parts

    done = []
    for some in parts(hits, RUN):
        with transaction.atomic():
            done.append(record(some, 1, read_again, FIRST_US))
    return done


def _followed() -> None:
    from commonwatch.base.journal import followers
    from commonwatch.capabilities.detection.indicators.follower import IndicatorFollower

    while followers.advance(IndicatorFollower(), RUN):
        pass


def _looked_again() -> None:
    from django.db import transaction

    from commonwatch.base.parties.queries import own_member
    from commonwatch.capabilities.detection.indicators import rows
    from commonwatch.capabilities.detection.indicators.terms import index_row
    from commonwatch.capabilities.detection.models import Indicator

    index = index_row()
    with transaction.atomic():
        rows.look_again(own_member(), Indicator.objects.all(), rows.Stamp(index.change, index.generation))


def _copied() -> None:
    """The rows that are there, written once more by the driver alone."""
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("detection_alert", "detection_alert_record"):
            cursor.execute(f"SELECT * FROM {table}")
            rows = cursor.fetchall()
            cursor.execute(f"CREATE TABLE again_{table} AS SELECT * FROM {table} WHERE 1 = 0")
            cursor.executemany(f"INSERT INTO again_{table} VALUES ({', '.join(['%s'] * len(rows[0]))})", rows)


if __name__ == "__main__":
    main()
