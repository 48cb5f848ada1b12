"""Anomalies in stored telemetry: files in, scored windows, surprises and names out, each with its reasons.

One pass over the files, columns only as far as the models read them. The batch model judges windows of an entity against clean
ones; the online model and first-seen analytics read the same windows and events in the order of time and learn as they go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from commonwatch.capabilities.detection.anomalies.live import WAITING, LiveAnomalies, Unusual
from commonwatch.capabilities.detection.anomalies.names import NameModel
from commonwatch.capabilities.detection.anomalies.ordinary import Ordinary
from commonwatch.capabilities.detection.anomalies.scoring import Score
from commonwatch.capabilities.detection.anomalies.tables import Table
from commonwatch.capabilities.detection.anomalies.views import views
from commonwatch.capabilities.detection.anomalies.windows import Windows
from commonwatch.capabilities.detection.telemetry.batch import TIME, Batch, Mapping
from commonwatch.capabilities.detection.telemetry.reading import read
from commonwatch.capabilities.detection.telemetry.recognising import Unrecognised, recognise


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
        Unusual(at, entity, "windows", "", score)
        for (at, entity), score in zip(places, model.explained(table), strict=True)
        if score.alarm
    ]
    return sorted(found, key=lambda one: (-one.score.value, one.at_us, one.entity))


def surprises(paths: Sequence[Path], now_us: int, names: NameModel | None = None) -> list[Unusual]:
    """What the live watch would have found in these files, beginning with nothing: the files of a log in the order of time."""
    models, found = LiveAnomalies(names), []
    for path, mapping in _in_order(paths):
        for batch in read(path, mapping):
            models.add(batch)
            if models.waiting >= WAITING:
                found += models.take(now_us)
    return sorted([*found, *models.take(now_us)], key=lambda one: (one.at_us, one.entity, one.model, one.about))


def drawn_names(paths: Sequence[Path], model: NameModel) -> list[tuple[str, Score]]:
    """Names asked for in these files that look drawn by a program, the clearest first."""
    found = [(name, model.score(name)) for name in sorted(set(_values(paths)))]
    return sorted([one for one in found if one[1].alarm], key=lambda one: (-one[1].value, one[0]))


def _values(paths: Sequence[Path]) -> Iterator[str]:
    for batch in _batches(paths):
        for log, events in views(batch):
            if log == "dns" and "query" in events.columns:
                yield from events["query"].drop_nulls().unique().to_list()


def _in_order(paths: Sequence[Path]) -> list[tuple[Path, Mapping]]:
    """By the time of each file's first event, then by name."""
    found = []
    for path in paths:
        if not isinstance(mapping := recognise(path), Unrecognised):
            first = next(iter(read(path, mapping)), None)
            at = None if first is None or not first.events.num_rows else first.events[TIME][0].as_py()
            found.append((at or 0, path, mapping))
    return [(path, mapping) for _, path, mapping in sorted(found, key=lambda one: (one[0], str(one[1])))]


def _batches(paths: Sequence[Path]) -> Iterator[Batch]:
    for path in paths:
        if not isinstance(mapping := recognise(path), Unrecognised):
            yield from read(path, mapping)
