"""The exchange without a line: a file that is carried there, for one peer, sealed and signed.

Lines of JSON, compressed: a head, then parcels (`parcels`), then a signature over everything before it; the whole encrypted with
age to the peer's node key. 1. What goes in is what would be sent over a line: from where the peer has acknowledged on, or with
`further` from where the last bundle ended. 2. Applying it twice, late, or after one that was lost does no harm: a parcel that
begins beyond what is here is not taken, and what is missing is named. 3. Each bundle says how far its maker has what the
other offers, so two bundles that cross are an acknowledgement. 4. The membership goes along, whole.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pyrage
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from commonwatch.base.keys.node import answering_keys, node_key, public_name
from commonwatch.base.parties.actions import By
from commonwatch.capabilities.federation.incoming import Skip, places, take
from commonwatch.capabilities.federation.membership.exchanging import Sync, everything, take_known_cards
from commonwatch.capabilities.federation.membership.exchanging import take as take_membership
from commonwatch.capabilities.federation.models import Peer, Sent
from commonwatch.capabilities.federation.parcels import Parcel, next_parcel, put_on_record
from commonwatch.capabilities.federation.sending import acknowledge
from commonwatch.core.errors import IntegrityError, InvalidInput, NotAllowed, NotFound
from commonwatch.core.stix.times import format_time

FORMAT = "commonwatch-bundle/1"
MAX_BYTES = 512 * 2**20  # of the plain content
_SIGNED = b"commonwatch-bundle/1\n"  # so that a signature over a bundle can stand for nothing else


class Head(msgspec.Struct, frozen=True):
    """The first line."""

    format: str
    made_by: str
    made_for: str
    made: str
    have: dict[int, int] = {}
    membership: Sync | None = None


class Applied(msgspec.Struct, frozen=True):
    """What became of a bundle. `missing`: earlier ones have to be applied first."""

    peer: str
    made: str
    admitted: int
    duplicate: int
    skipped: tuple[Skip, ...]
    missing: bool


_head = msgspec.json.Decoder(Head)
_parcel = msgspec.json.Decoder(Parcel)


def make(peer: Peer, now_us: int, *, further: bool) -> tuple[bytes, int]:
    """A bundle for a peer, and how many objects are in it."""
    lines = io.BytesIO()
    count = 0
    own = node_key()
    head = Head(FORMAT, public_name(own), peer.key, format_time(now_us, 0), places(peer), everything())
    with gzip.GzipFile(fileobj=lines, mode="wb", mtime=0) as packed:
        plain = [msgspec.json.encode(head)]
        for parcel in _parcels(peer, further=further):
            put_on_record(peer, parcel, now_us)
            plain.append(msgspec.json.encode(parcel))
            count += len(parcel.objects)
        text = b"\n".join(plain) + b"\n"
        packed.write(text + own.sign(_SIGNED + text).hex().encode())
    recipient = pyrage.ssh.Recipient.from_str(_openssh(Ed25519PublicKey.from_public_bytes(bytes.fromhex(peer.key))))
    return pyrage.encrypt(lines.getvalue(), [recipient]), count


def apply(sealed: bytes, now_us: int) -> Applied:
    """Take a bundle in; raises where it is not for us, from nobody we know, or not as it was made."""
    text, head = _opened(sealed)
    if head.format != FORMAT or head.made_for not in answering_keys():
        raise NotAllowed("bundle-not-ours", "This bundle is for another node.", "Give it to the node it was made for.")
    lines = _verified(text, head)
    by = By(f"bundle of {head.made}", now_us)
    if head.membership is not None:
        take_known_cards(head.membership, by)  # a maker with a new key says so on its card
    peer = Peer.objects.select_related("member", "source").filter(key=head.made_by).first()
    if peer is None:
        raise NotFound("peer-unknown", "No peer made this bundle.", "Join its maker first: federation invite.")
    if head.membership is not None:
        take_membership(head.membership, peer, by)
    acknowledge(peer, head.have)
    admitted = duplicate = 0
    skipped: list[Skip] = []
    missing = False
    for line in lines[1:]:
        parcel = _parcel.decode(line)
        peer.refresh_from_db()
        if parcel.after > places(peer).get(parcel.slot, 0):
            missing = True
            continue
        if parcel.pos <= places(peer).get(parcel.slot, 0):
            duplicate += len(parcel.objects)
            continue
        verdict = take(peer, parcel.slot, parcel.pos, [bytes(one) for one in parcel.objects], now_us)
        admitted, duplicate = admitted + verdict.admitted, duplicate + verdict.duplicate
        skipped += verdict.skipped
    return Applied(peer.name, head.made, admitted, duplicate, tuple(skipped), missing)


def read(path: Path) -> bytes:
    """A bundle's file; raises InvalidInput."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput("file-unreadable", f"{path}: {error.strerror}.", "Give a readable file.") from None


def _parcels(peer: Peer, *, further: bool) -> Iterator[Parcel]:
    """What is next for the peer, and note how far this bundle goes."""
    rows = {row.slot: row for row in Sent.objects.filter(peer=peer)}
    at = {slot: max(row.acknowledged, row.bundled if further else 0) for slot, row in rows.items()}
    while (made := next_parcel(peer, at)) is not None:
        parcel = made.parcel
        at[parcel.slot] = parcel.pos
        Sent.objects.update_or_create(
            peer=peer,
            slot=parcel.slot,
            defaults={"bundled": parcel.pos},
            create_defaults={"pos": 0, "bundled": parcel.pos},
        )
        yield parcel


def _opened(sealed: bytes) -> tuple[bytes, Head]:
    keys = [key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()) for key in answering_keys().values()]
    try:
        packed = pyrage.decrypt(sealed, [pyrage.ssh.Identity.from_buffer(key) for key in keys])
    except pyrage.DecryptError:
        raise NotAllowed(
            "bundle-not-ours", "This node's key does not open it.", "Give it to the node it was made for."
        ) from None
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as unpacked:
            text = unpacked.read(MAX_BYTES + 1)
        head = _head.decode(text.partition(b"\n")[0])
    except (OSError, EOFError, msgspec.DecodeError):
        raise InvalidInput("bundle-unreadable", "What is in it is no bundle.", "Have it made again.") from None
    if len(text) > MAX_BYTES:
        raise InvalidInput("bundle-too-large", "It is larger than a bundle may be.", "Have smaller ones made.")
    return text, head


def _verified(text: bytes, head: Head) -> list[bytes]:
    """The lines, once the maker's signature over them holds; raises IntegrityError."""
    signed, _, signature = text.rpartition(b"\n")
    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(head.made_by))
        key.verify(bytes.fromhex(signature.decode()), _SIGNED + signed + b"\n")
    except (ValueError, InvalidSignature):
        raise IntegrityError(
            "bundle-altered", "The bundle is not as its maker signed it.", "Have it made again."
        ) from None
    return signed.split(b"\n")


def _openssh(key: Ed25519PublicKey) -> str:
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
