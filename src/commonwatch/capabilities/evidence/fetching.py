"""Sealed content fetched from another node's API, piece by piece. Broken off and begun again, what is here is not asked for again.

Which manifest is right stands in the signed item: the other node cannot give other content. The manifest is put last, so that
it stands for content that is here whole.
"""

from __future__ import annotations

import time
from base64 import b64decode
from binascii import Error
from typing import Any

import httpx2
import msgspec

from commonwatch.base.outbound import check_url
from commonwatch.capabilities.evidence.queries import sealings
from commonwatch.capabilities.evidence.rules import Chain
from commonwatch.capabilities.evidence.sealing import LARGEST_MANIFEST, Told, manifest_of
from commonwatch.capabilities.evidence.store import Store, digest_of, fetched
from commonwatch.core.errors import IntegrityError, PeerError

_RESTS = (1.0, 2.0, 4.0)  # seconds between attempts


def fetch(
    chain: Chain, url: str, token: str, store: Store, line: httpx2.Client, told: Told = lambda done: None
) -> tuple[str, int]:
    """The manifest's digest, and how many pieces had to be fetched. Raises PeerError, or IntegrityError for what is no such piece."""
    base = f"{check_url(url).rstrip('/')}/api/v1/evidence/{chain.item.id}/pieces"
    headers = {"authorization": f"Bearer {token}"}
    offered = set(_asked(line, base, headers, list[str]))
    manifest = next((one.manifest for one in sealings(chain) if one.manifest in offered), "")
    if not manifest:
        raise PeerError(
            "content-unknown", "The other node has no content that this item names.", "Ask its holder.", retry=False
        )
    have = store.size(manifest) is not None
    raw = fetched(store, manifest) if have else _piece(line, base, headers, manifest)
    count = 0
    for part in manifest_of(raw[:LARGEST_MANIFEST]).parts:
        if store.size(part.sha256) != part.size:
            store.put(part.sha256, _piece(line, base, headers, part.sha256))
            count += 1
        told(part.size)
    store.put(manifest, raw)
    return manifest, count


class _Piece(msgspec.Struct, frozen=True):
    sha256: str
    content: str


def _piece(line: httpx2.Client, base: str, headers: dict[str, str], digest: str) -> bytes:
    found = _asked(line, f"{base}/{digest}", headers, _Piece)
    try:
        raw = b64decode(found.content, validate=True)
    except (Error, ValueError):
        raw = b""
    if digest_of(raw) != digest:
        raise IntegrityError("piece-altered", f"The piece {digest[:16]} is not what its name says.", "Ask its holder.")
    return raw


def _asked(line: httpx2.Client, url: str, headers: dict[str, str], kind: Any) -> Any:
    trouble = ""
    for rest in (*_RESTS, 0.0):
        try:
            answer = line.get(url, headers=headers)
        except httpx2.TransportError as error:
            trouble = str(error)
        else:
            if answer.status_code < 500 and answer.status_code != 429:
                return _read(answer, kind)
            trouble = f"it answered {answer.status_code}"
        time.sleep(rest)
    raise PeerError(
        "peer-unreachable", f"The other node cannot be reached: {trouble}.", "Give the command again.", retry=True
    )


def _read(answer: httpx2.Response, kind: Any) -> Any:
    if answer.status_code != 200:
        advice = "Look at the token, and whether your member may have the item there."
        raise PeerError("content-refused", f"The other node answered {answer.status_code}.", advice, retry=False)
    try:
        return msgspec.json.decode(answer.content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise PeerError(
            "content-malformed", "The other node's answer cannot be read.", "Look at the address.", retry=False
        ) from None
