"""The API of search: what a reader's member may have, found, counted, looked up, and each object with its surroundings."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.edge import READER, Asked, Paged, caller, opened, sealed
from commonwatch.base.release.reader import Reader, reader_of
from commonwatch.base.search import graph, history, matching, queries
from commonwatch.base.search.wanted import MOST_ALTERNATIVES, Sort, Wanted, moment, sentence
from commonwatch.base.search.words import LONGEST_QUESTION

search = Router(tags=["search"])

Identity = Annotated[str, Path(max_length=300, description="STIX id of an object, as you know it.")]


class Filter(Schema):
    """What is wanted: all that is given must hold; of several values in one field, any."""

    text: str = Field("", max_length=LONGEST_QUESTION, description="Words that must occur; `word*`, `-word`.")
    type: list[str] = Field([], max_length=MOST_ALTERNATIVES)
    producer: list[str] = Field([], max_length=MOST_ALTERNATIVES, description="Ids of identities.")
    marking: list[str] = Field([], max_length=MOST_ALTERNATIVES, description="TLP:CLEAR to TLP:RED.")
    label: list[str] = Field([], max_length=MOST_ALTERNATIVES)
    since: str = Field("", max_length=40, description="Admitted since: a day or a timestamp.")
    until: str = Field("", max_length=40, description="Admitted before.")
    value: str = Field("", max_length=8192, description="An address, name, URL, digest or mail address that it names.")
    revoked: bool | None = None
    sort: Sort = "newest"


class Sought(Filter, Asked):
    """And which page of it."""


class Around(Asked):
    """Which neighbours."""

    kind: list[str] = Field(
        [], max_length=MOST_ALTERNATIVES, description="Relationship types, or properties that refer, as in `relations`."
    )


class Found(Paged[dict[str, Any]]):
    """A page, and the sentence that says what it shows."""

    said: list[dict[str, Any]] = Field(description="The sentence's parts: field, and values.")
    sentence: str


class Values(Schema):
    """Values to look up."""

    values: list[str] = Field(max_length=matching.MOST_VALUES)
    each: int = Field(5, ge=1, le=matching.MOST_EACH, description="Most objects for a value and a way of naming it.")
    wide: bool = Field(False, description="Names below these names and addresses inside these networks, too.")


@search.get("/search", response=Found, auth=READER)
def find(request: HttpRequest, asked: Query[Sought]) -> dict[str, Any]:
    """The objects with these words and properties that your member may have."""
    page = queries.find(_reader(request), _wanted(asked), opened(request, asked.cursor), asked.limit)
    following = None if page.next is None else sealed(request, page.next)
    return {
        "items": msgspec.to_builtins(page.rows),
        "next": following,
        "said": msgspec.to_builtins(page.said),
        "sentence": sentence(page.said),
    }


@search.get("/search/facets", response=dict[str, Any], auth=READER)
def facets(request: HttpRequest, asked: Query[Filter]) -> Any:
    """How many there are, by type, producer, marking, label and day; null where they are too many to count."""
    return msgspec.to_builtins(queries.facets(_reader(request), _wanted(asked)))


@search.post("/search/values", response=list[dict[str, Any]], auth=READER)
def look_up(request: HttpRequest, given: Values) -> Any:
    """Which of these values are named by objects that your member may have; up to 10,000 at once."""
    return msgspec.to_builtins(matching.values(_reader(request), given.values, given.each, wide=given.wide))


@search.get("/objects/{identity}", response=dict[str, Any], auth=READER)
def show(request: HttpRequest, identity: Identity) -> dict[str, Any]:
    """An object at its current version, with a readable head."""
    found = history.held(_reader(request), identity)
    return {"head": msgspec.to_builtins(found.head), "object": found.value}


@search.get("/objects/{identity}/relations", response=Paged[dict[str, Any]], auth=READER)
def relations(request: HttpRequest, identity: Identity, asked: Query[Around]) -> dict[str, Any]:
    """What an object refers to, what refers to it, and relationships to and from it, newest first."""
    after = opened(request, asked.cursor)
    found = graph.edges(_reader(request), identity, tuple(asked.kind), after, min(asked.limit, graph.MOST_EDGES))
    following = None if found.next is None else sealed(request, found.next)
    return {"items": msgspec.to_builtins(found.edges), "next": following}


@search.get("/objects/{identity}/versions", response=list[dict[str, Any]], auth=READER)
def versions(request: HttpRequest, identity: Identity) -> Any:
    """Every version that your member may have, latest first: what changed, and who brought it."""
    return msgspec.to_builtins(history.versions(_reader(request), identity))


@search.get("/objects/{identity}/sightings", response=Paged[dict[str, Any]], auth=READER)
def sightings(request: HttpRequest, identity: Identity, asked: Query[Asked]) -> dict[str, Any]:
    """The sightings of an object, newest first."""
    found, key = history.sightings(_reader(request), identity, opened(request, asked.cursor), asked.limit)
    return {"items": msgspec.to_builtins(found), "next": None if key is None else sealed(request, key)}


@search.get("/objects/{identity}/timeline", response=list[dict[str, Any]], auth=READER)
def timeline(request: HttpRequest, identity: Identity) -> Any:
    """What is known of an object in order of time."""
    return msgspec.to_builtins(history.timeline(_reader(request), identity))


def _reader(request: HttpRequest) -> Reader:
    return reader_of(caller(request))


def _wanted(asked: Filter) -> Wanted:
    return Wanted(
        asked.text,
        tuple(dict.fromkeys(asked.type)),
        tuple(dict.fromkeys(asked.producer)),
        tuple(dict.fromkeys(asked.marking)),
        tuple(dict.fromkeys(asked.label)),
        moment(asked.since),
        moment(asked.until),
        asked.value,
        asked.revoked,
        asked.sort,
    )


routers = (search,)
