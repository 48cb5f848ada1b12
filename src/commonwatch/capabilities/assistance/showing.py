"""Views of this room for machines: the same values for `--json` and for the API, with times as STIX writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from commonwatch.base.release.reader import Reader
from commonwatch.base.threads.queries import names
from commonwatch.base.threads.writing import plain
from commonwatch.capabilities.assistance.allocation import Proposal
from commonwatch.capabilities.assistance.catalogue import CapabilityView
from commonwatch.capabilities.assistance.clocks import clocks
from commonwatch.capabilities.assistance.ledger import Ledger
from commonwatch.capabilities.assistance.standing import Possible, RequestView
from commonwatch.core.stix.times import format_time


def shown_request(view: RequestView, possible: tuple[Possible, ...], reader: Reader, now_us: int) -> dict[str, Any]:
    """A request with its thread, its clocks and what the own member may do now."""
    found: dict[str, Any] = plain(msgspec.to_builtins(view))
    found["clocks"] = plain(msgspec.to_builtins(clocks(view, now_us)))
    found["possible"] = msgspec.to_builtins(possible)
    found["names"] = called(view, reader)
    for need, covered in zip(found["needs"], view.needs, strict=True):
        need["missing"] = covered.missing
    found["silent"] = [track.member for track in view.tracks if track.asked and track.silent]
    return found


def shown_in_list(view: RequestView) -> dict[str, Any]:
    """A request in a list."""
    return {
        "id": view.id,
        "name": view.content.name,
        "author": view.author,
        "form": view.content.form,
        "urgency": view.content.urgency,
        "state": view.state,
        "since": format_time(view.since_us, 3),
        "made": format_time(view.made_us, 3),
        "offers": len(view.offers),
        "missing": sum(covered.missing for covered in view.needs),
        "silent": [track.member for track in view.tracks if track.asked and track.silent],
        "marking": view.marking,
    }


def shown_capability(view: CapabilityView) -> dict[str, Any]:
    """A capability with what is held of it."""
    found: dict[str, Any] = plain(msgspec.to_builtins(view))
    return {**found, "free": view.free("", ""), "contested": view.contested}


def shown_proposal(found: Proposal) -> dict[str, Any]:
    """Who should help whom."""
    value: dict[str, Any] = msgspec.to_builtins(found)
    for one in value["needs"]:
        one["need"] = {name: part for name, part in one["need"].items() if not name.endswith("_us")}
    return value


def shown_ledger(found: Ledger) -> dict[str, Any]:
    """Who helped whom."""
    value: dict[str, Any] = plain(msgspec.to_builtins(found))
    for share, one in zip(value["shares"], found.shares, strict=True):
        share["balance"] = one.balance
    return value


def called(view: RequestView, reader: Reader) -> Mapping[str, str]:
    """What people call those who take part in a request."""
    return names(reader, {view.author, *(track.member for track in view.tracks), *(one.author for one in view.history)})
