"""Alerts and what was said of them, as commands and pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from commonwatch.base.parties.models import Member
from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.detection.alerts.triage import standing
from commonwatch.capabilities.detection.models import Alert, Indicator, Saying, Told, Verdict
from commonwatch.core.errors import CommonwatchError, NotFound
from commonwatch.core.policy.scales import PAP_NAMES, TLP_NAMES
from commonwatch.core.stix.times import format_time

_ORDER = {"high": 0, "medium": 1, "low": 2, "none": 3}
_MOST_FACETS = 12


@dataclass(frozen=True)
class Wanted:
    """Which alerts. All that is given must hold; of several severities or sources, any."""

    suppressed: bool = False
    verdict: str = Verdict.OPEN  # empty: any
    severities: Sequence[str] = ()
    object: str = ""
    sources: Sequence[str] = ()
    entity: str = ""
    since_us: int | None = None
    limit: int = 50


def alerts(wanted: Wanted, after: Sequence[int] | None = None) -> list[Alert]:
    """The alerts that are wanted, the most severe first, then the latest; only those after a place (`place_of`)."""
    found = matching(wanted).annotate(latest=Coalesce("last_us", 0))
    if after is not None:
        score, latest, number = after
        later = Q(latest__lt=latest) | Q(latest=latest, pk__gt=number)
        found = found.filter(Q(score__lt=score) | Q(later, score=score))
    return list(found.order_by("-score", "-latest", "pk")[: wanted.limit])


def matching(wanted: Wanted) -> QuerySet[Alert]:
    """All that are wanted, whatever the limit."""
    found = Alert.objects.filter(suppressed=wanted.suppressed)
    for name, value in (
        ("verdict", wanted.verdict),
        ("severity__in", wanted.severities),
        ("stix_id", wanted.object),
        ("source__in", wanted.sources),
        ("entity", wanted.entity),
    ):
        if value:
            found = found.filter(**{name: value})
    return found if wanted.since_us is None else found.filter(last_us__gte=wanted.since_us)


def place_of(one: Alert) -> tuple[int, int, int]:
    """Where an alert stands in the order of lists."""
    return one.score, one.last_us or 0, one.pk


def facets(wanted: Wanted) -> dict[str, dict[str, int]]:
    """How many alerts there are of each severity, and from each telemetry, whichever of these are chosen now."""
    among = {"severity": replace(wanted, severities=()), "source": replace(wanted, sources=())}
    counted = {
        name: dict(
            matching(one).values_list(name).annotate(number=Count("pk")).order_by("-number", name)[:_MOST_FACETS]
        )
        for name, one in among.items()
    }
    return {**counted, "severity": dict(sorted(counted["severity"].items(), key=lambda item: _ORDER[item[0]]))}


def alert(number: int) -> Alert:
    """One alert; raises NotFound."""
    found = Alert.objects.filter(pk=number).first()
    if found is None:
        raise NotFound("alert-unknown", f"There is no alert {number}.", "See `commonwatch alerts list`.")
    return found


def check_known(numbers: Sequence[int]) -> None:
    """Raises NotFound where one of these alerts does not exist."""
    known = set(Alert.objects.filter(pk__in=numbers).values_list("pk", flat=True))
    for number in numbers:
        if number not in known:
            raise NotFound("alert-unknown", f"There is no alert {number}.", "See `commonwatch alerts list`.")


def counts() -> dict[str, int]:
    """How many alerts there are: by severity of those open, and suppressed."""
    open_ones = Alert.objects.filter(suppressed=False, verdict=Verdict.OPEN)
    found = dict(open_ones.values_list("severity").annotate(number=Count("pk")).order_by("severity"))
    return {
        **dict(sorted(found.items(), key=lambda item: _ORDER[item[0]])),
        "suppressed": Alert.objects.filter(suppressed=True).count(),
    }


def line_of(one: Alert) -> dict[str, Any]:
    """An alert in a list."""
    return {
        "alert": one.pk,
        "severity": one.severity,
        "score": one.score,
        "count": one.count,
        "value": one.value,
        "entity": one.entity,
        "source": one.source,
        "first": shown(one.first_us),
        "last": shown(one.last_us),
        "object": one.stix_id,
        "name": one.name,
        "marking": marking_of(one),
        "verdict": one.verdict,
        "suppressed": one.suppressed,
    }


def whole(one: Alert) -> dict[str, Any]:
    """An alert with everything that it rests on and everything said of it."""
    told = Told.objects.filter(alert=one).first()
    return {
        **line_of(one),
        "author": member_or_id(one.author),
        "brought_by": member_or_id(one.voucher),
        "obligations": one.obligations,
        "generation": one.generation,
        "reasons": one.reasons,
        "lines": [{**sample, "text": sample["text"] or _original(sample)} for sample in one.samples],
        "history": [
            {
                "verdict": row.verdict,
                "note": row.note,
                "actor": row.actor,
                "at": shown(row.at_us),
                "undoes": row.undoes_id,
                "stands": row in standing(one),
            }
            for row in one.history.order_by("pk")
        ],
        "told": None
        if told is None
        else {"object": told.object_id, "outcome": told.outcome, "to": told.to, "reasons": told.reasons},
    }


def sightings() -> list[dict[str, Any]]:
    """For each object that fired here or of which somebody says something: hits, verdicts, and how often it was wrong."""
    rows: dict[str, dict[str, Any]] = {}
    here = (
        Alert.objects.values("stix_id")
        .annotate(
            alerts=Count("pk", filter=Q(suppressed=False)),
            hits=Sum("count"),
            true=Count("pk", filter=Q(verdict=Verdict.TRUE)),
            false=Count("pk", filter=Q(verdict=Verdict.FALSE)),
        )
        .order_by("stix_id")
    )
    for row in here:
        rows[row["stix_id"]] = {
            **_nothing(row["stix_id"]),
            **{name: row[name] for name in ("alerts", "hits", "true", "false")},
        }
    own = own_member().identity
    for said in Saying.objects.exclude(by=own).order_by("pk"):
        found = rows.setdefault(said.about, _nothing(said.about))
        found["members"].add(said.by)
        if said.kind == Saying.Kind.FALSE_POSITIVE:
            found["false_elsewhere"] += 1
        else:
            found["seen_elsewhere"] += said.count if said.kind == Saying.Kind.SIGHTING else 0
            found["true_elsewhere"] += 1
    names = dict(Indicator.objects.filter(stix_id__in=list(rows)).values_list("stix_id", "name"))
    mine = set(Indicator.objects.filter(stix_id__in=list(rows), author=own).values_list("stix_id", flat=True))
    return [_finished(row, names, mine) for row in rows.values()]


def sightings_of(identity: str) -> dict[str, Any]:
    """What is known of one object, saying by saying; raises NotFound."""
    row = next((one for one in sightings() if one["object"] == identity), None)
    if row is None:
        raise NotFound(
            "sighting-none", f"Nothing has matched {identity}, and nobody has spoken of it.", "See `sightings list`."
        )
    said = [
        {
            "by": member_or_id(one.by),
            "kind": one.kind,
            "count": one.count,
            "first": shown(one.first_us),
            "last": shown(one.last_us),
            "id": one.said_id,
        }
        for one in Saying.objects.filter(about=identity).order_by("pk")
    ]
    own = [line_of(one) for one in Alert.objects.filter(stix_id=identity).order_by("pk")]
    return {**row, "said": said, "alerts_here": own}


def marking_of(one: Alert) -> str:
    """TLP, and PAP where it says more than nothing."""
    return TLP_NAMES[one.tlp] + (f" {PAP_NAMES[one.pap]}" if one.pap else "")


def member_or_id(identity: str) -> str:
    """The member behind an identity, by name; else the identity."""
    return Member.objects.filter(identity=identity).values_list("name", flat=True).first() or identity


def shown(at_us: int | None) -> str:
    """A moment for people; empty where there is none."""
    return format_time(at_us, 0) if at_us is not None else ""


def _original(sample: Mapping[str, Any]) -> str:
    """The log line, read again from where it was read first; what stands in its way where it cannot."""
    try:
        from commonwatch.capabilities.detection.telemetry.originals import record_text

        return record_text(sample["place"], sample["record"])
    except (CommonwatchError, OSError, ImportError) as error:
        return f"({error})"


def _nothing(identity: str) -> dict[str, Any]:
    return {
        "object": identity,
        "hits": 0,
        "alerts": 0,
        "true": 0,
        "false": 0,
        "seen_elsewhere": 0,
        "true_elsewhere": 0,
        "false_elsewhere": 0,
        "members": set(),
    }


def _finished(row: Mapping[str, Any], names: Mapping[str, str], mine: set[str]) -> dict[str, Any]:
    right = row["true"] + row["true_elsewhere"]
    wrong = row["false"] + row["false_elsewhere"]
    judged = right + wrong
    return {
        **row,
        "members": len(row["members"]),
        "name": names.get(row["object"], ""),
        "ours": row["object"] in mine,
        "wrong_rate": round(wrong / judged, 3) if judged else None,
    }
