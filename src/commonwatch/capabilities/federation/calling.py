"""One signed call to a peer, and its signed answer checked."""

from __future__ import annotations

import gzip
import secrets
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commonwatch.base.clock import now_us
from commonwatch.base.keys.files import NODE_BEFORE, has_key, private_key
from commonwatch.base.keys.node import node_key
from commonwatch.capabilities.federation.transport import Transport
from commonwatch.capabilities.federation.wire import REST, Answer, Request, check_answer, sign_request
from commonwatch.core.errors import NotAllowed, PeerError

PATH = "/federation/v1"
MEMBERSHIP = "membership"


class Called(NamedTuple):
    """A peer's answer, and what it cost on the line: both bodies, as they were sent."""

    body: bytes
    size: int
    is_rest: bool = False  # of a parcel that broke off


def call(transport: Transport, url: str, key: str, what: str, body: bytes) -> bytes:
    """POST a body to the node with this key at this address; the answer's body. Raises PeerError.

    A peer that does not know our key yet is told of it under the one before: only the membership is exchanged under that.
    """
    return call_counted(transport, url, key, what, body).body


def call_counted(transport: Transport, url: str, key: str, what: str, body: bytes) -> Called:
    """The same, with what it cost."""
    packed = gzip.compress(body, 6, mtime=0)
    answer = _sent(transport, url, key, what, packed, node_key())
    if answer.status_code == NotAllowed.status and what == MEMBERSHIP and has_key(NODE_BEFORE):
        answer = _sent(transport, url, key, what, packed, private_key(NODE_BEFORE))
    if answer.status_code not in (200, REST):
        raise _refused(answer)
    check_answer(answer, key, now_us())
    return Called(answer.body, len(packed) + len(answer.body), answer.status_code == REST)


def _sent(transport: Transport, url: str, key: str, what: str, packed: bytes, own: Ed25519PrivateKey) -> Answer:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    request = Request("POST", f"{url.rstrip('/')}{PATH}/{what}", headers, packed)
    sign_request(request, own, key, secrets.token_urlsafe(16), now_us())
    return transport.send(request)


def _refused(answer: Answer) -> PeerError:
    said = _said(answer.body)
    retry = answer.status_code >= 500 or answer.status_code == 429
    return PeerError(
        "peer-refused",
        f"The peer answered {answer.status_code}: {said.get('sentence') or 'no reason given'}",
        str(said.get("advice") or "Ask whoever runs it."),
        retry=retry,
        data={"code": said.get("code", "")},
    )


def _said(body: bytes) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(body[:10_000])
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}
