"""What was noticed, on record: each anomaly once, however often its events are read, and the oldest let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from commonwatch.capabilities.detection.anomalies.live import ONLINE, Unusual
from commonwatch.capabilities.detection.models import Anomaly
from commonwatch.core.errors import NotFound
from commonwatch.core.stix.times import format_time

KEPT = 100_000
_MOST_FACETS = 12


@dataclass(frozen=True)
class Wanted:
    """Which anomalies. All that is given must hold; of several sources or models, any."""

    sources: Sequence[str] = ()
    entity: str = ""
    models: Sequence[str] = ()
    since_us: int | None = None
    limit: int = 50


def keep(source: str, found: Sequence[Unusual], now_us: int) -> list[Anomaly]:
    """Put on record what is not there yet; the new rows."""
    if not found:
        return []
    rows = {(row := _row(source, one, now_us)).key: row for one in found}
    with transaction.atomic():
        for key in Anomaly.objects.filter(key__in=list(rows)).values_list("key", flat=True):
            del rows[key]
        made = [_saved(row) for row in rows.values()]
        if made:
            Anomaly.objects.filter(pk__lte=made[-1].pk - KEPT).delete()
    return made


def anomalies(wanted: Wanted, after: Sequence[int] | None = None) -> list[Anomaly]:
    """Those that are wanted, the latest first; only those after a place (`place_of`)."""
    found = _wanted(wanted)
    if after is not None:
        at_us, number = after
        found = found.filter(Q(at_us__lt=at_us) | Q(at_us=at_us, pk__lt=number))
    return list(found.order_by("-at_us", "-pk")[: wanted.limit])


def place_of(one: Anomaly) -> tuple[int, int]:
    """Where an anomaly stands in the order of lists."""
    return one.at_us, one.pk


def count(wanted: Wanted) -> int:
    """How many are wanted, whatever the limit."""
    return _wanted(wanted).count()


def facets(wanted: Wanted) -> dict[str, dict[str, int]]:
    """How many there are of each model, and from each telemetry, whichever of these are chosen now."""
    among = {"model": replace(wanted, models=()), "source": replace(wanted, sources=())}
    return {
        name: dict(_wanted(one).values_list(name).annotate(number=Count("pk")).order_by("-number", name)[:_MOST_FACETS])
        for name, one in among.items()
    }


def anomaly(number: int) -> Anomaly:
    """One of them; raises NotFound."""
    found = Anomaly.objects.filter(pk=number).first()
    if found is None:
        raise NotFound("anomaly-unknown", f"There is no anomaly {number}.", "See `commonwatch anomalies list`.")
    return found


def shown(one: Anomaly) -> dict[str, Any]:
    """An anomaly as commands show it."""
    return {
        "anomaly": one.pk,
        "at": format_time(one.at_us, 0),
        "entity": one.entity,
        "model": one.model,
        "about": one.about,
        "score": one.score,
        "threshold": one.threshold,
        "source": one.source,
        "because": [reason["sentence"] for reason in one.reasons],
        "reasons": one.reasons,
    }


def _wanted(wanted: Wanted) -> QuerySet[Anomaly]:
    found = Anomaly.objects.all()
    for name, value in (("source__in", wanted.sources), ("entity", wanted.entity), ("model__in", wanted.models)):
        if value:
            found = found.filter(**{name: value})
    return found if wanted.since_us is None else found.filter(at_us__gte=wanted.since_us)


def _row(source: str, one: Unusual, now_us: int) -> Anomaly:
    return Anomaly(
        source=source,
        at_us=one.at_us,
        entity=one.entity[:300],
        model=one.model,
        about=one.about,
        key=_key(source, one),
        score=one.score.value,
        threshold=one.score.threshold or 0.0,
        reasons=[
            {"feature": reason.feature, "sentence": reason.sentence, "weight": reason.weight}
            for reason in one.score.reasons
        ],
        noticed_us=now_us,
    )


def _key(source: str, one: Unusual) -> str:
    """A window is one thing, a first contact or a name another whenever it is met."""
    told = (source, one.model, one.entity, one.about, str(one.at_us) if one.model == ONLINE else "")
    return blake2b("\0".join(told).encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()


def _saved(row: Anomaly) -> Anomaly:
    row.save(force_insert=True)
    return row
