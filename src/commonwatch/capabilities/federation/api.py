"""The API of peers and of the partnership: the same actions as `commonwatch federation` and the console's pages.

The root's secret keys never come here: a root is drafted, signed by its holders where their keys are
(`commonwatch federation sign-root`), and sent back.
"""

from __future__ import annotations

from contextlib import closing
from typing import Annotated, Any

import msgspec
from django.conf import settings
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import ADMINISTRATOR, OPERATOR, Asked, Paged, among, caller, page, rows
from commonwatch.base.keys.node import node_key, public_name
from commonwatch.base.parties.answering import Changed, Preview, by
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import reader_of
from commonwatch.capabilities.federation import actions, joining, purging, queries
from commonwatch.capabilities.federation.joining import Known
from commonwatch.capabilities.federation.models import Skipped
from commonwatch.capabilities.federation.queries import SkippedObject
from commonwatch.capabilities.federation.transport import HttpTransport

peers = Router(tags=["peers"])
Name = Annotated[str, Path(max_length=100, description="The peer's name, which is that of its member here.")]
MemberName = Annotated[str, Path(max_length=100, description="The member's name.")]
REASON = Field(min_length=1, max_length=2000, description="Why, for the record.")


class KnownIn(Schema):
    """What you know of the other side: law decides by it, so it is never taken from the other side."""

    name: str = Field(min_length=1, max_length=100, description="Its name here, e.g. cert-no.")
    kind: MemberKind
    country: str = Field("", max_length=2, description="Its jurisdiction; none for international organisations.")
    collection: str = Field("main", max_length=100, description="The collection that is shared with it.")
    url: str = Field("", max_length=500, description="Where this node answers; default: the setting public_url.")

    @property
    def known(self) -> Known:
        """The same, as the exchange knows it."""
        return Known(self.name, self.kind, self.country, self.collection)

    @property
    def own_url(self) -> str:
        """Where this node answers; empty where it cannot be called."""
        return self.url or settings.COMMONWATCH.public_url


class JoinIn(KnownIn):
    """The same, with the code of the other side."""

    code: str = Field(min_length=1, max_length=4000, description="The invitation code, whole.")


class PeerIn(Schema):
    """What is changed about the exchange with a peer; what is left out stays."""

    paused: bool | None = None
    kib_per_second: int | None = Field(
        None, ge=0, le=10**6, description="Most that is sent to it or fetched; 0: no limit."
    )


class Why(Schema):
    """Why, for the record."""

    reason: str = REASON


class PurgeIn(Why):
    """What is taken back."""

    with_others: bool = Field(False, description="Also what it brought and other members brought as well.")


class PurgeAsked(Schema):
    """What a purge would take back."""

    with_others: bool = False


@peers.get("/peers", response=list[dict[str, Any]], auth=OPERATOR)
def list_peers(request: HttpRequest) -> Any:
    """Peers by name: how far each is behind, since when it waits, the last error, the next try, its limit."""
    return msgspec.to_builtins(queries.states(now_us()))


@peers.post("/peers", response=Changed, auth=ADMINISTRATOR)
def join(request: HttpRequest, given: JoinIn, look: Preview) -> dict[str, Any]:
    """Join another node with its invitation code: from then on both exchange what their releases allow."""
    joining.read_code(given.code)
    report = joining.joining_report(given.known, by(request))
    result = None
    if not look.preview:
        with closing(HttpTransport()) as transport:
            peer = joining.join(given.code, given.known, given.own_url, transport, by(request))
        result = {"peer": peer.name, "key": peer.key, "fetches": peer.fetch}
    return {"preview": look.preview, "report": report.data(), "result": result}


@peers.get("/peers/{name}", response=dict[str, Any], auth=OPERATOR)
def show_peer(request: HttpRequest, name: Name) -> Any:
    """How the exchange with one peer goes."""
    return msgspec.to_builtins(queries.state(name, now_us()))


@peers.patch("/peers/{name}", response=dict[str, Any], auth=ADMINISTRATOR)
def change_peer(request: HttpRequest, name: Name, given: PeerIn) -> Any:
    """Pause the exchange with a peer or go on, and bound what it takes of the line."""
    actions.peer_named(name)
    if given.kib_per_second is not None:
        actions.limit(name, given.kib_per_second, by(request))
    if given.paused is not None:
        actions.pause(name, paused=given.paused, by=by(request))
    return msgspec.to_builtins(queries.state(name, now_us()))


@peers.get("/peers/{name}/skipped", response=Paged[dict[str, Any]], auth=OPERATOR)
def list_skipped(request: HttpRequest, name: Name, asked: Query[Asked]) -> dict[str, Any]:
    """What did not go in at a peer, or here, and why; newest first."""
    found = rows(queries.skipped_rows(name), "-pk")
    return page(request, asked, found, lambda row: row.pk, _shown_skip)


@peers.put("/peers/{name}/collections/{offered}", response=dict[str, Any], auth=ADMINISTRATOR)
def offer(request: HttpRequest, name: Name, offered: str) -> dict[str, Any]:
    """Offer a peer a further collection; release decides what of it the peer gets."""
    view = collection(reader_of(caller(request)), offered)
    actions.offer(name, view, by(request))
    return {"peer": name, "collection": str(view.uuid)}


@peers.get("/invitations", response=Paged[dict[str, Any]], auth=OPERATOR)
def list_invitations(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """Codes that are out and count, by whom they are for. The codes themselves are not known here."""
    found = among(queries.invitations(now_us()), lambda one: (one.name, one.expires_us))
    return page(request, asked, found, lambda one: [one.name, one.expires_us], msgspec.to_builtins)


@peers.post("/invitations", response=Changed, auth=ADMINISTRATOR)
def invite(request: HttpRequest, given: KnownIn, look: Preview) -> dict[str, Any]:
    """Make a code that lets one node in, once, within a day; it is in this answer and nowhere else."""
    report = joining.joining_report(given.known, by(request))
    result = None
    if not look.preview:
        result = {"peer": given.name, "code": joining.invite(given.known, given.own_url, by(request))}
    return {"preview": look.preview, "report": report.data(), "result": result}


@peers.get("/federation/key", response=dict[str, Any], auth=OPERATOR)
def show_key(request: HttpRequest) -> Any:
    """This node's key, to be compared by telephone, and those by which peers knew it before."""
    return {"key": public_name(node_key()), "history": msgspec.to_builtins(queries.node_keys())}


@peers.get("/members/{member}/purge", response=dict[str, Any], auth=OPERATOR)
def look_at_purge(request: HttpRequest, member: MemberName, asked: Query[PurgeAsked]) -> Any:
    """What taking back everything of a member would hide and recall, and the purge of it that goes on, if one does."""
    going_on = purging.state(member)
    return msgspec.to_builtins({"going_on": going_on, "plan": purging.plan(member, with_others=asked.with_others)})


@peers.post("/members/{member}/purge", response=dict[str, Any], auth=ADMINISTRATOR)
def begin_purge(request: HttpRequest, member: MemberName, given: PurgeIn) -> Any:
    """Take back everything that a member wrote or alone brought, here and wherever it went from here; the worker does it."""
    return msgspec.to_builtins(purging.begin(member, given.reason, by(request), with_others=given.with_others))


@peers.delete("/members/{member}/purge", response=dict[str, int], auth=ADMINISTRATOR)
def end_purge(request: HttpRequest, member: MemberName, given: Query[Why]) -> dict[str, int]:
    """End a purge and show again what it hid; the exchange stays paused until it is resumed."""
    return {"shown": purging.undo(member, given.reason, by(request))}


@peers.post("/members/{member}/purge/erase", response=dict[str, int], auth=ADMINISTRATOR)
def erase_purged(request: HttpRequest, member: MemberName, given: Why) -> dict[str, int]:
    """Destroy the bytes of everything that a purge hides. It cannot be undone."""
    return {"erased": purging.erase(member, given.reason, by(request))}


def _shown_skip(row: Skipped) -> Any:
    return msgspec.to_builtins(SkippedObject(row.side, row.object, row.version, row.code, row.sentence))


routers = (peers,)
