"""The API of collections, decisions, policies and recalls: the same actions and queries as the commands.

A reader is told of what its member received, and of the rules that it may know; who runs the node is told of everything.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.edge import (
    ADMINISTRATOR,
    OPERATOR,
    READER,
    Asked,
    Paged,
    among,
    caller,
    opened,
    page,
    rows,
    sealed,
)
from commonwatch.base.parties.actions import communities_named
from commonwatch.base.parties.answering import Changed, Preview, by
from commonwatch.base.release import recalls
from commonwatch.base.release.access import access_of
from commonwatch.base.release.actions import create_collection
from commonwatch.base.release.collections import CollectionView, collection, visible_collections
from commonwatch.base.release.epochs import activate_policies
from commonwatch.base.release.expectations import Expectation, tested
from commonwatch.base.release.explain import Asking, as_data, held_object, reach
from commonwatch.base.release.holders import holders, holders_of, shown_holder
from commonwatch.base.release.models import Collection, Epoch, Recall
from commonwatch.base.release.pages import objects_page
from commonwatch.base.release.policies import SCHEMA, own_files
from commonwatch.base.release.publishing import drafts_in, simulate_all
from commonwatch.base.release.reader import Reader, reader_of
from commonwatch.base.release.received import agreement_names, conditions, may_see
from commonwatch.base.release.shown import (
    policy_text,
    shown_epoch,
    shown_policy,
    shown_recall,
    shown_refusal,
    shown_simulation,
)
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.taxii.filters import ObjectFilter

shelves = Router(tags=["collections"])
decisions = Router(tags=["decisions"])
rules = Router(tags=["policies"])
taken_back = Router(tags=["recalls"])

Identity = Annotated[str, Path(max_length=200, description="STIX id of an object.")]
PURPOSE = Field(DEFAULT_PURPOSE, max_length=30, description="What for, e.g. network-defence.")


class CollectionOut(Schema):
    """A collection as you have it."""

    id: UUID
    alias: str | None
    title: str
    description: str
    can_read: bool
    can_write: bool
    reason: str = Field(description="Why.")


class CollectionIn(Schema):
    """A collection to make; communities that may write may read as well."""

    title: str = Field(min_length=1, max_length=200)
    alias: str | None = Field(None, max_length=100)
    description: str = Field("", max_length=2000)
    read: list[str] = Field([], max_length=1000, description="Communities by name.")
    write: list[str] = Field([], max_length=1000)


class Wanted(Asked):
    """Which objects of a collection, as TAXII's filters would have them."""

    type: list[str] = Field([], max_length=100)
    id: list[str] = Field([], max_length=100)


class About(Schema):
    """A question about an object."""

    to: str = Field("", max_length=100, description="A member, or `public`; default: your own member.")
    purpose: str = Field("", max_length=30, description="What for; default: the purpose of your token.")
    version: str = Field("", max_length=40, description="Which version, as its author dated it; default: the latest.")


class Draft(Schema):
    """Objects that are not published yet."""

    objects: dict[str, Any] = Field(description="A STIX object, or a bundle of some.")
    purpose: str = PURPOSE
    default_marking: str = Field("TLP:AMBER", description="Marking of what says no TLP level itself.")
    altered: bool = False


class PolicyFiles(Schema):
    """The node's own policies, all of them, by file name."""

    files: dict[str, str]


class PolicyFilesFor(PolicyFiles):
    """And why."""

    reason: str = Field(min_length=1, max_length=2000)


class ExpectationIn(Schema):
    """What should come of asking for an object."""

    object: str = Field(max_length=200)
    to: str = Field(max_length=100)
    outcome: Literal["permit", "obliged", "refuse"]
    purpose: str = PURPOSE
    variant: str = Field("", max_length=20)


class Expectations(Schema):
    """Cases to compare with the policies in force."""

    cases: list[ExpectationIn] = Field(max_length=1000)


class PolicyFilter(Asked):
    """Which policies."""

    gate: Literal["", "handling", "law", "policy", "obligation"] = ""


class RecallFilter(Asked):
    """Which recalls."""

    open: bool = Field(False, description="Only those without an answer.")
    member: str = Field("", max_length=100, description="Only those to this member.")
    object: str = Field("", max_length=300, description="Only those that name this object.")


class HoldersAsked(Schema):
    """Of which object."""

    object: str = Field("", max_length=300, description="STIX id; default: of everything that was taken back.")


@shelves.get("/collections", response=list[CollectionOut], auth=READER)
def list_collections(request: HttpRequest) -> list[dict[str, Any]]:
    """The collections that you may read or add to."""
    return [_shown(view) for view in visible_collections(_reader(request))]


@shelves.get("/collections/{name}", response=CollectionOut, auth=READER)
def show_collection(request: HttpRequest, name: str) -> dict[str, Any]:
    """One collection, by id or alias."""
    return _shown(collection(_reader(request), name))


@shelves.get("/collections/{name}/objects", response=Paged[dict[str, Any]], auth=READER)
def list_objects(request: HttpRequest, name: str, wanted: Query[Wanted]) -> HttpResponse:
    """The objects of a collection that your member may have, each at its latest version, in the order of TAXII."""
    reader = _reader(request)
    view = collection(reader, name)
    if not view.can_read:
        raise NotAllowed("read-refused", "You may add to this collection, not read it.", "Ask its keeper for access.")
    after = opened(request, wanted.cursor)
    found = objects_page(access_of(reader), view.slot, _filter(wanted), wanted.limit, after)
    following = msgspec.json.encode(sealed(request, found.last_pos) if found.more else None)
    body = b'{"items":[' + found.body + b'],"next":' + following + b"}"
    return HttpResponse(body, content_type="application/json")


@shelves.post("/collections", response=Changed, auth=ADMINISTRATOR)
def make_collection(request: HttpRequest, given: CollectionIn, look: Preview) -> dict[str, Any]:
    """Make a collection. Nobody gains objects by it: there are none in it yet."""
    who = by(request)
    if look.preview and given.alias and Collection.objects.filter(alias=given.alias).exists():
        raise Conflict("alias-taken", f"Another collection has the alias {given.alias}.", "Choose another.")
    readers, writers = communities_named(given.read), communities_named(given.write)
    report = {"what": f"The collection {given.title} is made", "moved": [], "gained": 0, "lost": 0}
    if look.preview:
        return {"preview": True, "report": report, "result": None}
    made = create_collection(
        given.title,
        alias=given.alias,
        description=given.description,
        readers=readers,
        writers=writers,
        actor=who.actor,
        now_us=who.now_us,
    )
    return {"preview": False, "report": report, "result": {"id": str(made.uuid), "alias": made.alias}}


@decisions.get("/objects/{identity}/explanation", response=dict[str, Any], auth=READER)
def explain(request: HttpRequest, identity: Identity, about: Query[About]) -> Any:
    """Whether a member may have an object, by which rules and laws. Of what your own member received: under which
    conditions it may have it. Of others: for operators, with everything the decision rests on.
    """
    reader = _reader(request)
    if reader.sees_all:
        to = about.to or caller(request).member_name
        return as_data(Asking(about.purpose or reader.purpose).explain(held_object(identity, about.version), to))
    _only_own(request, about)
    return conditions(reader, identity)


@decisions.get("/objects/{identity}/why-not", response=dict[str, Any], auth=OPERATOR)
def why_not(request: HttpRequest, identity: Identity, about: Query[About]) -> dict[str, Any]:
    """Only what keeps a member from having an object, and what would have to change."""
    to = about.to or caller(request).member_name
    purpose = about.purpose or _reader(request).purpose
    return shown_refusal(Asking(purpose).explain(held_object(identity, about.version), to))


@decisions.post("/simulate", response=list[dict[str, Any]], auth=OPERATOR)
def simulate(request: HttpRequest, draft: Draft) -> list[dict[str, Any]]:
    """Before publishing: who would get each object, by which rule, and what must be mended first. Nothing is stored."""
    drafts = drafts_in(msgspec.json.encode(draft.objects), "The request")
    found = simulate_all(drafts, draft.purpose, draft.default_marking, altered=draft.altered)
    return [shown_simulation(one) for one in found]


@rules.get("/policies", response=Paged[dict[str, Any]], auth=READER)
def list_policies(request: HttpRequest, asked: Query[PolicyFilter]) -> dict[str, Any]:
    """The policies in force today of which you may know, by id."""
    reader = _reader(request)
    known, own = agreement_names(reader), caller(request).member_name
    found = [
        one
        for one in Asking().world.book.policies.values()
        if asked.gate in ("", one.gate) and (reader.sees_all or may_see(one, own, known))
    ]
    return page(request, asked, among(found, lambda one: one.id), lambda one: one.id, shown_policy)


@rules.get("/policies/schema", response=dict[str, str], auth=READER)
def policy_schema(request: HttpRequest) -> dict[str, str]:
    """What policies may speak about."""
    return {"schema": SCHEMA}


@rules.get("/policies/files", response=PolicyFiles, auth=OPERATOR)
def policy_files(request: HttpRequest) -> dict[str, Any]:
    """The node's own policies in force, by file name."""
    return {"files": dict(own_files())}


@rules.get("/policies/history", response=Paged[dict[str, Any]], auth=OPERATOR)
def policy_history(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """What changed decisions, newest first: policies, members, agreements, days; with who gained and lost how much."""
    return page(request, asked, rows(Epoch.objects.all(), "-pk"), lambda one: one.pk, shown_epoch)


@rules.get("/policies/reach", response=dict[str, Any], auth=OPERATOR)
def policy_reach(request: HttpRequest) -> Any:
    """How much each member gets of everything that the node holds, in which variant."""
    found, examples, objects, classes = reach()
    return msgspec.to_builtins({"recipients": found, "examples": examples, "objects": objects, "classes": classes})


@rules.post("/policies/diff", response=Changed, auth=ADMINISTRATOR)
def diff_policies(request: HttpRequest, given: PolicyFiles) -> dict[str, Any]:
    """Who would gain and who would lose what if these were the node's own policies. Nothing is changed."""
    report = activate_policies(given.files, "preview", by(request), preview=True)
    return {"preview": True, "report": report.data(), "result": None}


@rules.post("/policies/activate", response=Changed, auth=ADMINISTRATOR)
def put_in_force(request: HttpRequest, given: PolicyFilesFor, look: Preview) -> dict[str, Any]:
    """Put these in force in place of the node's own policies of before; the report is kept with the act."""
    report = activate_policies(given.files, given.reason, by(request), preview=look.preview)
    return {
        "preview": look.preview,
        "report": report.data(),
        "result": None if look.preview else {"files": sorted(given.files)},
    }


@rules.post("/policies/test", response=list[dict[str, Any]], auth=OPERATOR)
def test_policies(request: HttpRequest, given: Expectations) -> list[dict[str, Any]]:
    """Compare expectations with the policies in force."""
    return tested([Expectation(**case.dict()) for case in given.cases])


@rules.get("/policies/{path:name}", response=dict[str, Any], auth=READER)
def show_policy(request: HttpRequest, name: str) -> dict[str, Any]:
    """A policy as it is written."""
    reader, world = _reader(request), Asking().world
    found = world.book.policies.get(name)
    known, own = agreement_names(reader), caller(request).member_name
    if found is None or not (reader.sees_all or may_see(found, own, known)):
        raise NotFound("policy-unknown", f"There is no policy {name}.", "See `policy list`.")
    return {**shown_policy(found), "file": found.file, "text": policy_text(world, found)}


@taken_back.get("/recalls", response=Paged[dict[str, Any]], auth=READER)
def list_recalls(request: HttpRequest, asked: Query[RecallFilter]) -> dict[str, Any]:
    """Recalls to your member, newest first, with its answers; for operators, to every member."""
    reader = _reader(request)
    found = _recalls_to(reader)
    if asked.member:
        found = found.filter(member__name=asked.member)
    if asked.object:
        found = found.filter(named__object=asked.object)
    if asked.open:
        found = found.filter(answered_us=None, lifted_us=None)
    return page(request, asked, rows(found, "-pk"), lambda one: one.pk, shown_recall)


@taken_back.post("/recalls/send", response=dict[str, int], auth=ADMINISTRATOR)
def send_recalls(request: HttpRequest) -> dict[str, int]:
    """Send what is still to be recalled now, a thousand objects at a time, without waiting for the worker."""
    return {"objects": recalls.send(recalls.OBJECTS)}


@taken_back.get("/recalls/report", response=list[dict[str, Any]], auth=READER)
def recall_report(request: HttpRequest, asked: Query[HoldersAsked]) -> list[dict[str, Any]]:
    """Who still holds what was taken back, who has not answered since when, who was reminded, and of whom no answer can be
    expected: `holds`, `unanswered`, `best-effort`, `dropped`. For readers: their own member's standing.
    """
    found = _recalls_to(_reader(request))
    return [shown_holder(one) for one in (holders_of(found, asked.object) if asked.object else holders(found))]


@taken_back.get("/recalls/{recall}", response=dict[str, Any], auth=READER)
def show_recall(request: HttpRequest, recall: Annotated[str, Path(max_length=60)]) -> dict[str, Any]:
    """One recall with its receipt."""
    one = _recalls_to(_reader(request)).filter(recall=recall).first()
    if one is None:
        raise NotFound("recall-unknown", f"There is no recall {recall}.", "The list of recalls has yours.")
    return {**shown_recall(one), "receipt": one.receipt or None}


def _recalls_to(reader: Reader) -> QuerySet[Recall]:
    """Those to the reader's member; for operators, to every member."""
    found = Recall.objects.select_related("member")
    return found if reader.sees_all else found.filter(member=reader.member)


def _reader(request: HttpRequest) -> Reader:
    return reader_of(caller(request))


def _only_own(request: HttpRequest, about: About) -> None:
    """For who does not run the node: nothing about others, other purposes, or versions that it did not get."""
    own = caller(request)
    if about.to not in ("", own.member_name) or about.purpose not in ("", reader_of(own).purpose) or about.version:
        raise NotAllowed(
            "own-only",
            "You may ask about your own member and purpose only.",
            "Leave out `to`, `purpose` and `version`.",
        )


def _shown(view: CollectionView) -> dict[str, Any]:
    return {
        "id": view.uuid,
        "alias": view.alias,
        "title": view.title,
        "description": view.description,
        "can_read": view.can_read,
        "can_write": view.can_write,
        "reason": view.reason,
    }


def _filter(wanted: Wanted) -> ObjectFilter:
    named = [(text, parse_id(text)) for text in wanted.id]
    wrong = [text for text, parsed in named if parsed is None]
    if wrong:
        raise InvalidInput("id-malformed", f"{wrong[0]} is no STIX id.", "Give type--UUID.")
    ids = tuple(parsed for _, parsed in named if parsed is not None)
    return ObjectFilter(ids=ids, types=tuple(dict.fromkeys(wanted.type)))


routers = (shelves, decisions, rules, taken_back)
