"""The API of sources."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Query, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import OPERATOR, caller
from commonwatch.base.outbound import check_url
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import reader_of
from commonwatch.capabilities.exchange.sources import actions
from commonwatch.capabilities.exchange.sources.queries import server_named, servers

sources = Router(tags=["the node"])


class SourceIn(Schema):
    """A remote TAXII 2.1 collection to pull from."""

    name: str = Field(min_length=1, max_length=100)
    url: str = Field(min_length=1, max_length=2000, description="The server's API root.")
    collection: str = Field(min_length=1, max_length=200, description="Id of the remote collection.")
    username: str = Field("", max_length=200, description="User for Basic; without it, the secret is a bearer token.")
    secret: str = Field("", max_length=2000, description="Password or token there. It is not shown again.")
    default_marking: str = Field("", max_length=32, description="Handling of unmarked objects; default: the node's.")
    member: str = Field("", max_length=100, description="Member that vouches for it; default: home, the node's own.")
    every: str = Field("", max_length=5, description="Pull on schedule: 15m, 2h, 1d. Empty: only when told.")
    into: str = Field("main", max_length=100, description="Id or alias of our collection that they go to.")


class Why(Schema):
    """Why, for the record."""

    reason: str = Field(min_length=1, max_length=2000)


class Schedule(Why):
    """Whether a source is pulled on schedule."""

    paused: bool


@sources.get("/sources", response=list[dict[str, Any]], auth=OPERATOR)
def list_sources(request: HttpRequest) -> list[dict[str, Any]]:
    """Sources by name: when each answered last, how far behind it is, what went wrong, when it is pulled next."""
    return servers(now_us())


@sources.post("/sources", response=dict[str, Any], auth=OPERATOR)
def add_source(request: HttpRequest, given: SourceIn) -> dict[str, Any]:
    """Remember a remote collection; with `every` it is pulled on schedule from now on."""
    actions.add_source(
        given.name,
        check_url(given.url),
        given.collection,
        username=given.username,
        secret=given.secret,
        default_marking=given.default_marking or settings.COMMONWATCH.default_marking,
        member=given.member,
        interval_seconds=actions.interval(given.every),
        into=collection(reader_of(caller(request)), given.into),
        actor=caller(request).name,
    )
    return server_named(given.name, now_us())


@sources.post("/sources/{name}/pull", response=dict[str, Any], auth=OPERATOR)
def pull_source(request: HttpRequest, name: str) -> dict[str, Any]:
    """Let the worker pull a source as its next job."""
    actions.pull_soon(name, actor=caller(request).name)
    return server_named(name, now_us())


@sources.patch("/sources/{name}", response=dict[str, Any], auth=OPERATOR)
def pause_source(request: HttpRequest, name: str, given: Schedule) -> dict[str, Any]:
    """Pull a source no more on schedule, or again."""
    actions.pause_source(name, paused=given.paused, reason=given.reason, actor=caller(request).name)
    return server_named(name, now_us())


@sources.delete("/sources/{name}", response=dict[str, Any], auth=OPERATOR)
def remove_source(request: HttpRequest, name: str, given: Query[Why]) -> dict[str, Any]:
    """Forget a source and its credentials; what it brought stays."""
    actions.remove_source(name, actor=caller(request).name, reason=given.reason)
    return {"removed": name}


routers = (sources,)
