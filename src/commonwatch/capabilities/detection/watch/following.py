"""Indicators kept up with the journal where no worker does it: a watch that runs alone must not match with old ones."""

from __future__ import annotations

from commonwatch.base.clock import now_us
from commonwatch.base.journal import followers
from commonwatch.capabilities.detection.indicators.follower import IndicatorFollower, refresh

PATIENCE_US = 300_000  # a running worker is faster than this
_AT_ONCE = 5_000


class Following:
    """Looks at the journal's end, and applies entries itself where nobody else has for a while."""

    def __init__(self) -> None:
        self._behind_since: int | None = None

    def look(self) -> None:
        """Called in every round."""
        at = now_us()
        cursor = next((one.cursor for one in followers.states() if one.name == IndicatorFollower.name), 0)
        if followers.end() <= cursor:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = at
        elif at - self._behind_since >= PATIENCE_US:
            followers.advance(IndicatorFollower(), _AT_ONCE)
            refresh()
