"""Answering peers. Every request but `join` comes from a key that is on record, every answer is signed.

objects   takes a parcel in -> what became of its objects, and how far we have what the peer offers
fetch     for a peer that cannot be called: {"places": {slot: pos}} -> its next parcel; the places are its acknowledgement
join      lets in a node that shows an invitation
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction

from commonwatch.base.keys.node import node_key, public_name
from commonwatch.capabilities.federation.calling import PATH
from commonwatch.capabilities.federation.incoming import Verdict, places, take
from commonwatch.capabilities.federation.joining import Joining, admit
from commonwatch.capabilities.federation.models import Nonce, Peer, Sent
from commonwatch.capabilities.federation.parcels import Parcel, next_parcel
from commonwatch.capabilities.federation.sending import acknowledge
from commonwatch.capabilities.federation.wire import WINDOW_SECONDS, Answer, Request, check_request, sign_answer
from commonwatch.core.errors import CommonwatchError, InvalidInput, NotFound

KEEP_NONCES_US = 2 * WINDOW_SECONDS * 1_000_000


class _Fetch(msgspec.Struct):
    places: dict[int, int]


_given = msgspec.json.Decoder(Parcel)
_fetch = msgspec.json.Decoder(_Fetch)
_joining = msgspec.json.Decoder(Joining)


def answer(request: Request, now_us: int) -> Answer:
    """The signed answer; a refusal says why, also signed."""
    try:
        status, body = 200, _answered(request, now_us)
    except CommonwatchError as error:
        status = error.http_status
        body = msgspec.json.encode({"code": error.code, "sentence": error.sentence, "advice": error.advice})
    made = Answer(status, request, {"content-type": "application/json"}, body)
    return sign_answer(made, node_key(), secrets.token_urlsafe(16), now_us)


def _answered(request: Request, now_us: int) -> bytes:
    what = urlsplit(request.url).path.removeprefix(f"{PATH}/").strip("/")
    if what == "join":
        key = check_request(request, public_name(node_key()), _is_key, _unused(now_us), now_us)
        return msgspec.json.encode(admit(_read(_joining, request), key, now_us))
    known = Peer.objects.select_related("member", "source")
    key = check_request(
        request,
        public_name(node_key()),
        lambda name: known.filter(key=name).exists(),
        _unused(now_us),
        now_us,
    )
    peer = known.get(key=key)
    if what == "objects":
        return msgspec.json.encode(_taken(peer, _read(_given, request), now_us))
    if what == "fetch":
        return _parcel(peer, _read(_fetch, request).places)
    raise NotFound("route-unknown", f"There is nothing at {what}.", f"See {PATH}/objects and {PATH}/fetch.")


def _taken(peer: Peer, parcel: Parcel, now_us: int) -> Verdict:
    """A parcel that begins where we are is taken in; of a later one we only say where we are."""
    acknowledge(peer, parcel.have)
    if parcel.after > places(peer).get(parcel.slot, 0):
        return Verdict(0, 0, have=places(peer))
    return take(peer, parcel.slot, parcel.pos, [bytes(one) for one in parcel.objects], now_us)


def _parcel(peer: Peer, sent: dict[int, int]) -> bytes:
    with transaction.atomic():
        for slot, pos in sent.items():
            Sent.objects.update_or_create(peer=peer, slot=slot, defaults={"pos": pos, "acknowledged": pos})
    found = next_parcel(peer, sent)
    return msgspec.json.encode(found) if found is not None else b"null"


def _is_key(name: str) -> bool:
    return len(name) == 64 and all(char in "0123456789abcdef" for char in name)


def _unused(now_us: int) -> Callable[[str, str], bool]:
    def unused(key: str, nonce: str) -> bool:
        Nonce.objects.filter(seen_us__lt=now_us - KEEP_NONCES_US).delete()
        try:
            with transaction.atomic():
                Nonce.objects.create(key=key, nonce=nonce[:64], seen_us=now_us)
        except IntegrityError:
            return False
        return True

    return unused


def _read(decoder: msgspec.json.Decoder, request: Request):  # type: ignore[no-untyped-def, type-arg]
    try:
        return decoder.decode(_plain(request))
    except msgspec.DecodeError as error:
        raise InvalidInput("body-unreadable", f"The request cannot be read: {error}.", "See the protocol.") from None


def _plain(request: Request) -> bytes:
    """The body unpacked, within the limit whatever it claims."""
    if {name.lower(): value for name, value in request.headers.items()}.get("content-encoding") != "gzip":
        return request.body
    most = settings.COMMONWATCH.max_body_bytes
    unpacker = zlib.decompressobj(wbits=31)
    try:
        plain = unpacker.decompress(request.body, most + 1)
    except zlib.error:
        raise InvalidInput("gzip-broken", "The body is not gzip, or was cut.", "Send it again.") from None
    if len(plain) > most:
        raise InvalidInput("body-too-large", f"The body is larger than {most:,} bytes.", "Send less.", status=413)
    return plain
