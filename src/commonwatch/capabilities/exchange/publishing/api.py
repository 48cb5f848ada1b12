"""The API of publishing what the node's own member writes."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Path, Router, Schema

from commonwatch.base.edge import CONTRIBUTOR_AT_HOME, caller
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import reader_of
from commonwatch.base.release.received import collection_of
from commonwatch.capabilities.exchange.publishing import actions
from commonwatch.capabilities.exchange.publishing.actions import Publication, Terms
from commonwatch.capabilities.exchange.publishing.queries import own_object
from commonwatch.capabilities.exchange.publishing.shown import shown_publication, shown_result
from commonwatch.core.errors import InvalidInput, NotAllowed
from commonwatch.core.policy.facts import DEFAULT_PURPOSE

own = Router(tags=["publishing"])
Identity = Annotated[str, Path(max_length=300, description="STIX id of an object that the own member wrote.")]


class Publishing(Schema):
    """Drafts, and on what terms they are published."""

    objects: dict[str, Any] = Field(
        description="A STIX object, or a bundle of some. What a draft leaves out of id, dates and author is filled in."
    )
    collection: str = Field("main", max_length=100, description="Id or alias of the collection that they go to.")
    default_marking: str = Field(
        "", max_length=32, description="Marking of what says no TLP level itself; empty: the node's."
    )
    purpose: str = Field(DEFAULT_PURPOSE, max_length=30, description="Purpose for which the reach is shown.")
    altered: bool = Field(
        False, description="Accepts that law has it pseudonymised or without personal data for some, or not at all."
    )
    reason: str = Field("", max_length=2000, description="Why, for the record.")


class Why(Schema):
    """Why, for the record."""

    reason: str = Field(min_length=1, max_length=2000)


@own.post("/objects", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def publish(request: HttpRequest, given: Publishing, preview: bool = False) -> dict[str, Any]:
    """Publish objects of the own member, all or none; with `preview=true` only say who would get each, and what is in the way."""
    publication = actions.publish(
        msgspec.json.encode(given.objects),
        _terms(request, given),
        actor=caller(request).name,
        reason=given.reason,
        preview=preview,
    ).as_known_to(caller(request))
    if not preview:
        _published(publication)
    return shown_publication(publication)


@own.post("/objects/{identity}/revocation", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def revoke(request: HttpRequest, identity: Identity, given: Why) -> dict[str, Any]:
    """Take back an object of the own member: a last version that says so, and a recall to whoever had it."""
    own_object(identity)
    terms = Terms(collection_of(reader_of(caller(request)), identity).slot)
    report = actions.revoke(identity, terms, actor=caller(request).name, reason=given.reason)
    return shown_result(report.results[0])


def _terms(request: HttpRequest, given: Publishing) -> Terms:
    view = collection(reader_of(caller(request)), given.collection)
    if not view.can_write:
        raise NotAllowed("write-refused", "You may read this collection, not add to it.", "Ask its keeper for access.")
    marking = given.default_marking or settings.COMMONWATCH.default_marking
    return Terms(view.slot, marking, given.purpose, altered=given.altered)


def _published(publication: Publication) -> None:
    """Raises InvalidInput where something is in the way, or an object was not admitted."""
    data = shown_publication(publication)
    if publication.blocked:
        first = publication.blocked[0].blocking[0]
        raise InvalidInput(first.code, first.sentence, first.remedy, data=data, status=422)
    results = publication.report.results if publication.report is not None else ()
    findings = [one.findings[0] for one in results if not one.is_in and one.findings]
    if findings:
        raise InvalidInput("not-admitted", findings[0].sentence, findings[0].remedy, data=data, status=422)


routers = (own,)
