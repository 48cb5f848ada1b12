"""How the API's routes change something: as commands do, with the report of who gains and who loses, or as a preview only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpRequest
from ninja import Field, Query, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import caller
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.changing import change

T = TypeVar("T")


class Look(Schema):
    """Whether a change is only looked at."""

    preview: bool = Field(False, description="Only say who would gain and who would lose what; nothing is changed.")


class Changed(Schema):
    """What a change does. As a preview, nothing was kept and there is no result."""

    preview: bool
    report: dict[str, Any] = Field(description="Who gains and who loses what, in numbers and examples.")
    result: dict[str, Any] | None = Field(None, description="What is on record now.")


Preview = Query[Look]


def by(request: HttpRequest) -> By:
    """The account that asks, now."""
    return By(caller(request).name, now_us())


def changed(
    request: HttpRequest, what: str, act: Callable[[By], T], shown: Callable[[T], dict[str, Any]], *, preview: bool
) -> dict[str, Any]:
    """Make a change, or look at it."""
    who = by(request)
    result, report = change(what, lambda: act(who), who, preview=preview)
    return {
        "preview": preview,
        "report": report.data(),
        "result": None if preview or result is None else shown(result),
    }
