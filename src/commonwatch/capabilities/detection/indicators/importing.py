"""Plain lists into the node: each value an indicator of this node's own member, through intake like every other object."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec
import orjson

from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.parties.authoring import signed_as_own
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.detection.indicators.writing import Said, indicator_of
from commonwatch.core.errors import InvalidInput
from commonwatch.core.patterns.plain import Line, read_lines
from commonwatch.core.patterns.values import Kind, Value
from commonwatch.core.stix.markings import MARKING_IDS
from commonwatch.core.stix.times import format_time
from commonwatch.core.stix.values import Piece

BATCH = 1_000
MOST_FINDINGS = 100  # kept with their line; all are counted
_WAIT_SECONDS = 600.0


class Wish(msgspec.Struct, frozen=True):
    """How a list is taken in."""

    source: str
    marking: str
    confidence: int | None = None
    category: str = "malicious-activity"
    column: str = ""
    delimiter: str = ","
    exact: bool = False  # names mean themselves alone, not what is below them
    valid_days: int = 0  # 0: no end
    collection: str = "main"


class Taken(msgspec.Struct):
    """What became of a list."""

    values: int = 0
    admitted: int = 0
    duplicate: int = 0
    refused: int = 0
    left_out: int = 0
    codes: Counter[str] = msgspec.field(default_factory=Counter)
    findings: list[str] = msgspec.field(default_factory=list)


def import_list(path: Path, wish: Wish, *, actor: str, now_us: int, advance: Callable[[int], None]) -> Taken:
    """Take one list in. The same file again is the same objects: its own date is theirs."""
    if wish.marking not in MARKING_IDS:
        raise InvalidInput(
            "marking-unknown", f"{wish.marking} is no TLP level.", f"Use one of {', '.join(sorted(MARKING_IDS))}."
        )
    taken = Taken()
    channel = _channel(wish, actor)
    objects = _objects(path, wish, now_us, taken)
    while batch := signed_as_own(list(islice(objects, BATCH)), now_us):
        pieces = [Piece(orjson.dumps(one), f"/{number}") for number, one in enumerate(batch)]
        report = receive(pieces, channel, now_us).result(_WAIT_SECONDS)
        tally = report.tally()
        taken.admitted += tally["admitted"]
        taken.duplicate += tally["duplicate"]
        taken.refused += tally["refused"] + tally["quarantined"]
        advance(len(pieces))
    return taken


def _channel(wish: Wish, actor: str) -> Channel:
    source = ensure_source(wish.source, wish.marking)
    slot = collection(operator(actor), wish.collection).slot
    return Channel(source.pk, wish.marking, voucher_of(source), actor, (slot,))


def _objects(path: Path, wish: Wish, now_us: int, taken: Taken) -> Iterator[dict[str, object]]:
    at_us = min(int(path.stat().st_mtime * 1_000_000), now_us)
    until = format_time(at_us + wish.valid_days * 86_400_000_000, 3) if wish.valid_days else ""
    said = Said(
        own_member().identity,
        wish.source,
        (MARKING_IDS[wish.marking],),
        format_time(at_us, 3),
        wish.confidence,
        wish.category,
        until,
    )
    seen: set[Value] = set()
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        for line in read_lines(_cells(file, wish) if wish.column else file):
            value = _value(line, wish, taken)
            if value is None or value in seen:
                continue
            seen.add(value)
            found = indicator_of(value, said)
            if found is None:
                _note(taken, "kind-unknown", f"line {line.number}: STIX has no name for {value.kind}.")
                continue
            taken.values += 1
            yield found


def _value(line: Line, wish: Wish, taken: Taken) -> Value | None:
    if line.finding is not None:
        sentence = f"line {line.number}: {line.finding.sentence} {line.finding.remedy}"
        if line.value is None:
            _note(taken, line.finding.code, sentence)
    if line.value is not None and wish.exact and line.value.kind is Kind.DOMAIN:
        return Value(Kind.HOST, line.value.text)
    return line.value


def _note(taken: Taken, code: str, sentence: str) -> None:
    taken.left_out += 1
    taken.codes[code] += 1
    if len(taken.findings) < MOST_FINDINGS:
        taken.findings.append(sentence)


def _cells(file: Iterable[str], wish: Wish) -> Iterator[str]:
    """The texts of one column: a cell may name several values, with commas between them."""
    rows = csv.reader(file, delimiter=wish.delimiter)
    place = int(wish.column) if wish.column.isdigit() else -1
    if place < 0:
        names = [name.strip().strip("\ufeff").lower() for name in next(rows, [])]
        if wish.column.lower() not in names:
            raise InvalidInput(
                "column-missing", f"There is no column {wish.column}.", f"Name one of {', '.join(names) or 'none'}."
            )
        place = names.index(wish.column.lower())
    for row in rows:
        yield from row[place].split(", ") if place < len(row) else ()


def files_of(paths: Sequence[Path]) -> list[Path]:
    """Every file of these files and folders; raises InvalidInput where there is none."""
    found = [
        file
        for path in paths
        for file in ([path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file()))
    ]
    if not found:
        raise InvalidInput("list-absent", "There is no list there.", "Give files that exist, one value a line.")
    return found
