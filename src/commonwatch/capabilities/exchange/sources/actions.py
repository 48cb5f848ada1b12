"""Adding, pulling, pushing and removing sources. Each pulled page and its place are one transaction."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable

from django.conf import settings
from django.db import transaction
from django.db.models import F

from commonwatch.base.audit.record import record
from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, Report, receive
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.jobs.queue import enqueue, withdraw
from commonwatch.base.journal.values import Transaction
from commonwatch.base.outbound import Resolver, client, system_resolver
from commonwatch.base.release.access import access_for
from commonwatch.base.release.collections import CollectionView
from commonwatch.base.release.pages import objects_page
from commonwatch.capabilities.exchange.models import RemoteServer
from commonwatch.capabilities.exchange.sources.pulling import Page, Walk
from commonwatch.capabilities.exchange.sources.secrets import seal, unseal
from commonwatch.capabilities.exchange.sources.wire import Remote
from commonwatch.core.errors import CommonwatchError, Conflict, InvalidInput, NotFound, PeerError
from commonwatch.core.taxii.filters import ObjectFilter

PULL_JOB = "source.pull"
PUSH_PAGE = 500
STATUS_POLLS = 60
STATUS_POLL_SECONDS = 1.0
_EVERY = re.compile(r"(\d{1,4})([mhd])", re.ASCII)
_SECONDS = {"m": 60, "h": 3600, "d": 86_400}
_EVERYTHING = ObjectFilter(last=False, every=True, specs=(20, 21))


def add_source(
    name: str,
    url: str,
    collection_id: str,
    *,
    username: str,
    secret: str,
    default_marking: str,
    member: str,
    interval_seconds: int,
    into: CollectionView,
    actor: str,
) -> RemoteServer:
    """Remember a remote collection. Nothing is fetched yet, except the list of collections where none was named."""
    source = ensure_source(name, default_marking, member)
    if RemoteServer.objects.filter(source=source).exists():
        raise Conflict("source-taken", f"There is a source {name} already.", "Choose another name, or remove it first.")
    remote = RemoteServer(
        source=source,
        url=url,
        collection_id=collection_id,
        username=username,
        secret=seal(secret),
        interval_seconds=interval_seconds,
        into_id=into.slot,
    )
    if not collection_id:
        _name_the_collections(remote)
    with transaction.atomic():
        remote.save()
        record(actor, "source.add", name, "done", {"url": url, "collection": collection_id}, now_us=now_us())
        if interval_seconds:
            enqueue(PULL_JOB, name, {}, run_at_us=now_us())
    return remote


def remove_source(name: str, *, actor: str, reason: str = "") -> None:
    """Forget a remote collection and its credentials; what it brought stays."""
    with transaction.atomic():
        named(name).delete()
        withdraw(PULL_JOB, name)
        record(actor, "source.remove", name, "done", {"reason": reason} if reason else {}, now_us=now_us())


def pause_source(name: str, *, paused: bool, reason: str, actor: str) -> None:
    """Pull a source no more on schedule, or again; it can still be pulled when told."""
    with transaction.atomic():
        remote = named(name)
        RemoteServer.objects.filter(pk=remote.pk).update(paused=paused)
        if paused:
            withdraw(PULL_JOB, name)
        elif remote.interval_seconds:
            enqueue(PULL_JOB, name, {}, run_at_us=now_us())
        verb = "source.pause" if paused else "source.resume"
        record(actor, verb, name, "done", {"reason": reason}, now_us=now_us())


def pull_soon(name: str, *, actor: str) -> None:
    """Let the worker pull a source as its next job, whether or not it is on schedule."""
    with transaction.atomic():
        named(name)
        enqueue(PULL_JOB, name, {}, run_at_us=now_us())
        record(actor, "source.pull", name, "done", {}, now_us=now_us())


def named(name: str) -> RemoteServer:
    """The remote collection with this name; raises NotFound."""
    found = RemoteServer.objects.select_related("source__member", "into").filter(source__name=name).first()
    if found is None:
        raise NotFound("source-unknown", f"There is no source {name}.", "See `commonwatch source list`.")
    return found


def interval(text: str) -> int:
    """Seconds of an interval written as 15m, 2h or 1d; 0 for nothing, which is: only when told."""
    if not text:
        return 0
    match = _EVERY.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise InvalidInput("interval-unreadable", f"{text} is no interval.", "Write 15m, 2h or 1d.")
    return int(match[1]) * _SECONDS[match[2]]


def pull(
    name: str, advance: Callable[[int], None], *, resolve: Resolver = system_resolver
) -> tuple[dict[str, int], list[str]]:
    """Take in what is new; the tally, and notes on what the server did wrong.

    `advance` is called with the number of objects of each page once they are durable. An error is kept with the source.
    """
    remote = named(name)
    tally = dict.fromkeys(("admitted", "with_findings", "duplicate", "quarantined", "refused"), 0)
    walk: Walk | None = None
    try:
        with client(settings.COMMONWATCH.outbound_networks, resolve) as http:
            server = Remote(http, remote.url, _authorization(remote))
            walk = Walk(server, remote.collection_id, remote.added_after)
            for page in walk.pages():
                for key, number in _take(remote, page).tally().items():
                    tally[key] += number
                advance(len(page.pieces))
    except CommonwatchError as error:
        _note(remote, str(error), walk)
        raise
    _note(remote, "", walk)
    return tally, walk.notes


def push(
    name: str, view: CollectionView, advance: Callable[[int], None], *, resolve: Resolver = system_resolver
) -> tuple[int, list[dict[str, str]]]:
    """Send what is new in a collection of ours, in order; how many were sent, and the failures the server named.

    The place is kept after each page whose status is complete, so an interrupted push goes on there.
    """
    remote = named(name)
    if remote.push_from_id not in (None, view.slot):
        RemoteServer.objects.filter(pk=remote.pk).update(pushed_pos=0)
        remote.pushed_pos = 0
    sent, failures = 0, []
    access = access_for(
        remote.source.member_id, reader=f"push to {name}"
    )  # who runs the server; where that is not on record, the public
    try:
        with client(settings.COMMONWATCH.outbound_networks, resolve) as http:
            server = Remote(http, remote.url, _authorization(remote))
            while (page := objects_page(access, view.slot, _EVERYTHING, PUSH_PAGE, remote.pushed_pos or None)).count:
                path = f"collections/{remote.collection_id}/objects/"
                status = server.post(path, b'{"objects":[' + page.body + b"]}").json()
                failures += _failures(_completed(server, status))
                sent += page.count
                remote.pushed_pos = page.last_pos
                RemoteServer.objects.filter(pk=remote.pk).update(
                    pushed_pos=page.last_pos, push_from=view.slot, pushed=F("pushed") + page.count
                )
                advance(page.count)
    except CommonwatchError as error:
        _note(remote, str(error), None)
        raise
    _note(remote, "", None)
    return sent, failures


def _take(remote: RemoteServer, page: Page) -> Report:
    """One page and the new place, in one transaction."""
    slots = (remote.into_id,) if remote.into_id is not None else ()
    source = remote.source
    channel = Channel(source.pk, source.default_marking, voucher_of(source), f"source:{source.name}", slots)

    def keep_place(report: Report, _: Transaction) -> None:
        RemoteServer.objects.filter(pk=remote.pk).update(
            added_after=page.added_after, pulled=F("pulled") + len(report.results)
        )

    return receive(page.pieces, channel, now_us(), keep_place).result()


def _completed(server: Remote, status: dict[str, object]) -> dict[str, object]:
    """The status once the server has decided about every object."""
    for _ in range(STATUS_POLLS):
        if status.get("status") != "pending":
            return status
        server.pause(STATUS_POLL_SECONDS)
        status = server.get(f"status/{status.get('id')}/").json()
    raise PeerError("peer-slow", "The server has not decided after a minute.", "Push again later.", retry=True)


def _failures(status: dict[str, object]) -> list[dict[str, str]]:
    found = status.get("failures")
    if not isinstance(found, list):
        return []
    return [
        {name: str(one.get(name, ""))[:500] for name in ("id", "version", "message")}
        for one in found
        if isinstance(one, dict)
    ]


def _name_the_collections(remote: RemoteServer) -> None:
    """Raise InvalidInput that lists the server's collections, so that a person can choose."""
    with client(settings.COMMONWATCH.outbound_networks) as http:
        server = Remote(http, remote.url, _authorization(remote))
        found = server.get("collections/").json().get("collections", [])
    names = [f"{one.get('id')} ({one.get('title', '')})" for one in found if isinstance(one, dict)]
    known = "; ".join(names) or "none for you"
    raise InvalidInput(
        "collection-needed",
        f"Which collection? The server has: {known}.",
        "Give one with --collection.",
    )


def _authorization(remote: RemoteServer) -> str | None:
    secret = unseal(bytes(remote.secret))
    if not secret:
        return None
    if remote.username:
        return "Basic " + b64encode(f"{remote.username}:{secret}".encode()).decode()
    return f"Bearer {secret}"


def _note(remote: RemoteServer, error: str, walk: Walk | None) -> None:
    """Keep how it went, for the list of sources."""
    now = now_us()
    said = error or "; ".join(walk.notes if walk else [])
    fields: dict[str, object] = {"last_error": said, "last_error_us": now if said else None}
    if walk is not None:
        fields["requests"] = F("requests") + walk.remote.requests
    if not error:
        fields["last_ok_us"] = now
    RemoteServer.objects.filter(pk=remote.pk).update(**fields)
