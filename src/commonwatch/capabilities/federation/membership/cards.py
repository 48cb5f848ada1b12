"""A member's card: its public keys and what it says of them, one file, signed by the member as its TUF role.

1. A card is signed by a key with which the member signs now, by its key history here (`base.parties.key_histories`); what the
card itself says of its keys is taken first, as far as it follows. 2. A card of an older version than the one held is passed over.
3. A node key that the card says was followed by another gives way to it: peers go on by the new one, and no longer by the old.

Cards go from peer to peer, whether in a partnership or not; a partnership's snapshot says which version is the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from django.conf import settings
from tuf.api.exceptions import LengthOrHashMismatchError
from tuf.api.metadata import Metadata, Targets

from commonwatch.base.audit.record import record
from commonwatch.base.keys.files import APPROVER, LOG, WITNESS, has_following, has_key, member_key_file, signing_key
from commonwatch.base.keys.node import node_key, public_name
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.authoring import member_key
from commonwatch.base.parties.key_histories import NOBODY, history_of, statements_of, take_statements
from commonwatch.base.parties.models import Member
from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.federation.membership.metadata import (
    CARD_DAYS,
    expiry,
    parsed,
    path_of,
    signed,
    target,
    tuf_key,
)
from commonwatch.capabilities.federation.models import Card, NodeKey, Peer
from commonwatch.core.errors import IntegrityError, InvalidInput, NodeUnable
from commonwatch.core.signing.keys import SigningKey
from commonwatch.core.signing.statements import SignedStatement, Vouched

FORMAT = "commonwatch-member/1"
MAX_BYTES = 2**20
FAR_VERSIONS = 1_000  # a new start lies beyond whatever a thief may have made of the card meanwhile
_Hex = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class Node(msgspec.Struct, frozen=True):
    """One node of the member: the key by which peers know it, from when to when, and which key it followed."""

    key: _Hex
    since_us: int
    until_us: int | None = None
    follows: str = ""


class MemberFile(msgspec.Struct, frozen=True):
    """What a card says."""

    identity: str
    title: str
    nodes: tuple[Node, ...]
    statements: tuple[SignedStatement, ...]
    url: str = ""
    approver: str = ""  # base64url: the key with which it speaks for the partnership, where it may
    log: str = ""  # of its record, and as a witness of others'
    witness: str = ""
    format: str = FORMAT


class CardText(msgspec.Struct, frozen=True):
    """A card on its way."""

    metadata: str
    file: str


_file = msgspec.json.Decoder(MemberFile)


def own_card(now_us: int, also: tuple[SigningKey, ...] = ()) -> Card:
    """This node's member's card as it is now: a new version where anything changed, or it would run out within half its time.

    `also` signs it as well: the key before, so that who goes by that one takes it.
    """
    member = own_member()
    held = Card.objects.filter(identity=member.identity).first()
    if held is not None and has_following(member_key_file(member.name)):
        return held  # a new start waits for the partnership: until then the card stays as it is
    key = member_key(member, now_us)
    text = msgspec.json.encode(_own_file(member, now_us)).decode()
    if held is not None and held.file == text and not also and not _runs_out(held, now_us):
        return held
    version = _held_version(member.identity) + 1
    return _store(member.identity, _made(member.identity, text, version, [key, *also], now_us), text)


def own_card_text(now_us: int) -> CardText:
    """The same, to be sent."""
    card = own_card(now_us)
    return CardText(card.metadata, card.file)


def new_start_card(statements: tuple[SignedStatement, ...], key: SigningKey, now_us: int) -> CardText:
    """The card of this node's member with statements that do not count yet, signed by the key that they bring."""
    member = own_member()
    file = _own_file(member, now_us)
    text = msgspec.json.encode(msgspec.structs.replace(file, statements=(*file.statements, *statements))).decode()
    version = _held_version(member.identity) + FAR_VERSIONS
    return CardText(_made(member.identity, text, version, [key], now_us), text)


def _held_version(identity: str) -> int:
    return Card.objects.filter(identity=identity).values_list("version", flat=True).first() or 0


def _made(identity: str, text: str, version: int, keys: list[SigningKey], now_us: int) -> str:
    role = Targets(
        version, expires=expiry(now_us, CARD_DAYS), targets={path_of(identity): target(path_of(identity), text)}
    )
    return signed(Metadata(role), keys)


def take_card(card: CardText, by: By, vouched: Vouched = NOBODY) -> bool:
    """Take a card in; False where it brings nothing new. Raises InvalidInput or IntegrityError where it does not hold."""
    metadata, file = read_card(card)
    identity = file.identity
    take_statements(identity, file.statements, by, vouched)
    held = Card.objects.filter(identity=identity).first()
    if held is not None and metadata.signed.version <= held.version:
        return False
    current = history_of(identity).current
    keys = {tuf_key(key).keyid: key for key in current.values()}
    message = metadata.signed_bytes
    holds = any(
        name in keys and keys[name].holds(bytes.fromhex(signature.signature), message)
        for name, signature in metadata.signatures.items()
    )
    if not holds:
        raise IntegrityError(
            "card-unsigned",
            f"No key with which {file.title or identity} signs has signed its card.",
            "Have the member make it again; if its keys changed, the partnership has to vouch for them.",
        )
    _store(identity, card.metadata, card.file)
    follow_nodes(file, by)
    return True


def read_card(card: CardText) -> tuple[Metadata[Targets], MemberFile]:
    """What a card holds; raises InvalidInput. Whether its signature is the member's is not looked at."""
    if len(card.file) > MAX_BYTES or len(card.metadata) > MAX_BYTES:
        raise InvalidInput("card-too-large", "That is too large for a card.", "Have it made again.")
    metadata = parsed(card.metadata)
    try:
        file = _file.decode(card.file)
        listed = metadata.signed.targets[path_of(file.identity)]
        listed.verify_length_and_hashes(card.file.encode())
        if metadata.signed.type != Targets.type or file.format != FORMAT:
            raise KeyError(file.format)
    except (msgspec.MsgspecError, KeyError, AttributeError, LengthOrHashMismatchError) as error:
        raise InvalidInput("card-unreadable", f"This is no card of a member: {error}.", "Have it made again.") from None
    return metadata, file


def follow_nodes(file: MemberFile, by: By) -> None:
    """Know a member's nodes by the keys that its card says are theirs now."""
    after = {node.follows: node.key for node in file.nodes if node.follows}
    valid = {node.key for node in file.nodes if node.until_us is None}
    for peer in Peer.objects.filter(member__identity=file.identity):
        key = peer.key
        while key in after and key not in valid:
            key = after[key]
        if key != peer.key and key in valid and not Peer.objects.filter(key=key).exists():
            Peer.objects.filter(pk=peer.pk).update(key=key, next_try_us=0)
            record(by.actor, "federation.key", peer.name, "done", {"from": peer.key, "to": key}, now_us=by.now_us)


def texts(cards: Mapping[str, int] | None = None) -> dict[str, CardText]:
    """The cards held, by identity; with `cards` (what somebody has, by version) only those that are newer."""
    has = cards or {}
    return {
        row.identity: CardText(row.metadata, row.file)
        for row in Card.objects.all()
        if row.version > has.get(row.identity, 0)
    }


def _own_file(member: Member, now_us: int) -> MemberFile:
    return MemberFile(
        member.identity,
        member.title,
        own_nodes(now_us),
        statements_of(member.identity),
        settings.COMMONWATCH.public_url,
        *(
            signing_key(name).public.text if name == APPROVER or has_key(name) else ""
            for name in (APPROVER, LOG, WITNESS)
        ),
    )


def own_nodes(now_us: int) -> tuple[Node, ...]:
    """This node's keys: the first is noted when it is first asked for."""
    rows = list(NodeKey.objects.order_by("pk"))
    key = public_name(node_key())
    if not rows:
        rows = [NodeKey.objects.create(key=key, since_us=now_us)]
    if rows[-1].key != key:
        raise NodeUnable(
            "node-key-other",
            "node.key is not the key by which peers know this node.",
            "Restore it from a backup; if it is lost: commonwatch federation recover.",
        )
    return tuple(Node(row.key, row.since_us, row.until_us, row.follows) for row in rows)


def _store(identity: str, metadata: str, file: str) -> Card:
    version = int(parsed(metadata).signed.version)
    row, _ = Card.objects.update_or_create(
        identity=identity, defaults={"version": version, "metadata": metadata, "file": file}
    )
    return row


def _runs_out(card: Card, now_us: int) -> bool:
    return bool(parsed(card.metadata).signed.expires < expiry(now_us, CARD_DAYS // 2))
