"""A hunt as a person asks for it: which files, which mappings, which indicators; everything known is followed first."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commonwatch.base.journal import followers
from commonwatch.capabilities.detection.alerts.meter import Meter
from commonwatch.capabilities.detection.alerts.sources import is_stream, mappings_folder
from commonwatch.capabilities.detection.hunts.hunting import Way, files_of, hunt
from commonwatch.capabilities.detection.hunts.period import Period
from commonwatch.capabilities.detection.indicators.follower import IndicatorFollower, refresh
from commonwatch.capabilities.detection.models import Indicator, State, TelemetrySource
from commonwatch.core.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from commonwatch.capabilities.detection.telemetry.batch import Mapping

MOST_APART = 50_000  # more chosen indicators than this: everything in force is tried
_ENTRIES_AT_ONCE = 5_000


def follow() -> None:
    """Bring indicators up to the journal's end: a node without a running worker must not hunt with old ones."""
    while followers.advance(IndicatorFollower(), _ENTRIES_AT_ONCE):
        pass
    refresh()


def numbers_of(ids: Sequence[str]) -> list[int]:
    """The rows of these indicators; raises NotFound naming the first that is not held."""
    found: list[int] = []
    for identity in ids:
        rows = list(Indicator.objects.filter(stix_id=identity).values_list("pk", flat=True))
        if not rows:
            raise NotFound("indicator-unknown", f"No indicator {identity} is held.", "See `commonwatch export`.")
        found += rows
    return found


def new_since(entry: int) -> list[int]:
    """The rows of indicators in force that a journal entry from this one on brought or changed."""
    found = Indicator.objects.filter(generation__gte=entry, state=State.IN_FORCE)
    return list(found.order_by("pk").values_list("pk", flat=True))


def known_mappings(name: str) -> tuple[Mapping | None, list[Mapping]]:
    """The mapping that was asked for by name or file, if any; and all there are."""
    from commonwatch.capabilities.detection.telemetry.mappings import load, mappings

    known = mappings(mappings_folder())
    if not name:
        return None, list(known.values())
    if name in known:
        return known[name], list(known.values())
    if Path(name).suffix == ".toml" and Path(name).is_file():
        return load(Path(name), mappings_folder()), list(known.values())
    raise InvalidInput(
        "mapping-unknown", f"There is no mapping {name}.", f"Use one of {', '.join(sorted(known))}, or a .toml file."
    )


def places_of(named: Sequence[str]) -> list[Path]:
    """The files of paths and of registered telemetry; of all that is registered where nothing is named."""
    sources = {source.name: source.place for source in TelemetrySource.objects.order_by("name")}
    wanted = list(named) or [place for place in sources.values() if not is_stream(place)]
    if not wanted:
        raise InvalidInput(
            "telemetry-none",
            "There is no stored telemetry to hunt in.",
            "Name a file or folder, or `telemetry add` one.",
        )
    return files_of([Path(sources.get(one, one)) for one in wanted])


@dataclass(frozen=True)
class Chosen:
    """With which indicators: these by STIX id, or those since a journal entry; both empty: everything in force."""

    ids: Sequence[str] = ()
    since_entry: int | None = None


def run_hunt(
    named: Sequence[str],
    *,
    mapping: str,
    period: Period,
    chosen: Chosen,
    now_us: int,
    step: Callable[[Meter], None],
    processes: int = 0,
) -> Meter:
    """Hunt with everything in force, or with chosen indicators, in an index of their own."""
    from commonwatch.capabilities.detection.indicators.engine import Engine

    follow()
    read_by, known = known_mappings(mapping)
    files = places_of(named)
    way = Way(read_by, period, processes)
    numbers = numbers_of(chosen.ids)
    if chosen.since_entry is not None:
        since = new_since(chosen.since_entry)
        numbers = sorted(set(numbers) & set(since)) if numbers else since
        if not numbers:
            return Meter()
    if not numbers or len(numbers) > MOST_APART:
        return hunt(Engine(), files, known, way, now_us=now_us, step=step)
    with tempfile.TemporaryDirectory(prefix="commonwatch-hunt-") as folder:
        engine = Engine(Path(folder), numbers)
        return hunt(engine, files, known, way, now_us=now_us, step=step)
