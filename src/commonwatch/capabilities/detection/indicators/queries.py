"""What this member has to match with, in numbers, and what it cannot use."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db.models import Count

from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.journal.followers import states
from commonwatch.capabilities.detection.indicators.follower import IndicatorFollower
from commonwatch.capabilities.detection.indicators.terms import index_row
from commonwatch.capabilities.detection.models import BenignEntry, BenignList, Indicator, IndicatorValue, State
from commonwatch.core.errors import NotFound
from commonwatch.core.policy.scales import PAP_NAMES, TLP_NAMES
from commonwatch.core.stix.times import format_time

MINUTE_US = 60 * MICROSECONDS


def numbers(now_us: int) -> dict[str, Any]:
    """Indicators by state and type, values by kind, and how far the follower has come.

    What has begun and ended by itself is up to a minute old.
    """
    row = index_row()
    follower = next((one for one in states() if one.name == IndicatorFollower.name), None)
    return {
        "generation": row.generation,
        "change": row.change,
        "follower": {"entry": follower.cursor, "failure": follower.failure} if follower else None,
        **_counted(row.made, row.change, now_us // MINUTE_US * MINUTE_US),
        "benign": {"lists": BenignList.objects.count(), "entries": BenignEntry.objects.count()},
    }


@lru_cache(maxsize=2)
def _counted(made: str, change: int, now_us: int) -> dict[str, Any]:
    """All of them, of which the two that come first say whether anything has changed: a million takes most of a second."""
    in_force = Indicator.objects.filter(state=State.IN_FORCE)
    return {
        "states": dict(Indicator.objects.values_list("state").annotate(number=Count("pk")).order_by("state")),
        "types": dict(in_force.values_list("pattern_type").annotate(number=Count("pk")).order_by("pattern_type")),
        "not_yet": in_force.filter(valid_from_us__gt=now_us).count(),
        "ended": in_force.filter(valid_until_us__lte=now_us).count(),
        "values": dict(
            IndicatorValue.objects.filter(indicator__state=State.IN_FORCE)
            .values_list("kind")
            .annotate(number=Count("pk"))
            .order_by("kind")
        ),
    }


def indicator(identity: str) -> list[dict[str, Any]]:
    """An object as each of its vouchers brought it; raises NotFound."""
    rows = Indicator.objects.select_related("terms").filter(stix_id=identity).order_by("pk")
    if not rows:
        raise NotFound("indicator-unknown", f"No indicator {identity} is held.", "See `commonwatch detection status`.")
    return [
        {
            "object": row.stix_id,
            "name": row.name,
            "state": row.state,
            "reason": row.reason,
            "brought_by": row.voucher,
            "author": row.author,
            "owner": row.terms.owner,
            "marking": f"{TLP_NAMES[row.terms.tlp]} {PAP_NAMES[row.terms.pap]}",
            "obligations": row.terms.obligations,
            "type": row.pattern_type,
            "pattern": row.pattern,
            "values": [f"{kind} {text}" for kind, text in row.values.values_list("kind", "text")[:100]],
            "category": row.category,
            "confidence": row.confidence,
            "valid_from": _shown(row.valid_from_us),
            "valid_until": _shown(row.valid_until_us),
            "entry": row.seq,
        }
        for row in rows
    ]


def _shown(at_us: int | None) -> str:
    return format_time(at_us, 0) if at_us is not None else ""


def unexecutable(limit: int) -> list[dict[str, Any]]:
    """Indicators that no matcher can read, with the reason."""
    found = Indicator.objects.filter(state=State.UNEXECUTABLE).order_by("reason", "stix_id")[:limit]
    return [
        {
            "object": row.stix_id,
            "name": row.name,
            "type": row.pattern_type,
            "reason": row.reason,
            "pattern": row.pattern,
        }
        for row in found
    ]


def not_in_force(limit: int) -> list[dict[str, Any]]:
    """Indicators that are out of force for other reasons."""
    others = Indicator.objects.exclude(state__in=[State.IN_FORCE, State.UNEXECUTABLE]).order_by("-change")[:limit]
    return [{"object": row.stix_id, "state": row.state, "reason": row.reason} for row in others]


def benign_lists() -> list[dict[str, Any]]:
    """Every benign list."""
    found = BenignList.objects.annotate(number=Count("entries")).order_by("name")
    return [
        {
            "name": row.name,
            "title": row.title,
            "effect": row.effect,
            "form": row.form,
            "entries": row.number,
            "version": row.version,
        }
        for row in found
    ]
