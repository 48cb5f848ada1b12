"""Views of this room for machines: the same values for `--json` and for the API, with times as STIX writes them."""

from __future__ import annotations

from typing import Any

import msgspec

from commonwatch.base.threads.writing import plain
from commonwatch.capabilities.contacts import queries
from commonwatch.capabilities.contacts.rules import ContactView, Measure, PingView


def shown_contact(view: ContactView) -> dict[str, Any]:
    """A contact in a list."""
    found: dict[str, Any] = plain(msgspec.to_builtins(view))
    del found["pings"]
    return found


def shown_whole(view: ContactView) -> dict[str, Any]:
    """A contact with its pings, and the keys with which its member signs."""
    keys = plain(msgspec.to_builtins(queries.keys(view.author)))
    return {**shown_contact(view), "pings": [shown_ping(one) for one in view.pings], "keys": keys}


def shown_ping(one: PingView) -> dict[str, Any]:
    """A ping with what came of it."""
    found: dict[str, Any] = plain(msgspec.to_builtins(one))
    return {**found, "took_seconds": None if one.took_us is None else one.took_us / 1e6}


def shown_measure(one: Measure) -> dict[str, Any]:
    """How a member answers."""
    found: dict[str, Any] = plain(msgspec.to_builtins(one))
    return found
