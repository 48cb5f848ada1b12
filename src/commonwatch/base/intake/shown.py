"""Quarantine for machines: the same in commands and in the API."""

from __future__ import annotations

from typing import Any

from commonwatch.base.intake.quarantine import Listed
from commonwatch.core.stix.times import format_time


def shown_entry(listed: Listed) -> dict[str, Any]:
    """An entry with its findings, each with its place and remedy."""
    held = listed.entry
    return {
        "number": held.pk,
        "received": format_time(held.received_us, 6),
        "source": listed.source_name,
        "place": held.place,
        "object_id": held.object_id,
        "reason": held.reason,
        "findings": held.findings,
        "state": held.state,
    }


def shown_whole(listed: Listed) -> dict[str, Any]:
    """The same with what became of it, and its bytes; those that are no UTF-8 are escaped."""
    held = listed.entry
    text = bytes(held.raw).decode("utf-8", "backslashreplace")
    return {**shown_entry(listed), "resolution": held.resolution, "resolved_by": held.resolved_by, "raw": text}
