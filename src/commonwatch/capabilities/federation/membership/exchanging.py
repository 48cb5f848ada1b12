"""Members, their keys and what waits for approval go from peer to peer: over the line, on the join, and in bundles.

Each side says what it has, in versions, and gets what is newer; what comes is verified as if a stranger had sent it. A peer is
told when something changed here, and asked every ten minutes: an idle pair spends a few hundred bytes a minute on it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256

import msgspec

from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import Member
from commonwatch.capabilities.federation.calling import call
from commonwatch.capabilities.federation.membership import partnership
from commonwatch.capabilities.federation.membership.cards import CardText, own_card, take_card, texts
from commonwatch.capabilities.federation.membership.metadata import Files, parsed, root_version, version_of
from commonwatch.capabilities.federation.models import Card, Peer, Proposal, Told
from commonwatch.capabilities.federation.transport import Transport
from commonwatch.core.errors import CommonwatchError, IntegrityError, NodeUnable, PeerError

log = logging.getLogger(__name__)

ASK_EVERY_US = 600_000_000
AFTER_TROUBLE_US = 60_000_000


class Waiting(msgspec.Struct, frozen=True):
    """A proposal on its way."""

    targets: str
    register: str
    root: str = ""
    cards: dict[str, CardText] = {}


class Sync(msgspec.Struct, frozen=True):
    """What one side has, and what it gives. `begun`: digest of the first root, by which partnerships are told apart."""

    begun: str = ""
    root: int = 0
    timestamp: int = 0
    cards: dict[str, int] = {}
    waiting: dict[str, int] = {}  # proposals, by their digest: approvals on them
    files: Files = {}
    given: dict[str, CardText] = {}
    proposals: tuple[Waiting, ...] = ()


_sync = msgspec.json.Decoder(Sync)


def sync_due(transport: Transport, by: By) -> bool:
    """Renew what this node signs, then tell and ask every peer that is due; whether anything was told."""
    partnership.renew(by)
    with suppress(NodeUnable):  # its key is lost, as `federation status` says: it waits for what others say
        own_card(by.now_us)
    digest = state_digest()
    done = False
    for peer in Peer.objects.filter(paused=False).exclude(url="").select_related("told", "member"):
        told = getattr(peer, "told", None)
        if told is None or by.now_us - told.at_us >= ASK_EVERY_US or (told.digest and told.digest != digest):
            done = sync_with(peer, transport, by) or done
    return done


def sync_with(peer: Peer, transport: Transport, by: By) -> bool:
    """Tell one peer and ask it; False where it did not answer, which is tried again in a while."""
    try:
        theirs = _called(peer, transport, have())
        take(theirs, peer, by)
        mine = newer_than(theirs)
        if mine.files or mine.given or mine.proposals:
            take(_called(peer, transport, mine), peer, by)
    except CommonwatchError as error:
        log.info("Membership with %s: %s", peer.name, error)
        _told(peer, "", by.now_us - ASK_EVERY_US + AFTER_TROUBLE_US)
        return False
    _told(peer, state_digest(), by.now_us)
    return True


def answered(peer: Peer, body: bytes, by: By) -> bytes:
    """The answer to a peer: what it gives is taken first."""
    theirs = decode(body)
    take(theirs, peer, by)
    return msgspec.json.encode(newer_than(theirs))


def decode(body: bytes) -> Sync:
    """What a peer sent; raises PeerError."""
    try:
        return _sync.decode(body)
    except msgspec.MsgspecError as error:
        raise PeerError("peer-broken", f"The peer's membership cannot be read: {error}.", retry=False) from None


def have() -> Sync:
    """What this node has."""
    files = partnership.files()
    waiting = {row.digest: len(parsed(row.targets).signatures) for row in Proposal.objects.all()}
    return Sync(
        begun(files),
        root_version(files),
        version_of(files, "timestamp"),
        dict(Card.objects.values_list("identity", "version")),
        waiting,
    )


def begun(files: Mapping[str, str]) -> str:
    """Which partnership this is: the SHA-256 of its first root."""
    return sha256(files["root/1"].encode()).hexdigest() if files else ""


def newer_than(theirs: Sync) -> Sync:
    """What this node has, with what the other side lacks of it."""
    own, files = have(), partnership.files()
    given: Files = {}
    if files and theirs.begun == own.begun and (theirs.root < own.root or theirs.timestamp < own.timestamp):
        given = {name: text for name, text in files.items() if not _is_old_root(name, theirs.root)}
    waiting = tuple(
        Waiting(row.targets, row.register, row.root, {name: CardText(**card) for name, card in row.cards.items()})
        for row in Proposal.objects.all()
        if theirs.begun == own.begun and theirs.waiting.get(row.digest, 0) < own.waiting.get(row.digest, 0)
    )
    return msgspec.structs.replace(own, files=given, given=texts(theirs.cards), proposals=waiting)


def everything() -> Sync:
    """What goes to a peer of which nothing is known: into a bundle, and to a node that joins."""
    own, files = have(), partnership.files()
    waiting = tuple(Waiting(row.targets, row.register, row.root) for row in Proposal.objects.all())
    return msgspec.structs.replace(own, files=files, given=texts(), proposals=waiting)


def take(theirs: Sync, peer: Peer, by: By) -> None:
    """Take what a peer gives. What does not hold is noted with the peer; nothing of it is kept, and the rest goes on."""
    troubles = []
    files = partnership.files()
    if theirs.files and files and theirs.begun == begun(files):
        try:
            troubles += partnership.take_files(theirs.files, by)
        except IntegrityError as error:
            troubles.append(str(error))
    troubles += take_known_cards(theirs, by)
    for one in theirs.proposals:
        cards = {name: msgspec.to_builtins(card) for name, card in one.cards.items()}
        try:
            partnership.take_proposal(Proposal(targets=one.targets, register=one.register, root=one.root, cards=cards))
        except CommonwatchError as error:
            troubles.append(str(error))
    for row in list(Proposal.objects.all()):
        try:
            partnership.settle(row, by)
        except CommonwatchError as error:
            troubles.append(str(error))
    if troubles:
        Peer.objects.filter(pk=peer.pk).update(last_error=f"Membership: {'; '.join(troubles)}"[:1000])


def take_known_cards(theirs: Sync, by: By) -> list[str]:
    """Take newer cards of members that are known here: they prove themselves. What of them did not hold."""
    troubles = []
    known = {*Member.objects.values_list("identity", flat=True), *Card.objects.values_list("identity", flat=True)}
    for identity, card in theirs.given.items():
        if identity in known:
            try:
                take_card(card, by)
            except CommonwatchError as error:
                troubles.append(f"{identity}: {error}")
    return troubles


def state_digest() -> str:
    """Changes whenever there is something to tell."""
    own = have()
    return sha256(msgspec.json.encode(own, order="sorted")).hexdigest()


def _called(peer: Peer, transport: Transport, mine: Sync) -> Sync:
    return decode(call(transport, peer.url, peer.key, "membership", msgspec.json.encode(mine)))


def _is_old_root(name: str, theirs: int) -> bool:
    return name.startswith("root/") and int(name[5:]) <= theirs


def _told(peer: Peer, digest: str, at_us: int) -> None:
    Told.objects.update_or_create(peer=peer, defaults={"digest": digest, "at_us": at_us})
