"""Two nodes come to know each other by one short code, in either direction, within minutes.

1. Who invites says who it will be: the peer's name here, what kind of member it is and where. That decides what law lets it have,
so it is never taken from the peer. 2. The code holds the inviting node's address and key and a secret that counts once, for a
day. It goes to the peer by a channel that both trust. 3. The peer shows the secret in a signed request; both note each other's key
and STIX identity. Nothing of it can be used by who overhears it later.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

import msgspec
from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.base.intake.sources import ensure_source
from commonwatch.base.keys.node import node_key, public_name
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.changing import Report, change
from commonwatch.base.parties.models import Member, MemberKind
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import operator
from commonwatch.base.release.reminding import CAPABILITY, HONOURS, answering_members
from commonwatch.capabilities.federation.calling import call
from commonwatch.capabilities.federation.membership.cards import CardText, own_card_text, read_card, take_card
from commonwatch.capabilities.federation.membership.exchanging import Sync, everything, take
from commonwatch.capabilities.federation.membership.partnership import begin_with
from commonwatch.capabilities.federation.models import Invitation, Peer
from commonwatch.capabilities.federation.transport import Transport
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed, PeerError
from commonwatch.core.law.facts import Fact
from commonwatch.core.signing.statements import Vouched

LIFETIME_US = 86_400 * 1_000_000
PREFIX = "cwi1."  # so that people and programs know what it is
DEFAULT_MARKING = "TLP:AMBER"


class Code(msgspec.Struct, frozen=True):
    """What an invitation code holds."""

    url: str
    key: str
    secret: str


class Joining(msgspec.Struct, frozen=True):
    """What a node says of itself when it joins, and what it is told."""

    identity: str
    title: str
    url: str = ""
    secret: str = ""
    card: CardText | None = None  # its keys
    membership: Sync | None = None  # of the partnership that the inviting node is in


class Known(msgspec.Struct, frozen=True):
    """What this node's operator knows of a peer."""

    name: str
    kind: MemberKind
    country: str
    into: str = "main"  # the collection that is shared with it: offered to it, and where what it sends goes


def invite(known: Known, url: str, by: By) -> str:
    """A code that lets one node in as this peer. Its secret is kept as a digest only."""
    if not url:
        raise InvalidInput(
            "url-needed", "The code has to say where this node answers.", "Set public_url, or give --url."
        )
    if Peer.objects.filter(name=known.name).exists():
        raise Conflict("peer-taken", f"There is a peer {known.name} already.", "See `commonwatch federation status`.")
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        Invitation.objects.create(
            digest=sha256(secret.encode()).digest(),
            name=known.name,
            kind=known.kind,
            country=known.country,
            into=known.into,
            expires_us=by.now_us + LIFETIME_US,
        )
        record(by.actor, "federation.invite", known.name, "done", {}, now_us=by.now_us)
    code = Code(url.rstrip("/"), public_name(node_key()), secret)
    return PREFIX + urlsafe_b64encode(msgspec.json.encode(code)).decode().rstrip("=")


def join(text: str, known: Known, own_url: str, transport: Transport, by: By) -> Peer:
    """Use a code: tell the inviting node who we are, and keep who it is."""
    code = read_code(text)
    if code.key == public_name(node_key()):
        raise InvalidInput("code-own", "This code is this node's own.", "Give it to the other node.")
    us = Joining(own_member().identity, own_member().title, own_url, code.secret, own_card_text(by.now_us))
    body = call(transport, code.url, code.key, "join", msgspec.json.encode(us))
    try:
        them = msgspec.json.decode(body, type=Joining)
    except msgspec.ValidationError as error:
        raise PeerError("peer-broken", f"The peer's answer cannot be read: {error}.", retry=False) from None
    _meet(them, code.key, by)
    peer = _keep(known, them.identity, code.key, code.url, by, fetch=not own_url)
    if them.membership is not None:
        begin_with(them.membership.files, by)
        take(them.membership, peer, by)
    return peer


def joining_report(known: Known, by: By) -> Report:
    """Who would gain and lose what by a new member; nobody does by one that is on record already. Nothing is changed."""

    def act() -> None:
        if not Member.objects.filter(name=known.name).exists():
            parties.create_member(known.name, "", known.kind, known.country, "", by)

    return change(f"{known.name} joins as a peer", act, by, preview=True)[1]


def admit(joining: Joining, key: str, now_us: int) -> Joining:
    """Let in a node that shows an invitation; raises NotAllowed, alike for unknown, used and expired ones."""
    digest = sha256(joining.secret.encode()).digest()
    used = Invitation.objects.filter(digest=digest, used_us=None, expires_us__gt=now_us).update(used_us=now_us)
    if not used:
        raise NotAllowed("invitation-refused", "This invitation does not count.", "Ask for a new code.")
    invitation = Invitation.objects.get(digest=digest)
    known = Known(invitation.name, MemberKind(invitation.kind), invitation.country, invitation.into)
    by = By(f"peer:{known.name}", now_us)
    _meet(joining, key, by)
    _keep(known, joining.identity, key, joining.url, by)
    own = own_member()
    return Joining(own.identity, own.title, card=own_card_text(now_us), membership=everything())


def _meet(them: Joining, key: str, by: By) -> None:
    """Whoever runs this node vouches for the keys that a member it lets in, or that lets it in, shows under a code."""
    if them.card is None:
        return
    _, file = read_card(them.card)
    if file.identity != them.identity or key not in {node.key for node in file.nodes}:
        raise PeerError("peer-broken", "The peer's card is another's.", "Ask whoever runs it.", retry=False)
    take_card(them.card, by, Vouched(frozenset(one.statement.digest() for one in file.statements)))


def read_code(text: str) -> Code:
    """What a code holds; raises InvalidInput."""
    bare = text.strip().removeprefix(PREFIX)
    try:
        return msgspec.json.decode(urlsafe_b64decode(bare + "=" * (-len(bare) % 4)), type=Code)
    except (ValueError, msgspec.MsgspecError):
        raise InvalidInput("code-unreadable", "This is no invitation code.", "Copy it whole, in one piece.") from None


def _keep(known: Known, identity: str, key: str, url: str, by: By, *, fetch: bool = False) -> Peer:
    member, _ = change(f"{known.name} joins as a peer", lambda: _member(known, identity, by), by)
    assert member is not None  # noqa: S101 - not a preview
    into = collection(operator(by.actor), known.into)
    source = ensure_source(f"peer {known.name}", DEFAULT_MARKING, known.name)
    with transaction.atomic():
        peer = Peer.objects.create(
            name=known.name,
            member=member,
            source=source,
            into_id=into.slot,
            offered=[into.slot],
            key=key,
            url=url,
            fetch=fetch,
            joined_us=by.now_us,
        )
        record(by.actor, "federation.join", known.name, "done", {"key": key, "url": url}, now_us=by.now_us)
    return peer


def _member(known: Known, identity: str, by: By) -> Member:
    """The member that the peer speaks for: on record under that name already, or made."""
    found = Member.objects.filter(name=known.name).first()
    if found is None:
        made = parties.create_member(known.name, "", known.kind, known.country, identity, by)
        return _answers_recalls(made, by)
    if found.identity != identity:
        raise Conflict(
            "identity-differs",
            f"{known.name} is on record as {found.identity}, and the peer says {identity}.",
            "Invite it under another name, or correct the record.",
        )
    return _answers_recalls(found, by)


def _answers_recalls(member: Member, by: By) -> Member:
    """Put on record what every peer of this protocol does, so that it is reminded of recalls and not taken for a plain client."""
    if member.pk not in answering_members():
        parties.record_fact(member.name, Fact(CAPABILITY, HONOURS, "It joined as a peer", None, None), by)
    return member
