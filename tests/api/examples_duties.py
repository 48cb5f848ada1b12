"""Requests for the examples of the API of duties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from commonwatch.base.clock import now_us
from commonwatch.core.stix.times import format_time

HOUR_US = 3_600_000_000


def ago(hours: int) -> str:
    """A time before now."""
    return format_time(now_us() - hours * HOUR_US, 0)


def ahead(hours: int) -> str:
    """A time after now."""
    return ago(-hours)


FACTS: dict[str, Any] = {
    "title": "Ransomware at a hospital",
    "case": "grouping--00000000-0000-4000-8000-000000000001",
    "subjects": [{"name": "home", "places": ["DE"], "roles": ["nis2-entity"], "sectors": ["health"]}],
    "severity": "high",
    "flags": {"personal_data": True},
    "times": {"aware": "2026-11-29T08:00:00Z"},
    "texts": {"summary": "Files of two wards are encrypted."},
}
WHY = {"reason": "Legal office, 29 November"}
NIS2 = "RO:EU-NIS2-23"


def prepare() -> None:
    """Nothing has to be there before."""


def given(**request: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A request that does not depend on earlier answers."""
    return lambda seen: request


def _duty(seen: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"path": {"number": _number(seen)}, **more}


def _number(seen: dict[str, Any]) -> int:
    return int(next(one for one in seen["POST /duties"] if one["regime"] == NIS2)["duty"])


def _notice(seen: dict[str, Any], name: str, **more: Any) -> dict[str, Any]:
    notices = seen["PUT /duties/{number}/state/{state}"]["notices"]
    return {"path": {"number": next(one for one in notices if one["name"] == name)["notice"]}, **more}


def _event(seen: dict[str, Any]) -> dict[str, Any]:
    events = seen["POST /duties/{number}/events"]["events"]
    return {"path": {"number": _number(seen), "event": events[-1]["number"]}, "query": WHY}


def _law(seen: dict[str, Any]) -> dict[str, Any]:
    return {
        "path": {"kind": "duties"},
        "body": {**WHY, "list": seen["GET /duties/law/{kind}"]},
        "query": {"preview": "false"},
    }


CALLS: list[tuple[str, str, Callable[[dict[str, Any]], dict[str, Any]]]] = [
    ("POST", "/duties/assess", given(body=FACTS)),
    ("POST", "/duties", given(body={"facts": FACTS})),
    ("GET", "/duties", given(query={"state": "proposed", "limit": "2"})),
    (
        "PUT",
        "/duties/{number}/state/{state}",
        lambda seen: {"path": {"number": _number(seen), "state": "confirmed"}, "body": WHY},
    ),
    (
        "POST",
        "/duties/{number}/events",
        lambda seen: _duty(
            seen,
            body={
                "event": "request_of_csirt_or_authority",
                "at": ago(1),
                "basis": "CSIRT, by mail",
                "answer_by": ahead(24),
            },
        ),
    ),
    ("DELETE", "/duties/{number}/events/{event}", _event),
    ("GET", "/duties/{number}", _duty),
    ("PUT", "/duties/{number}/facts", lambda seen: _duty(seen, body=FACTS)),
    ("GET", "/duties/notices", given()),
    ("GET", "/duties/notices/{number}/draft", lambda seen: _notice(seen, "early warning", query={"language": "fr"})),
    ("PUT", "/duties/notices/{number}/draft", lambda seen: _notice(seen, "early warning", body={"text": "Our words."})),
    (
        "POST",
        "/duties/notices/{number}/extensions",
        lambda seen: _notice(
            seen, "incident notification", body={"until": ahead(900), "ground": "Letter of the CSIRT"}
        ),
    ),
    ("PUT", "/duties/notices/{number}/left-out", lambda seen: _notice(seen, "progress report", body=WHY)),
    (
        "POST",
        "/duties/notices/{number}/sendings",
        lambda seen: _notice(seen, "early warning", body={"at": ago(0), "how": "portal", "to": "National CSIRT"}),
    ),
    (
        "PUT",
        "/duties/sendings/{number}/receipt",
        lambda seen: {
            "path": {"number": seen["POST /duties/notices/{number}/sendings"]["sending"]},
            "body": {"at": ago(0), "reference": "NIS2-2026-0815", "file_name": "r.pdf", "file_sha256": "ab" * 32},
        },
    ),
    ("POST", "/duties/calendars", given(body={"label": "Legal office"})),
    ("GET", "/duties/calendars", given()),
    (
        "DELETE",
        "/duties/calendars/{number}",
        lambda seen: {"path": {"number": seen["POST /duties/calendars"]["calendar"]}},
    ),
    ("GET", "/duties/law/{kind}", given(path={"kind": "duties"})),
    ("PUT", "/duties/law/{kind}", _law),
    ("DELETE", "/duties/law/{kind}", given(path={"kind": "duties"}, query=WHY)),
]
