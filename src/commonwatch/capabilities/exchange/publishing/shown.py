"""A publication for machines: the same in commands and in the API."""

from __future__ import annotations

from typing import Any

import msgspec

from commonwatch.base.intake.receive import Result
from commonwatch.base.release.shown import shown_simulation
from commonwatch.capabilities.exchange.publishing.actions import Publication


def shown_publication(done: Publication) -> dict[str, Any]:
    """What was published, what must not be as it is, and who would get each object."""
    results = done.report.results if done.report is not None else ()
    return {
        "published": [shown_result(one) for one in results],
        "blocked": [one.object for one in done.blocked],
        "simulations": [shown_simulation(one) for one in done.simulations],
    }


def shown_result(one: Result) -> dict[str, Any]:
    """What became of an object."""
    return {
        "object": one.object_id,
        "version": one.version,
        "outcome": one.kind,
        "findings": msgspec.to_builtins(one.findings),
    }
