"""What cases and duties cost: made from their parts, read, written; assessed, followed, moved by another law.

    .venv/bin/python -m bench.responding

CPU and waiting together (wall clock), median of seven where it can be done again. A node of its own in a temporary folder, SQLite. Beside
the making of a case stands what its parts cost to be read as JSON alone: the plain limit.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from typing import Any

import msgspec

ROUNDS = 7
PARTS = 604  # of the large case, beside its root
CASES, DUTIES = 200, 500
PLACES = ("AT", "BE", "DE", "ES", "FI", "FR", "IE", "IT", "NL", "PT")


def main() -> None:
    """Both rooms."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COMMONWATCH_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "commonwatch.site.settings"
        import django

        django.setup()
        from commonwatch.cli.node import close, prepare

        prepare()
        _cases()
        _duties()
        close()


def _cases() -> None:
    from commonwatch.base.clock import now_us
    from commonwatch.base.parties.actions import By
    from commonwatch.base.release.reader import operator
    from commonwatch.base.threads.queries import thread
    from commonwatch.capabilities.incidents import queries
    from commonwatch.capabilities.incidents.actions import entries, opening
    from commonwatch.capabilities.incidents.rules.fold import fold

    def by() -> By:
        return By("bench", now_us())

    def begun(name: str, parts: int) -> str:
        case = opening.report(opening.Report(name, severity="high"), by())
        for number in range(parts):
            entries.add_entry(case, entries.Entry(f"It was seen {number}", now_us()), by())
        return case

    reader = operator("bench")
    small = begun("Small", 0)
    alone = _seconds(lambda: entries.add_entry(small, entries.Entry("It was seen", now_us()), by()))
    large = begun("Large", PARTS)
    into = _seconds(lambda: entries.add_entry(large, entries.Entry("It was seen", now_us()), by()))
    parts = thread(reader, large)
    root, rest = parts[0], parts[1:]
    print("| cases | ms |\n| --- | ---: |")
    for count in (100, 1_000, 10_000):
        more = [
            msgspec.structs.replace(one, id=f"event--00000000-0000-4000-8000-{number:012d}")
            for number, one in ((number, rest[number % len(rest)]) for number in range(count - 1))
        ]
        whole = (root, *more)
        raws = [msgspec.json.encode(one.value) for one in whole]
        took = _seconds(lambda whole=whole: fold(whole))  # type: ignore[misc]
        limit = _seconds(lambda raws=raws: [msgspec.json.decode(raw) for raw in raws])  # type: ignore[misc]
        print(f"| {count:,} parts made into a case ({took / limit:.1f} times their JSON read) | {took * 1e3:.1f} |")
    print(
        f"| {len(parts)} parts read by release and made | {_seconds(lambda: queries.case(reader, large)) * 1e3:.1f} |"
    )
    print(f"| an entry written, with the question who would get it | {alone * 1e3:.1f} |")
    print(f"| the same into the case of {len(parts)} parts | {into * 1e3:.1f} |")
    for number in range(CASES - 2):
        begun(f"Case {number}", 4)
    took = _seconds(lambda: queries.every(reader, CASES))
    print(f"| {CASES} cases, all but two of 5 parts | {took * 1e3:.1f} |")


def _duties() -> None:

    from commonwatch.base.clock import now_us
    from commonwatch.base.parties.actions import By
    from commonwatch.capabilities.duties import actions, lawmaking
    from commonwatch.capabilities.duties.case_facts import read_facts
    from commonwatch.capabilities.duties.foreseeing import foreseen
    from commonwatch.capabilities.duties.law import raw_list
    from commonwatch.capabilities.duties.models import Duty, Notice
    from commonwatch.capabilities.duties.showing import duties_calendar
    from commonwatch.capabilities.duties.upkeep import upkeep

    def facts(title: str, places: tuple[str, ...]) -> Any:
        subject = {"name": "home", "places": places, "roles": ["nis2-entity"], "sectors": ["health"]}
        said = {"title": title, "subjects": [subject], "severity": "high", "flags": {"personal_data": True}}
        return read_facts(msgspec.json.encode({**said, "times": {"aware": now_us()}}))

    ten = facts("Ten countries", PLACES)
    found = foreseen(ten, now_us())
    took = _seconds(lambda: foreseen(ten, now_us()))
    print("\n| duties | ms |\n| --- | ---: |")
    notices = sum(len(one.notices) for one in found)
    print(f"| a case in {len(PLACES)} countries assessed: {len(found)} answers, {notices} notices | {took * 1e3:.1f} |")
    for number in range(DUTIES // 2):
        by = By("bench", now_us())
        only = [("home", "AT", "RO:EU-NIS2-23"), ("home", "AT", "RO:EU-GDPR-33")]
        for duty in actions.propose(facts(f"Case {number}", ("AT",)), by, only):
            actions.confirm(duty.pk, "bench", by)
    open_ones, waiting = Duty.objects.count(), Notice.objects.count()
    print(
        f"| a round of the worker, nothing due: {open_ones} duties, {waiting} notices | {_ms(lambda: upkeep(now_us()))} |"
    )
    print(f"| the calendar | {_ms(lambda: duties_calendar(now_us()))} |")
    law = raw_list("duties").replace(b'"PT72H"', b'"PT71H"')
    change = lawmaking.preview("duties", law)
    print(
        f"| which clocks another list would move: {len(change.moves)} | {_ms(lambda: lawmaking.preview('duties', law))} |"
    )
    began = time.perf_counter()
    lawmaking.put_in("duties", law, "bench", By("bench", now_us()))
    print(f"| they are moved, once | {(time.perf_counter() - began) * 1e3:.0f} |")


def _ms(act: Callable[[], object]) -> str:
    return f"{_seconds(act) * 1e3:.1f}"


def _seconds(act: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


if __name__ == "__main__":
    main()
