"""Sources as commands and pages show them."""

from __future__ import annotations

from typing import Any

from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.jobs.queries import jobs
from commonwatch.base.parties.models import HOME
from commonwatch.capabilities.exchange.models import RemoteServer
from commonwatch.capabilities.exchange.sources.actions import PULL_JOB
from commonwatch.core.errors import NotFound
from commonwatch.core.stix.times import format_time


def servers(now_us: int) -> list[dict[str, Any]]:
    """Every remote server: when it last answered, what went wrong, how much it sent."""
    found = RemoteServer.objects.select_related("source__member").order_by("source__name")
    waiting = dict(jobs().filter(kind=PULL_JOB).values_list("key", "run_at_us"))
    return [_shown(remote, now_us, waiting.get(remote.source.name)) for remote in found]


def server_numbered(number: int, now_us: int) -> dict[str, Any]:
    """One of them by its number; raises NotFound."""
    return _one("number", number, now_us)


def server_named(name: str, now_us: int) -> dict[str, Any]:
    """One of them by its name; raises NotFound."""
    return _one("name", name, now_us)


def _one(key: str, value: int | str, now_us: int) -> dict[str, Any]:
    found = next((one for one in servers(now_us) if one[key] == value), None)
    if found is None:
        raise NotFound("source-unknown", f"There is no source {value}.", "See the list of sources.")
    return found


def _shown(remote: RemoteServer, now_us: int, waiting_us: int | None) -> dict[str, Any]:
    ok = remote.last_ok_us
    due_us = max(ok or 0, remote.last_error_us or 0) + remote.interval_seconds * MICROSECONDS
    is_scheduled = bool(remote.interval_seconds) and not remote.paused
    next_us = waiting_us or (max(due_us, now_us) if is_scheduled else None)
    return {
        "number": remote.pk,
        "name": remote.source.name,
        "member": remote.source.member.name if remote.source.member else HOME,
        "url": remote.url,
        "collection": remote.collection_id,
        "paused": remote.paused,
        "next": format_time(next_us, 0) if next_us else None,
        "every": f"{remote.interval_seconds} s" if remote.interval_seconds else "when told",
        "last_ok": format_time(ok, 0) if ok else "never",
        "lag_seconds": (now_us - ok) // 1_000_000 if ok else None,
        "pulled": remote.pulled,
        "pushed": remote.pushed,
        "requests": remote.requests,
        "added_after": remote.added_after,
        "last_error": remote.last_error,
    }
