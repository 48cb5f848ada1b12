"""The resources that are read, and deletion. Every one goes through `base.release`."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from commonwatch.base.audit.record import record
from commonwatch.base.clock import now_us
from commonwatch.base.journal import acts, schema
from commonwatch.base.release.access import access_of
from commonwatch.base.release.collections import CollectionView, visible_collections
from commonwatch.base.release.collections import collection as find_collection
from commonwatch.base.release.pages import ManifestRow, long_versions, manifest_page, objects_page
from commonwatch.capabilities.exchange.models import AddStatus
from commonwatch.capabilities.exchange.taxii_server.answers import added_text, envelope, version_text
from commonwatch.capabilities.exchange.taxii_server.answers import manifest as manifest_records
from commonwatch.capabilities.exchange.taxii_server.request import Answer, Request, resource
from commonwatch.capabilities.exchange.taxii_server.statuses import status_resource
from commonwatch.core.errors import NotAllowed, NotFound
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.taxii import cursor
from commonwatch.core.taxii.filters import ObjectFilter, Query, parse_query
from commonwatch.core.taxii.media import STIX_20, STIX_21, TAXII_21

MEDIA_TYPES = [STIX_21, STIX_20]
_BY_ID = ("version", "spec_version")


def discovery(request: Request) -> Answer:
    """Section 4.1."""
    root = _url("/taxii2/root/")
    body = {"title": "Commonwatch", "description": "Threat intelligence shared with this reader", "default": root}
    return resource({**body, "api_roots": [root]})


def api_root(request: Request) -> Answer:
    """Section 4.2."""
    limit = settings.COMMONWATCH.max_body_bytes
    return resource({"title": "Commonwatch", "versions": [TAXII_21], "max_content_length": limit})


def collections(request: Request) -> Answer:
    """Section 5.1; a reader without any gets an empty resource."""
    found = [_collection(view) for view in visible_collections(request.reader)]
    return resource({"collections": found} if found else {})


def collection(request: Request, name: str) -> Answer:
    """Section 5.2."""
    return resource(_collection(find_collection(request.reader, name)))


def objects(request: Request, name: str) -> Answer:
    """Section 5.4."""
    view = _readable(request, name)
    query = parse_query(request.query)
    return _objects(request, view, query, query.filter, b"objects")


def object_by_id(request: Request, name: str, identifier: str) -> Answer:
    """Section 5.6; 404 where the collection holds no such object at all."""
    view = _readable(request, name)
    query = parse_query(request.query, matching=_BY_ID)
    answer = _objects(request, view, query, _of_one(query.filter, identifier), b"object")
    if answer.body == b"{}" and not _holds(request, view, identifier):
        raise _no_object()
    return answer


def manifest(request: Request, name: str) -> Answer:
    """Section 5.3, with `next`, without which clients that page by it never end."""
    view = _readable(request, name)
    query = parse_query(request.query)
    rows, following, headers = _rows(request, view, query, query.filter, b"manifest")
    return Answer(200, envelope(manifest_records(rows, long_versions(rows)), following), headers)


def versions(request: Request, name: str, identifier: str) -> Answer:
    """Section 5.8: every version of an object, by date added."""
    view = _readable(request, name)
    query = parse_query(request.query, matching=("spec_version",))
    every = ObjectFilter(last=False, every=True, specs=query.filter.specs, added_after=query.filter.added_after)
    rows, following, headers = _rows(request, view, query, _of_one(every, identifier), b"versions")
    if not rows and not _holds(request, view, identifier):
        raise _no_object()
    if not rows:
        return resource({})
    longer = long_versions(rows)
    body: dict[str, object] = {
        "more": following is not None,
        "versions": [version_text(row[3], row[5], row[6], longer) for row in rows],
    }
    if following is not None:
        body["next"] = following
    return Answer(200, resource(body).body, headers)


def delete(request: Request, name: str, identifier: str) -> Answer:
    """Section 5.7: needs read and write. The object leaves this collection; the journal keeps that it was there."""
    view = _readable(request, name)
    if not view.can_write:
        raise NotAllowed("write-refused", "You may read this collection, not change it.", "Ask its keeper for access.")
    query = parse_query(request.query, matching=_BY_ID)
    named = parse_id(identifier)
    wanted = _of_one(query.filter, identifier)
    if not _asks_for_versions(request.query):
        wanted = ObjectFilter(ids=wanted.ids, last=False, every=True, specs=wanted.specs or (20, 21))
    rows = manifest_page(access_of(request.reader), view.slot, wanted, settings.COMMONWATCH.page_limit, None)
    if named is None or not rows:
        raise _no_object()
    copies = [(row[3], 21 if row[4] else 20) for row in rows]
    gone = acts.withdraw(*named, view.slot, actor=request.identity.name, reason="deleted over TAXII", copies=copies)
    record(
        request.identity.name,
        "object.withdraw",
        identifier,
        "done",
        {"collection": str(view.uuid), "copies": gone},
        now_us=now_us(),
        address=request.identity.address,
    )
    return resource({})


def status(request: Request, name: str) -> Answer:
    """Section 4.3; only for the account that posted."""
    try:
        found = AddStatus.objects.filter(uuid=UUID(name), account_id=request.identity.account_id).first()
    except ValueError:
        found = None
    if found is None:
        raise NotFound("status-unknown", "There is no such status resource.", "It is kept for the account that posted.")
    return resource(status_resource(found))


def _readable(request: Request, name: str) -> CollectionView:
    view = find_collection(request.reader, name)
    if not view.can_read:
        raise NotAllowed("read-refused", "You may add to this collection, not read it.", "Ask its keeper for access.")
    return view


def _objects(request: Request, view: CollectionView, query: Query, wanted: ObjectFilter, kind: bytes) -> Answer:
    bound = _bound(request, view, wanted, kind)
    limit, after = _start(query, bound)
    page = objects_page(access_of(request.reader), view.slot, wanted, limit, after)
    if not page.count:
        return Answer(200, b"{}")
    following = cursor.seal(page.last_pos, bound, _key()) if page.more else None
    return Answer(200, envelope(page.body, following), _dates(page.first_added, page.last_added))


def _rows(
    request: Request, view: CollectionView, query: Query, wanted: ObjectFilter, kind: bytes
) -> tuple[list[ManifestRow], str | None, dict[str, str]]:
    bound = _bound(request, view, wanted, kind)
    limit, after = _start(query, bound)
    rows = manifest_page(access_of(request.reader), view.slot, wanted, limit, after)
    more, rows = len(rows) > limit, rows[:limit]
    if not rows:
        return [], None, {}
    following = cursor.seal(rows[-1][0], bound, _key()) if more else None
    first, last = (schema.seq_to_us(row[0] & schema.SEQ_MASK) for row in (rows[0], rows[-1]))
    return rows, following, _dates(first, last)


def _start(query: Query, bound: bytes) -> tuple[int, int | None]:
    """The page's length and the position after which it begins."""
    most = settings.COMMONWATCH.page_limit
    limit = most if query.limit is None else min(query.limit, most)
    return limit, None if query.next is None else cursor.unseal(query.next, bound, _key())


def _bound(request: Request, view: CollectionView, wanted: ObjectFilter, kind: bytes) -> bytes:
    account = request.identity.account_id.to_bytes(8, "big")
    return b"\0".join((kind, account, view.slot.to_bytes(2, "big"), wanted.fingerprint()))


def _key() -> bytes:
    return str(settings.SECRET_KEY).encode()


def _dates(first: int, last: int) -> dict[str, str]:
    return {"x-taxii-date-added-first": added_text(first), "x-taxii-date-added-last": added_text(last)}


def _of_one(wanted: ObjectFilter, identifier: str) -> ObjectFilter:
    named = parse_id(identifier)
    return ObjectFilter(
        ids=(named,) if named else (("", b""),),
        last=wanted.last,
        first=wanted.first,
        every=wanted.every,
        versions=wanted.versions,
        specs=wanted.specs,
        added_after=wanted.added_after,
    )


def _holds(request: Request, view: CollectionView, identifier: str) -> bool:
    """Whether the collection holds any version of an object."""
    every = _of_one(ObjectFilter(last=False, every=True), identifier)
    return bool(manifest_page(access_of(request.reader), view.slot, every, 1, None))


def _asks_for_versions(query: bytes) -> bool:
    return b"match%5Bversion%5D" in query or b"match[version]" in query or b"match%5bversion%5d" in query


def _no_object() -> NotFound:
    return NotFound("object-unknown", "The collection holds no such object.", "Its manifest lists what it holds.")


def _collection(view: CollectionView) -> dict[str, object]:
    body: dict[str, object] = {"id": str(view.uuid), "title": view.title}
    if view.description:
        body["description"] = view.description
    if view.alias:
        body["alias"] = view.alias
    return {**body, "can_read": view.can_read, "can_write": view.can_write, "media_types": MEDIA_TYPES}


def _url(path: str) -> str:
    """Relative to the configured address, never to the request's Host; without one, to the server itself (4.1.1)."""
    return settings.COMMONWATCH.public_url.rstrip("/") + path
