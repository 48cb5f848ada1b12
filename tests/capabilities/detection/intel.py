"""Intelligence for tests of detection: indicators brought by members, and the follower run to the journal's end."""

from __future__ import annotations

from typing import Any

from commonwatch.base.journal import followers
from commonwatch.capabilities.detection.indicators.follower import IndicatorFollower
from commonwatch.capabilities.detection.models import Indicator
from tests.base.release.nodes import indicator, post


def domain(number: int, name: str, tlp: str = "GREEN", **more: Any) -> dict[str, Any]:
    """An indicator of a domain with everything below it."""
    return indicator(number, tlp, **{"pattern": f"[domain-name:value = '{name}']", **more})


def follow() -> None:
    """Let the follower apply everything there is."""
    while followers.advance(IndicatorFollower(), 1_000):
        pass
    failed = [state for state in followers.states() if state.failure]
    assert not failed, failed[0].failure


def brought(*objects: dict[str, Any], by: str = "", default: str = "TLP:AMBER") -> list[Indicator]:
    """Objects posted by a member's source, followed; the rows, in the order in which they came to be."""
    post(list(objects), source=f"of {by or 'home'}", owner=by, default=default)
    follow()
    return list(Indicator.objects.order_by("pk"))


def states() -> dict[str, str]:
    """Where each indicator stands, by the last digits of its id (and by voucher where there are several)."""
    return {f"{int(row.stix_id[-12:])}": row.state for row in Indicator.objects.order_by("pk")}
