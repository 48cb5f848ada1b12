"""The online models on live telemetry: batches in as they are matched, explained anomalies out.

1. Each log has an online model of its own over its windows; first contacts are remembered by kind over all events; names that
   nobody was seen with before are held against the node's model of generated names, where it chose one.
2. What is found depends on the order of the events of each log, not on how they were cut into batches, nor on how the logs
   are mixed: stored telemetry gives the same.
3. Everything held is bounded: entities, pairs, open windows, events that wait. Beyond `MOST_TOLD` of one kind at a time the
   strongest are told and the others counted (`untold`), beyond `MOST_NAMES` new names at a time the rest is not judged.
4. `add` only keeps what is needed; `take` does the work. Call it once some ten thousand events wait, or a second has passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.anomalies.counting import Counting
from commonwatch.capabilities.detection.anomalies.firstseen import FirstSeen, FirstSeenSettings
from commonwatch.capabilities.detection.anomalies.online import OnlineModel, OnlineSettings
from commonwatch.capabilities.detection.anomalies.scoring import Score
from commonwatch.capabilities.detection.anomalies.views import FIRST, LONGEST_VALUE, First, views
from commonwatch.capabilities.detection.anomalies.windows import ENTITY
from commonwatch.capabilities.detection.telemetry.batch import TIME, Batch

if TYPE_CHECKING:
    import polars as pl

    from commonwatch.capabilities.detection.anomalies.names import NameModel

ONLINE, FIRST_SEEN, GENERATED = "online", "first seen", "generated name"
WAITING = 50_000  # events after which `take` is due
MOST_TOLD = 100
MOST_NAMES = 1_000
_ONLINE = OnlineSettings(entities=20_000)
_FIRST_SEEN = FirstSeenSettings(pairs=300_000, entities=50_000)


@dataclass(frozen=True)
class Unusual:
    """Something unusual: when it began, who did it, by which model, and the score with its reasons.

    `about` tells it from all else that the model says of the entity: the log of a window, the value of a first contact.
    """

    at_us: int
    entity: str
    model: str
    about: str
    score: Score


@dataclass
class LogModel:
    """What is known of one log."""

    counting: Counting
    online: OnlineModel = field(default_factory=lambda: OnlineModel(_ONLINE))


@dataclass
class LiveAnomalies:
    """The models of one source."""

    names: NameModel | None = None
    logs: dict[str, LogModel] = field(default_factory=dict)
    first: FirstSeen = field(default_factory=lambda: FirstSeen(_FIRST_SEEN))
    untold: int = 0
    waiting: int = 0
    _held: dict[str, list[pl.DataFrame]] = field(default_factory=lambda: defaultdict(list))

    def add(self, batch: Batch) -> None:
        """Keep what the models read of a batch."""
        for log, events in views(batch):
            self._held[log].append(events)
            self.waiting += len(events)

    def take(self, now_us: int) -> list[Unusual]:
        """Learn what waits; what was unusual, by time."""
        import polars as pl

        found: list[Unusual] = []
        held, self._held, self.waiting = self._held, defaultdict(list), 0
        for log in sorted(held):
            events = pl.concat(held[log], how="diagonal_relaxed")
            found += self._windows(log, events, now_us)
            for first in FIRST:
                if first.log == log and first.column in events.columns:
                    found += self._contacts(first, events)
        return sorted(found, key=lambda one: (one.at_us, one.entity, one.model, one.about))

    def _windows(self, log: str, events: pl.DataFrame, now_us: int) -> list[Unusual]:
        model = self.logs.get(log)
        if model is None:
            model = self.logs[log] = LogModel(Counting(log))
        model.counting.add(events, now_us)
        return self._told(self._judged(log, model))

    def _judged(self, log: str, model: LogModel) -> Iterator[Unusual]:
        for row in model.counting.closed():
            score = model.online.observe(row.entity, row.values)
            if score is not None and score.alarm:
                yield Unusual(row.at_us, row.entity, ONLINE, log, score)

    def _contacts(self, first: First, events: pl.DataFrame) -> list[Unusual]:
        """First contacts of one kind, and among them names that look generated."""
        contacts: list[Unusual] = []
        generated: list[Unusual] = []
        judged = 0
        for at, entity, value, nth in self._distinct(first, events):
            fresh = self.names is not None and first.kind == "domain" and self.first.is_new(first.kind, value)
            score = self.first.contact(first.kind, entity, value, nth)
            if score is not None and score.alarm:
                contacts.append(Unusual(at, entity, FIRST_SEEN, f"{first.kind} {value}", score))
            if fresh and judged < MOST_NAMES and self.names is not None:
                judged += 1
                name = self.names.score(value)
                if name.alarm:
                    generated.append(Unusual(at, entity, GENERATED, value, name))
        return [*self._told(contacts), *self._told(generated)]

    def _distinct(self, first: First, events: pl.DataFrame) -> Iterator[tuple[int, str, str, int]]:
        """Each pair of an entity and a value once: its time, and which of the entity's events it was."""
        import polars as pl

        value = pl.col(first.column).cast(pl.String)
        named = value.str.to_lowercase() if first.name else value
        wanted = events.select(TIME, ENTITY, named.str.slice(0, LONGEST_VALUE).alias("value")).drop_nulls()
        numbered = wanted.with_columns(pl.int_range(1, pl.len() + 1).over(ENTITY).alias("nth"))
        totals = numbered.group_by(ENTITY, maintain_order=True).agg(pl.len())
        before = {entity: self.first.counted(first.kind, entity, count) for entity, count in totals.iter_rows()}
        pairs = numbered.group_by(ENTITY, "value", maintain_order=True).agg(pl.col(TIME, "nth").first())
        for entity, text, at, nth in pairs.iter_rows():
            yield at, entity, text, before[entity] + nth

    def _told(self, found: Any) -> list[Unusual]:
        """The strongest, as many as a person could read."""
        ordered = sorted(found, key=lambda one: (-one.score.value, one.at_us, one.entity, one.about))
        self.untold += max(0, len(ordered) - MOST_TOLD)
        return ordered[:MOST_TOLD]
