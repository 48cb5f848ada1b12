"""What arrives in pieces: a parcel whose sending broke off comes again in pieces, each kept until all of it is there.

1. A peer says of which whole (by its digest, RFC 9530) a piece is, and where it begins; it is told how far that whole is here. A piece
that begins elsewhere is not kept. An empty one asks. 2. One parcel of a peer is kept at a time: the first piece of another takes the
place of what was there. 3. No more than `MOST_BYTES` of it, in pieces that are not tiny, for `KEPT_US`. 4. Nothing of it is looked at
before all of it is there and the digest holds.
"""

from __future__ import annotations

import msgspec
from django.db import IntegrityError, transaction

from commonwatch.base.journal.driver import fetch
from commonwatch.capabilities.federation.incoming import Verdict
from commonwatch.capabilities.federation.models import Arrived, Peer
from commonwatch.capabilities.federation.rules import SMALLEST_PIECE
from commonwatch.capabilities.federation.wire import content_digest
from commonwatch.core.errors import InvalidInput

MOST_BYTES = 32 * 2**20  # of a parcel as it was packed, as for one that comes whole
KEPT_US = 7 * 86_400 * 1_000_000


class Piece(msgspec.Struct, frozen=True):
    """The bytes from `begins` on of a packed parcel that has `size` of them. `have`: what the sender has of the receiver."""

    whole: str  # its Content-Digest
    size: int
    begins: int
    body: bytes = b""
    have: dict[int, int] = {}


class Progress(msgspec.Struct, frozen=True):
    """How many bytes of the parcel are here, and how far what the sender offers. `verdict`: once the parcel was taken in."""

    come: int
    have: dict[int, int] = {}
    verdict: Verdict | None = None


def keep(peer: Peer, piece: Piece, now_us: int) -> int:
    """Keep a piece where it follows on what is here; how much is here then. Raises InvalidInput for what cannot be a piece."""
    ends = piece.begins + len(piece.body)
    last = ends == piece.size
    if not 0 < piece.size <= MOST_BYTES or not 0 <= piece.begins <= ends <= piece.size or len(piece.whole) > 100:
        raise InvalidInput("piece-wrong", "That is no piece of a parcel that is taken.", "See the protocol.")
    if piece.body and len(piece.body) < SMALLEST_PIECE and not last:
        raise InvalidInput(
            "piece-small",
            f"A piece has {SMALLEST_PIECE:,} bytes at least, unless it is the last.",
            "Send more at once.",
        )
    expire(now_us)
    come = _come(peer, piece.whole)
    if not piece.body or piece.begins != come:
        return come
    try:
        with transaction.atomic():
            if not come:
                forget(peer)
            Arrived.objects.create(
                peer=peer, digest=piece.whole, begins=piece.begins, ends=ends, body=piece.body, at_us=now_us
            )
    except IntegrityError:  # the same piece came at the same time by another way
        return _come(peer, piece.whole)
    return ends


def whole(peer: Peer, piece: Piece) -> bytes:
    """All pieces together; raises InvalidInput, and forgets them, where they do not make the whole."""
    rows = Arrived.objects.filter(peer=peer, digest=piece.whole).order_by("begins")
    found = b"".join(bytes(body) for body in rows.values_list("body", flat=True))
    if content_digest(found) != piece.whole:
        forget(peer)
        raise InvalidInput("pieces-differ", "The pieces of the parcel do not make the whole.", "Send it anew.")
    return found


def forget(peer: Peer) -> None:
    """Nothing of a parcel of this peer is kept any more."""
    if fetch("SELECT 1 FROM federation_arrived WHERE peer_id = %s LIMIT 1", [peer.pk]):  # else nothing is written
        Arrived.objects.filter(peer=peer).delete()


def expire(now_us: int) -> None:
    """What nobody has gone on with for long is not waited for."""
    Arrived.objects.filter(at_us__lt=now_us - KEPT_US).delete()


def _come(peer: Peer, digest: str) -> int:
    found = Arrived.objects.filter(peer=peer, digest=digest).order_by("-ends").values_list("ends", flat=True).first()
    return found or 0
