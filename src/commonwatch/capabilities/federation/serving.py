"""Answering peers. Every request but `join` comes from a key that is on record, every answer is signed.

objects   takes a parcel in -> what became of its objects, and how far we have what the peer offers
fetch     for a peer that cannot be called: {"places": {slot: pos}} -> its next parcel, gzip; the places are its acknowledgement.
          With "rest_of" and "after": the rest of that parcel, whose answer broke off
piece     takes a piece of a parcel in (`arriving`) -> how far that parcel is here; once all of it is, as for objects
membership  what each side has of members, their keys and what waits for approval -> what the other lacks
join      lets in a node that shows an invitation
"""

from __future__ import annotations

import gzip
import secrets
import zlib
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction

from commonwatch.base.journal.driver import execute
from commonwatch.base.keys.node import answering_keys
from commonwatch.base.parties.actions import By
from commonwatch.base.release.access import end_of_journal
from commonwatch.capabilities.federation import arriving
from commonwatch.capabilities.federation.arriving import Piece, Progress
from commonwatch.capabilities.federation.calling import PATH
from commonwatch.capabilities.federation.incoming import Verdict, greeted, places, take
from commonwatch.capabilities.federation.joining import Joining, admit
from commonwatch.capabilities.federation.membership import exchanging as membership
from commonwatch.capabilities.federation.models import Given, Peer, Sent
from commonwatch.capabilities.federation.parcels import Parcel, next_parcel, put_on_record
from commonwatch.capabilities.federation.rules import WORTH_KEEPING
from commonwatch.capabilities.federation.sending import acknowledge, waits
from commonwatch.capabilities.federation.wire import (
    FOR,
    REST,
    WINDOW_SECONDS,
    Answer,
    Request,
    check_request,
    content_digest,
    sign_answer,
)
from commonwatch.core.errors import CommonwatchError, InvalidInput, NotFound, TooBusy

PAUSED_SECONDS = 900  # what a peer is told when the exchange with it is paused here
KEEP_NONCES_US = 2 * WINDOW_SECONDS * 1_000_000


class _Fetch(msgspec.Struct):
    places: dict[int, int]
    rest_of: str = ""  # Content-Digest of a parcel whose answer broke off,
    after: int = 0  # after so many bytes


_given = msgspec.json.Decoder(Parcel)
_given_piece = msgspec.json.Decoder(Piece)
_fetch = msgspec.json.Decoder(_Fetch)
_joining = msgspec.json.Decoder(Joining)


def answer(request: Request, now_us: int) -> Answer:
    """The signed answer; a refusal says why, also signed."""
    keys = answering_keys()
    own = _addressed(request)
    if own not in keys:
        own = next(iter(keys))  # the node's key of now
    try:
        status, body = _answered(request, own, now_us)
    except CommonwatchError as error:
        status = error.http_status
        body = msgspec.json.encode({"code": error.code, "sentence": error.sentence, "advice": error.advice})
    made = Answer(status, request, {"content-type": "application/json"}, body)
    return sign_answer(made, keys[own], secrets.token_urlsafe(16), now_us)


def _answered(request: Request, own: str, now_us: int) -> tuple[int, bytes]:
    what = urlsplit(request.url).path.removeprefix(f"{PATH}/").strip("/")
    if what == "join":
        key = check_request(request, own, _is_key, _unused(now_us), now_us)
        return 200, msgspec.json.encode(admit(_read(_joining, request), key, now_us))
    peers: dict[str, Peer] = {}

    def known(name: str) -> bool:
        peers.update({peer.key: peer for peer in Peer.objects.select_related("member", "source").filter(key=name)})
        return name in peers

    peer = peers[check_request(request, own, known, _unused(now_us), now_us)]
    if what == "membership":
        return 200, membership.answered(peer, _plain(request), By(f"peer:{peer.name}", now_us))
    peer = _heard(peer)
    if what == "objects":
        return 200, msgspec.json.encode(_taken(peer, _read(_given, request), now_us))
    if what == "piece":
        return 200, msgspec.json.encode(_piece(peer, _read(_given_piece, request), now_us))
    if what == "fetch":
        return _fetched(peer, _read(_fetch, request), now_us)
    raise NotFound("route-unknown", f"There is nothing at {what}.", f"See {PATH}/objects and {PATH}/fetch.")


def _heard(peer: Peer) -> Peer:
    """A peer that calls is there again: what waits for it is not kept back longer. Raises TooBusy where it is paused."""
    if peer.paused:
        raise TooBusy("peer-paused", "The exchange is paused at this side.", retry_after_seconds=PAUSED_SECONDS)
    if peer.next_try_us:
        Peer.objects.filter(pk=peer.pk).update(next_try_us=0)
    return peer


def _taken(peer: Peer, parcel: Parcel, now_us: int) -> Verdict:
    """A parcel that begins where we are is taken in; of a later one we only say where we are."""
    acknowledge(peer, parcel.have)
    if parcel.after > places(peer).get(parcel.slot, 0):
        return Verdict(0, 0, have=places(peer))
    if not parcel.objects:
        greeted(peer, parcel.slot, parcel.after)
    verdict = take(peer, parcel.slot, parcel.pos, [bytes(one) for one in parcel.objects], now_us)
    if parcel.objects:
        arriving.forget(peer)  # of this one, or of one that the peer has given up
    return verdict


def _piece(peer: Peer, piece: Piece, now_us: int) -> Progress:
    """A piece is kept; with the last, the parcel is taken in."""
    come = arriving.keep(peer, piece, now_us)
    if come < piece.size:
        return Progress(come, places(peer))
    parcel = _decoded(_given, _unpacked(arriving.whole(peer, piece)))
    verdict = _taken(peer, msgspec.structs.replace(parcel, have=piece.have), now_us)
    return Progress(come, verdict.have, verdict)


def _fetched(peer: Peer, asked: _Fetch, now_us: int) -> tuple[int, bytes]:
    """The next parcel, or the rest of the one that broke off, where it is still the one that was given last."""
    if asked.rest_of:
        given = Given.objects.filter(peer=peer, digest=asked.rest_of).first()
        if given is not None and 0 < asked.after < len(given.body):
            return REST, bytes(given.body)[asked.after :]
    body = gzip.compress(_parcel(peer, asked.places, now_us), 6, mtime=0)
    if len(body) > WORTH_KEEPING:
        Given.objects.update_or_create(peer=peer, defaults={"digest": content_digest(body), "body": body})
    else:
        Given.objects.filter(peer=peer).delete()
    return 200, body


def _parcel(peer: Peer, sent: dict[int, int], now_us: int) -> bytes:
    head = end_of_journal()
    with transaction.atomic():
        for slot, pos in sent.items():
            Sent.objects.update_or_create(peer=peer, slot=slot, defaults={"pos": pos, "acknowledged": pos})
    made = next_parcel(peer, sent)
    if made is None:
        Peer.objects.filter(pk=peer.pk).update(looked_at=head, behind_since_us=None, last_heard_us=now_us)
        return b"null"
    waits(peer, now_us)
    put_on_record(peer, made.parcel, now_us)
    return msgspec.json.encode(made.parcel)


def _addressed(request: Request) -> str:
    """The key of the node that is meant."""
    return {name.lower(): value for name, value in request.headers.items()}.get(FOR, "")


def _is_key(name: str) -> bool:
    return len(name) == 64 and all(char in "0123456789abcdef" for char in name)


def _unused(now_us: int) -> Callable[[str, str], bool]:
    def unused(key: str, nonce: str) -> bool:
        try:
            with transaction.atomic():
                execute("DELETE FROM federation_nonce WHERE seen_us < %s", [now_us - KEEP_NONCES_US])
                execute(
                    "INSERT INTO federation_nonce (key, nonce, seen_us) VALUES (%s, %s, %s)", [key, nonce[:64], now_us]
                )
        except IntegrityError:
            return False
        return True

    return unused


def _read(decoder: msgspec.json.Decoder, request: Request):  # type: ignore[no-untyped-def, type-arg]
    return _decoded(decoder, _plain(request))


def _decoded(decoder: msgspec.json.Decoder, plain: bytes):  # type: ignore[no-untyped-def, type-arg]
    try:
        return decoder.decode(plain)
    except msgspec.DecodeError as error:
        raise InvalidInput("body-unreadable", f"The request cannot be read: {error}.", "See the protocol.") from None


def _plain(request: Request) -> bytes:
    """The body, unpacked where it is packed."""
    if {name.lower(): value for name, value in request.headers.items()}.get("content-encoding") != "gzip":
        return request.body
    return _unpacked(request.body)


def _unpacked(packed: bytes) -> bytes:
    """Unpacked within the limit, whatever it claims."""
    most = settings.COMMONWATCH.max_body_bytes
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(packed, most + 1)
    except zlib.error:
        raise InvalidInput("gzip-broken", "The body is not gzip, or was cut.", "Send it again.") from None
    if len(plain) > most:
        raise InvalidInput("body-too-large", f"The body is larger than {most:,} bytes.", "Send less.", status=413)
    return plain
