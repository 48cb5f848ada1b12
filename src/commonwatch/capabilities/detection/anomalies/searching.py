"""Anomalies in stored telemetry: files in, scored windows, surprises and names out, each with its reasons.

One pass over the files, columns only as far as the models read them. The batch model judges windows of an entity against clean
ones; the online model and first-seen analytics read the same windows and events in the order of time and learn as they go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from commonwatch.capabilities.detection.anomalies.firstseen import FirstSeen
from commonwatch.capabilities.detection.anomalies.names import NameModel
from commonwatch.capabilities.detection.anomalies.online import OnlineModel
from commonwatch.capabilities.detection.anomalies.ordinary import Ordinary
from commonwatch.capabilities.detection.anomalies.scoring import Score
from commonwatch.capabilities.detection.anomalies.tables import Table
from commonwatch.capabilities.detection.anomalies.windows import ENTITY, Windows
from commonwatch.capabilities.detection.telemetry.batch import TIME, Batch
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.capabilities.detection.telemetry.recognising import Unrecognised, recognise

# What is remembered of an entity: kind, log, column.
_FIRST = (
    ("domain", "zeek-dns", "query"),
    ("site", "zeek-http", "host"),
    ("user agent", "zeek-http", "user_agent"),
    ("server name", "zeek-ssl", "server_name"),
    ("port", "zeek-conn", "id_resp_p"),
)


@dataclass(frozen=True)
class Unusual:
    """Something unusual: when it began, who did it, by which model, and the score with its reasons."""

    at_us: int
    entity: str
    model: str
    score: Score


def windows_of(paths: Sequence[Path]) -> tuple[Table, list[tuple[int, str]]]:
    """Rows of every window in these files; their start and entity."""
    windows = Windows()
    for batch in _batches(paths):
        windows.add(batch)
    return windows.take()


def beside_clean(paths: Sequence[Path], model: Ordinary) -> list[Unusual]:
    """Windows beyond the model's threshold, the most unusual first."""
    table, places = windows_of(paths)
    if not len(table):
        return []
    found = [
        Unusual(at, entity, "windows", score)
        for (at, entity), score in zip(places, model.explained(table), strict=True)
        if score.alarm
    ]
    return sorted(found, key=lambda one: (-one.score.value, one.at_us, one.entity))


def surprises(paths: Sequence[Path]) -> list[Unusual]:
    """What the online model and first-seen analytics find when they read these files from nothing, in the order of time."""
    table, places = windows_of(paths)
    online, found = OnlineModel(), []
    for row, (at, entity) in enumerate(places):
        values = dict(zip(table.number_names, table.numbers[row].tolist(), strict=True))
        score = online.observe(entity, values)
        if score is not None and score.alarm:
            found.append(Unusual(at, entity, "online", score))
    seen = FirstSeen()
    for at, entity, kind, value in sorted(_values(paths)):
        first = seen.observe(kind, entity, value)
        if first is not None and first.alarm:
            found.append(Unusual(at, entity, "first seen", first))
    return sorted(found, key=lambda one: (one.at_us, one.entity, one.model))


def drawn_names(paths: Sequence[Path], model: NameModel) -> list[tuple[str, Score]]:
    """Names asked for in these files that look drawn by a program, the clearest first."""
    names = {value for _, _, kind, value in _values(paths) if kind == "domain"}
    found = [(name, model.score(name)) for name in sorted(names)]
    return sorted([one for one in found if one[1].alarm], key=lambda one: (-one[1].value, one[0]))


def _values(paths: Sequence[Path]) -> Iterator[tuple[int, str, str, str]]:
    import polars as pl

    for batch in _batches(paths):
        for kind, log, column in _FIRST:
            if batch.mapping.name == log and {TIME, ENTITY, column} <= set(batch.events.schema.names):
                frame = pl.DataFrame(batch.events.select([TIME, ENTITY, column])).drop_nulls()
                for at, entity, value in frame.cast({column: pl.String}).iter_rows():
                    yield at, entity, kind, value


def _batches(paths: Sequence[Path]) -> Iterator[Batch]:
    for path in paths:
        if not isinstance(mapping := recognise(path), Unrecognised):
            yield from read(path, mapping)
