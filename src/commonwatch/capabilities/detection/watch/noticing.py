"""The online models beside the watch of one source: fed with what was matched, their findings put on record.

1. It works a second's events at a time, after they were matched and only while it takes no more than `SHARE` of the time: what
   comes meanwhile is passed over and counted (`skipped`), so that matching never waits for it long.
2. What was learned is written every `SAVE_EVERY_US` and at the end. After a crash the last minutes are not learned again.
3. Where the node lacks the extra, or what was learned cannot be read, a sentence says so in `anomalies status`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from secrets import token_bytes
from typing import TYPE_CHECKING

import msgspec

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.capabilities.detection.anomalies.places import learned_folder, learned_path, model_folder, why_off
from commonwatch.capabilities.detection.models import TelemetrySource
from commonwatch.core.errors import CommonwatchError

if TYPE_CHECKING:
    from commonwatch.capabilities.detection.anomalies.live import LiveAnomalies
    from commonwatch.capabilities.detection.anomalies.names import NameModel
    from commonwatch.capabilities.detection.telemetry.batch import Batch

SAVE_EVERY_US = 300 * MICROSECONDS
SHARE = 0.2
_TAKE_EVERY_US = MICROSECONDS
_FORGIVEN_SECONDS = 2.0  # of work that a quiet time before may pay for

Noticed = Callable[[int], None]  # told the number of each new anomaly


class Choice(msgspec.Struct, frozen=True):
    """What was chosen for a source: whether it is learned from, and with which model of generated names."""

    on: bool = True
    names: str = ""


class Learned(msgspec.Struct, frozen=True):
    """How learning goes, as `anomalies status` shows it."""

    source: str
    at_us: int
    learning: bool
    entities: int = 0
    contacts: int = 0
    late: int = 0
    untold: int = 0
    skipped: int = 0
    names: str = ""
    trouble: str = ""


def choice_of(source: str) -> Choice:
    """As it was registered; what is not registered is learned from."""
    found = TelemetrySource.objects.filter(name=source).values_list("anomalies", "names").first()
    return Choice(*found) if found is not None else Choice()


def learned() -> list[Learned]:
    """How it goes for every source that was watched."""
    found = []
    for path in sorted(learned_folder().glob("*.json")):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Learned))
        except (OSError, msgspec.MsgspecError):
            continue  # written anew by the next save
    return sorted(found, key=lambda one: one.source)


class Noticing:
    """The models of one source, and the time they may take."""

    def __init__(self, source: str, choice: Choice, noticed: Noticed = lambda number: None) -> None:
        self.source, self.choice = source, choice
        self.skipped = 0
        self.trouble = "" if not choice.on else why_off()
        self.models: LiveAnomalies | None = None
        self._noticed = noticed
        self._allowed_seconds = _FORGIVEN_SECONDS
        self._looked_us = self._saved_us = now_us()
        if choice.on and not self.trouble:
            self.models = self._opened()
        self._say()

    def add(self, batch: Batch) -> None:
        """Keep what is read of a batch that was matched."""
        if self.models is None:
            return
        if self._allowed_seconds <= 0 and self.models.waiting == 0:
            self.skipped += batch.events.num_rows
            return
        began = time.perf_counter()
        self.models.add(batch)
        self._allowed_seconds -= time.perf_counter() - began

    def look(self) -> None:
        """Learn what waits where it is time; called in every round."""
        from commonwatch.capabilities.detection.anomalies.live import WAITING

        at = now_us()
        if self.models is None:
            return
        if self.models.waiting < WAITING and at - self._looked_us < _TAKE_EVERY_US:
            return
        earned = (at - self._looked_us) / MICROSECONDS * SHARE
        self._allowed_seconds = min(self._allowed_seconds + earned, _FORGIVEN_SECONDS)
        self._looked_us = at
        if self.models.waiting:
            self._take(at)
        if at - self._saved_us >= SAVE_EVERY_US:
            self.save()

    def close(self) -> None:
        """Learn what waits, and write it down."""
        if self.models is not None:
            if self.models.waiting:
                self._take(now_us())
            self.save()

    def save(self) -> None:
        """Write down what was learned."""
        from commonwatch.capabilities.detection.anomalies.keeping import save

        self._saved_us = now_us()
        if self.models is not None:
            save(self.models, learned_path(self.source))
        self._say()

    def _take(self, at: int) -> None:
        from commonwatch.capabilities.detection.anomalies.records import keep

        assert self.models is not None  # noqa: S101 - the callers look
        began = time.perf_counter()
        made = keep(self.source, self.models.take(at), at)
        self._allowed_seconds -= time.perf_counter() - began
        for row in made:
            self._noticed(row.pk)

    def _opened(self) -> LiveAnomalies:
        from commonwatch.capabilities.detection.anomalies.keeping import load

        models = self._fresh()
        try:
            load(learned_path(self.source), models)
        except (CommonwatchError, OSError) as error:
            self.trouble = str(error)
            models = self._fresh()
        models.names = self._names()
        return models

    def _fresh(self) -> LiveAnomalies:
        from commonwatch.capabilities.detection.anomalies.live import LiveAnomalies

        models = LiveAnomalies()
        models.first.key = token_bytes(16)  # so that nobody can write a log whose values pass for others
        return models

    def _names(self) -> NameModel | None:
        if not self.choice.names:
            return None
        from commonwatch.capabilities.detection.anomalies import names, saving

        try:
            return names.restored(saving.load(model_folder(self.choice.names), names.KIND))
        except CommonwatchError as error:
            self.trouble = f"Generated names are not looked for: {error}"
            return None

    def _say(self) -> None:
        models = self.models
        numbers = {}
        if models is not None:
            numbers = {
                "entities": len({entity for log in models.logs.values() for entity in log.online.usual}),
                "contacts": len(models.first.pairs),
                "late": sum(log.counting.late for log in models.logs.values()),
                "untold": models.untold,
            }
        said = Learned(
            self.source,
            now_us(),
            models is not None,
            skipped=self.skipped,
            names=self.choice.names,
            trouble=self.trouble,
            **numbers,
        )
        path = learned_path(self.source).with_suffix(".json")
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".json.new")
        fresh.write_bytes(msgspec.json.encode(said))
        fresh.replace(path)
