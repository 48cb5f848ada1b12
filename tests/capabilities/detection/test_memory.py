"""Patterns over several events go on after a restart, a crash and a change of the rules: nothing fires twice, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commonwatch.capabilities.detection.indicators.engine import Engine
from commonwatch.capabilities.detection.models import Alert, AlertRecord, PatternMemory
from commonwatch.capabilities.detection.watch import memory
from commonwatch.capabilities.detection.watch.service import Inputs, inputs, owner_of, run
from tests.base.release.nodes import indicator
from tests.capabilities.detection.intel import brought, domain
from tests.capabilities.detection.test_watching import dns, write

FRESH: dict[str, Any] = {"valid_from": "2026-11-01T00:00:00Z", "confidence": 80}
SEQUENCE = (
    "([domain-name:value = 'first.example'] FOLLOWEDBY [domain-name:value = 'second.example']) WITHIN 600 SECONDS"
)
TWICE = "[domain-name:value = 'again.example'] REPEATS 3 TIMES WITHIN 600 SECONDS"
COUNTED = """title: Many
logsource: {category: dns}
detection: {s: {query: many.example}, condition: s}
name: many
---
title: Too many
correlation: {type: event_count, rules: [many], group-by: [src_ip], timespan: 1h, condition: {gte: 3}}
"""


@pytest.fixture
def log(ready: Path, tmp_path: Path) -> Path:
    return write(tmp_path / "eve.json", dns("fine.example"))


@pytest.fixture
def rules(log: Path) -> Iterator[None]:
    brought(
        indicator(1, "GREEN", pattern=SEQUENCE, **FRESH),
        indicator(2, "GREEN", pattern=TWICE, **FRESH),
        indicator(3, "GREEN", pattern=COUNTED, pattern_type="sigma", **FRESH),
    )
    yield


def watched(log: Path, tmp_path: Path, *, crash: bool = False) -> None:
    """A watch of its own; `crash`: it ends without a word, and what it did not store is lost."""
    found = Inputs(Engine(tmp_path / "index"), learning=False)
    found.add("sensor", str(log), "")
    if crash:
        while found.step():
            pass
        for stack in found._locks.values():
            stack.close()
        return
    run(found, lambda: False, lambda meter: None, once=True)
    found.close()


def fired() -> dict[int, int]:
    """How often each of them fired, by the number of its object."""
    return {int(alert.stix_id[-4:]): alert.count for alert in Alert.objects.all()}


def halves(log: Path, first: int = 1) -> list[str]:
    """Lines of which neither the first four nor the last three say anything by themselves."""
    names = ["first.example", "again.example", "many.example", "many.example", "again.example"]
    names += ["again.example", "many.example", "second.example"]
    return [dns(name, first + place) for place, name in enumerate(names)]


def test_a_restart_in_between_changes_nothing(log: Path, rules: None, tmp_path: Path) -> None:
    for line in halves(log):
        write(log, line)
        watched(log, tmp_path)
    assert fired() == {1: 1, 2: 1, 3: 1}
    assert PatternMemory.objects.count() == 3 and memory.status()["patterns"] == 3


@pytest.mark.parametrize("at", range(0, 9, 2))
def test_a_crash_neither_doubles_nor_loses(log: Path, rules: None, tmp_path: Path, at: int) -> None:
    lines = halves(log)
    write(log, *lines[:at])
    watched(log, tmp_path)
    write(log, *lines[at : at + 2])
    watched(log, tmp_path, crash=True)
    write(log, *lines[at + 2 :], dns("again.example", 40), dns("many.example", 41), dns("many.example", 42))
    watched(log, tmp_path)
    # The fourth again.example completes three once more; of many.example two are too few after it has fired.
    assert fired() == {1: 1, 2: 2, 3: 1}


def test_a_change_of_the_rules_costs_only_what_changed(log: Path, rules: None, tmp_path: Path) -> None:
    lines = halves(log)
    with inputs(Engine(tmp_path / "index"), learning=False) as found:
        found.add("sensor", str(log), "")
        write(log, *lines[:6])
        run(found, lambda: False, lambda meter: None, once=True)
        brought(
            domain(7, "other.example", **FRESH),
            indicator(8, "GREEN", pattern=SEQUENCE.replace("first", "third"), **FRESH),
            indicator(
                3, "GREEN", version=2, pattern=COUNTED.replace("gte: 3", "gte: 2"), pattern_type="sigma", **FRESH
            ),
        )
        write(log, *lines[6:])
        run(found, lambda: False, lambda meter: None, once=True)
    assert fired() == {1: 1, 2: 1}  # the changed correlation begins afresh, its one hit is too few
    brought(indicator(1, "GREEN", version=2, pattern=SEQUENCE, revoked=True, **FRESH))
    write(log, dns("again.example", 60))
    watched(log, tmp_path)
    assert not PatternMemory.objects.filter(identity__contains=str(indicator(1)["id"])).exists()


@pytest.mark.parametrize("harm", ["cut", "form", "other", "nonsense"])
def test_a_broken_memory_is_begun_afresh_and_said(log: Path, rules: None, tmp_path: Path, harm: str) -> None:
    from hashlib import sha256

    write(log, *halves(log)[:4])
    watched(log, tmp_path)
    rows = {row.family: row for row in PatternMemory.objects.filter(identity__contains=str(indicator(1)["id"]))}
    row = rows["stix"]
    nonsense = b"\x93\xc0\xc0\xc0"
    row.state = {
        "cut": bytes(row.state)[:-3],
        "form": b"\x63" + bytes(row.state)[1:],
        "other": bytes(PatternMemory.objects.get(identity__contains=str(indicator(2)["id"])).state),
        "nonsense": b"\x01" + sha256(nonsense).digest()[:16] + nonsense,
    }[harm]
    row.save()
    write(log, *halves(log)[4:])
    watched(log, tmp_path)
    assert fired() == {2: 1, 3: 1}
    (trouble,) = memory.status()["troubles"]
    assert trouble["object"] == indicator(1)["id"] and "afresh" in trouble["trouble"]
    write(log, dns("first.example", 70))
    watched(log, tmp_path)
    write(log, dns("second.example", 71))
    watched(log, tmp_path)
    assert fired()[1] == 1 and not memory.status()["troubles"]


def test_watches_of_other_sources_remember_apart(log: Path, rules: None, tmp_path: Path) -> None:
    assert owner_of(["a", "b"]) == owner_of(["b", "a"]) != owner_of(["a"])
    write(log, *halves(log)[:7])
    watched(log, tmp_path)
    with inputs(Engine(tmp_path / "index"), learning=False, owner=owner_of(["sensor"])) as found:
        found.add("sensor", str(log), "")
        write(log, dns("second.example", 50))
        run(found, lambda: False, lambda meter: None, once=True)
    assert 1 not in fired()


def test_rows_that_were_numbered_anew_go_on_by_what_they_are(log: Path, rules: None, tmp_path: Path) -> None:
    from commonwatch.capabilities.detection.models import Index, Indicator

    write(log, *halves(log)[:7])
    watched(log, tmp_path)
    for row in list(Indicator.objects.order_by("pk")):
        old = row.pk
        Indicator.objects.filter(pk=old).delete()
        row.pk = old + 1_000
        row.save(force_insert=True)
    Index.objects.update(made="another")
    write(log, halves(log)[7])
    watched(log, tmp_path)
    assert fired() == {1: 1, 2: 1, 3: 1}
    assert AlertRecord.objects.count() == 3
