"""One signed call to a peer, and its signed answer checked."""

from __future__ import annotations

import gzip
import secrets
from typing import Any

import msgspec

from commonwatch.base.clock import now_us
from commonwatch.base.keys.node import node_key
from commonwatch.capabilities.federation.transport import Transport
from commonwatch.capabilities.federation.wire import Answer, Request, check_answer, sign_request
from commonwatch.core.errors import PeerError

PATH = "/federation/v1"


def call(transport: Transport, url: str, key: str, what: str, body: bytes) -> bytes:
    """POST a body to the node with this key at this address; the answer's body. Raises PeerError."""
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    request = Request("POST", f"{url.rstrip('/')}{PATH}/{what}", headers, gzip.compress(body, 6, mtime=0))
    sign_request(request, node_key(), key, secrets.token_urlsafe(16), now_us())
    answer = transport.send(request)
    if answer.status_code != 200:
        raise _refused(answer)
    check_answer(answer, key, now_us())
    return answer.body


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
