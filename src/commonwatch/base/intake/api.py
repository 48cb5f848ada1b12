"""The API of quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import OPERATOR, Asked, Paged, caller, page
from commonwatch.base.intake import quarantine, together
from commonwatch.base.intake.quarantine import Listed
from commonwatch.base.intake.shown import shown_entry, shown_whole
from commonwatch.base.jobs.many import MOST
from commonwatch.core.errors import InvalidInput

held = Router(tags=["the node"])
LARGEST = 2**31 - 1
Number = Annotated[int, Path(ge=1, le=LARGEST, description="From the list of quarantine.")]


class HeldAsked(Asked):
    """Which entries."""

    reason: list[Annotated[str, Field(max_length=64)]] = Field(
        [], max_length=100, description="Only entries held for one of these reasons, e.g. version-conflict."
    )
    everything: bool = Field(False, description="Also entries that were admitted or dropped since.")


class Mended(Schema):
    """What is to be judged."""

    mended: str | None = Field(None, description="The mended object as JSON text, in place of the bytes held.")


class Meant(Schema):
    """Which entries an act is meant for."""

    numbers: list[Annotated[int, Field(ge=1, le=LARGEST)]] = Field(min_length=1, max_length=MOST)


class Dropped(Meant):
    """Which entries are not wanted, and why."""

    reason: str = Field(min_length=1, max_length=2000)


@held.get("/quarantine", response=Paged[dict[str, Any]], auth=OPERATOR)
def list_held(request: HttpRequest, asked: Query[HeldAsked]) -> dict[str, Any]:
    """What could not be admitted, newest first, each with its findings."""

    def following(before: int | None, count: int) -> Sequence[Listed]:
        return quarantine.page(reasons=asked.reason, everything=asked.everything, limit=count, before=before)[0]

    return page(request, asked, following, lambda one: one.entry.pk, shown_entry)


@held.post("/quarantine/retry", response=dict[str, Any], auth=OPERATOR)
def retry_many(request: HttpRequest, given: Meant) -> dict[str, Any]:
    """Judge entries again, as they are; of more than 200, the number of the job that does it."""
    admitted, job = together.retry_all(given.numbers, actor=caller(request).name, now_us=now_us())
    return {"admitted": admitted, "job": None if job is None else job.pk}


@held.post("/quarantine/drop", response=dict[str, Any], auth=OPERATOR)
def drop_many(request: HttpRequest, given: Dropped) -> dict[str, Any]:
    """Decide that entries are not wanted; they stay on record. Of more than 200, the number of the job that does it."""
    job = together.drop_all(given.numbers, reason=given.reason, actor=caller(request).name, now_us=now_us())
    return {"job": None if job is None else job.pk}


@held.get("/quarantine/{number}", response=dict[str, Any], auth=OPERATOR)
def show_held(request: HttpRequest, number: Number) -> dict[str, Any]:
    """One entry with its text, in which bytes that are no UTF-8 are escaped."""
    return shown_whole(quarantine.entry(number))


@held.post("/quarantine/{number}/retry", response=dict[str, Any], auth=OPERATOR)
def retry(request: HttpRequest, number: Number, given: Mended) -> dict[str, Any]:
    """Judge an entry again, as it is or mended; where it cannot be admitted, the error's data has the findings."""
    mended = None if given.mended is None else given.mended.encode()
    result = quarantine.retry(number, mended, actor=caller(request).name, now_us=now_us())
    if not result.is_in:
        findings = msgspec.to_builtins(result.findings)
        raise InvalidInput(
            "still-wrong",
            "It still cannot be admitted.",
            "Mend what the findings name, and try again.",
            data={"findings": findings},
            status=422,
        )
    return {"object": result.object_id, "version": result.version, "outcome": result.kind}


routers = (held,)
