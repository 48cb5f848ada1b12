"""Signed requests and answers between nodes: HTTP Message Signatures (RFC 9421), Ed25519, tag `commonwatch`.

A request covers method, path, query, the body's digest (RFC 9530) and the key of the node that it is for: not the address,
which proxies change. An answer covers its status, the body's digest and the signature of the request it answers, so it can
stand for nothing else. Checked on the way in, in this order:

1. The key is one we know. 2. The signature holds and covers all that is named above. 3. It was made within WINDOW_SECONDS of
our clock (RFC 9421, section 7.2.3). 4. Its nonce was not used before; nonces are kept for twice the window.
"""

from __future__ import annotations

import datetime
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import http_message_signatures as rfc9421
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures.algorithms import ED25519

from commonwatch.base.keys.node import public_name
from commonwatch.core.errors import NotAllowed, PeerError

TAG = "commonwatch"
LABEL = "commonwatch"
FOR = "commonwatch-for"  # header: the key of the node that is meant
WINDOW_SECONDS = 300
REST = 206  # status of an answer that is the rest of a parcel
_REQUEST = ("@method", "@path", "@query", FOR)
_ANSWER = ("@status", f'"signature";req;key="{LABEL}"')


@dataclass
class Request:
    """A request; `url` as it was sent or received."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass
class Answer:
    """An answer to a request."""

    status_code: int
    request: Request
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def url(self) -> str:
        """Of the request: the library that signs asks for it."""
        return self.request.url


class _Verifier(rfc9421.HTTPMessageVerifier):
    """The library's verifier with the window judged by the caller's clock."""

    now_us = 0

    def validate_created_and_expires(self, sig_input: Any, max_age: datetime.timedelta | None = None) -> None:
        created = sig_input.params.get("created")
        if type(created) is not int or abs(created - self.now_us // 1_000_000) > WINDOW_SECONDS:
            raise rfc9421.InvalidSignature(f"made more than {WINDOW_SECONDS} s from our time")


@dataclass(frozen=True)
class _Keys(rfc9421.HTTPSignatureKeyResolver):
    """One key, or the public ones that are known."""

    private: Ed25519PrivateKey | None = None
    known: Callable[[str], bool] = lambda _: False

    def resolve_private_key(self, key_id: str) -> Any:
        return self.private

    def resolve_public_key(self, key_id: str) -> Any:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key_id)) if self.known(key_id) else None


def sign_request(request: Request, key: Ed25519PrivateKey, to: str, nonce: str, now_us: int) -> Request:
    """The request signed for the node with key `to`."""
    request.headers[FOR] = to
    _sign(request, key, _REQUEST, request.body, nonce, now_us)
    return request


def sign_answer(answer: Answer, key: Ed25519PrivateKey, nonce: str, now_us: int) -> Answer:
    """The answer signed, bound to the request it answers; unsigned where the request bears no signature that can be read."""
    sent = answer.request
    bound = Request(sent.method, _path(sent.url), _lower(sent.headers), sent.body)
    signed = Answer(answer.status_code, bound, dict(answer.headers), answer.body)
    try:
        _sign(signed, key, _ANSWER, answer.body, nonce, now_us)
    except rfc9421.HTTPMessageSignaturesException:
        return answer
    return signed


def check_request(
    request: Request, own: str, known: Callable[[str], bool], unused: Callable[[str, str], bool], now_us: int
) -> str:
    """The key that signed the request; raises NotAllowed saying which check failed.

    `unused(key, nonce)` keeps the nonce and says whether it is new.
    """
    headers = _lower(request.headers)
    if headers.get(FOR) != own:
        raise _refused("it is not for this node")
    bare = Request(request.method, _path(request.url), headers, request.body)
    key, nonce = _verified(bare, known, _REQUEST, request.body, now_us, _refused)
    if not nonce or not unused(key, nonce):
        raise _refused("it was sent before")
    return key


def check_answer(answer: Answer, peer: str, now_us: int) -> None:
    """Whether the peer signed this answer to this request; raises PeerError."""
    _check(answer, peer, answer.body, now_us)


def digest_of_cut(answer: Answer, peer: str, now_us: int) -> str:
    """What the whole body of an answer that broke off is, by the peer's signature over the head; raises PeerError.

    The signature covers the Content-Digest field (RFC 9530), and the body only through it: it holds before the body has come.
    """
    _check(answer, peer, None, now_us)
    return answer.headers["content-digest"]


def content_digest(body: bytes) -> str:
    """The Content-Digest field of a body, as `sign_answer` writes it."""
    return f"sha-256=:{b64encode(sha256(body).digest()).decode()}:"


def _check(answer: Answer, peer: str, body: bytes | None, now_us: int) -> None:
    answer.headers = _lower(answer.headers)
    sent = answer.request
    bare = Answer(answer.status_code, Request(sent.method, _path(sent.url), sent.headers), answer.headers, answer.body)

    def broken(why: str) -> PeerError:
        return PeerError("peer-signature", f"The peer's answer is not signed as it must be: {why}.", retry=True)

    _verified(bare, lambda key: key == peer, _ANSWER, body, now_us, broken)


def _sign(
    message: Request | Answer,
    key: Ed25519PrivateKey,
    covered: tuple[str, ...],
    body: bytes,
    nonce: str,
    now_us: int,
) -> None:
    signer = rfc9421.HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=_Keys(private=key))
    signer.sign(
        message,
        key_id=public_name(key),
        created=datetime.datetime.fromtimestamp(now_us // 1_000_000, datetime.UTC),
        nonce=nonce,
        label=LABEL,
        tag=TAG,
        covered_component_ids=covered,
        body=body,
    )


def _verified(
    message: Request | Answer,
    known: Callable[[str], bool],
    covered: tuple[str, ...],
    body: bytes | None,
    now_us: int,
    refuse: Callable[[str], Exception],
) -> tuple[str, str]:
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=_Keys(known=known))
    verifier.now_us = now_us
    try:
        found = verifier.verify(message, expect_tag=TAG, require_components=(*covered, "content-digest"), body=body)
    except rfc9421.HTTPMessageSignaturesException as error:
        raise refuse(str(error)[:200] or "it does not match what came") from None
    return str(found[0].parameters["keyid"]), str(found[0].nonce or "")


def _path(url: str) -> str:
    """The address with a host that is not looked at: path and query are what is signed."""
    parts = urlsplit(url)
    return f"http://node{parts.path}" + (f"?{parts.query}" if parts.query else "")


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _refused(why: str) -> NotAllowed:
    return NotAllowed("signature-refused", f"The request's signature does not count: {why}.", "Check key and clock.")
