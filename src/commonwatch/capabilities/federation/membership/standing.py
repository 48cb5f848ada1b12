"""How the partnership stands at this node: who is in it, who decides, what waits, and what has to be renewed until when."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
from tuf.api.metadata import Metadata, Root, Targets

from commonwatch.base.keys.files import APPROVER, has_following, member_key_file, signing_key
from commonwatch.base.parties.key_histories import history_of
from commonwatch.base.parties.models import Member
from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.federation.membership.cards import CardText, read_card
from commonwatch.capabilities.federation.membership.metadata import (
    latest_root,
    moment,
    parsed,
    root_version,
    signers_of,
    tuf_key,
)
from commonwatch.capabilities.federation.membership.partnership import files, may_approve, register
from commonwatch.capabilities.federation.membership.register import Entry, Register, read_register
from commonwatch.capabilities.federation.models import Card, Peer, Proposal
from commonwatch.core.errors import NotFound
from commonwatch.core.signing.keys import PublicKey, public_key, public_key_of

_ONLINE = "An approver's node has to run and to be reached."
_REMEDIES = {
    "root": "commonwatch federation rotate root --with FILE",
    "targets": "commonwatch federation approve --renew",
}
SOON = timedelta(days=30)
SOON_ONLINE = timedelta(
    days=3
)  # what approvers' nodes renew by themselves: if it comes to this, none of them is running


class Role(msgspec.Struct, frozen=True):
    """Who signs what: so many of so many keys, until when."""

    role: str
    threshold: int
    keys: int
    expires: str
    ours: bool  # whether this node holds one of the keys


class Waits(msgspec.Struct, frozen=True):
    """Something to approve. `name` is what `approve` takes; `what` says what it does, `keys` whose possession to compare."""

    name: str
    what: str
    keys: tuple[str, ...]
    approvals: int
    needed: int
    ours: bool  # whether this node has approved it


class Standing(msgspec.Struct, frozen=True):
    """The partnership as it stands here."""

    name: str
    own: bool  # whether this node's own member is in it
    members: tuple[Entry, ...]
    roles: tuple[Role, ...]
    waiting: tuple[Waits, ...]
    renew: tuple[str, ...]
    root_version: int


def standing(now_us: int) -> Standing | None:
    """How it stands; None without a partnership."""
    held = files()
    if not held:
        return None
    root, members = latest_root(held).signed, register(held)
    roles = tuple(_role(root, name, held) for name in ("root", "targets", "snapshot", "timestamp"))
    own = members.of(own_member().identity) is not None
    return Standing(
        members.name, own, members.members, roles, tuple(waiting()), _renew(held, roles, now_us), root_version(held)
    )


def waiting() -> list[Waits]:
    """What waits for approval: what others proposed first, then what could be proposed by this node, if it is an approver's."""
    held = files()
    if not held:
        return []
    found = [_proposed(row) for row in Proposal.objects.order_by("pk")]
    if may_approve(latest_root(held).signed):
        needed = latest_root(held).signed.roles["targets"].threshold
        found += [Waits(name, what, keys, 0, needed, False) for name, what, keys in _possible(held)]
    return found


def new_members() -> dict[str, Entry]:
    """Peers that are not in the partnership yet, by name: what their register entry would be."""
    members = register()
    found = {}
    for peer in Peer.objects.filter(paused=False).select_related("member"):
        member = peer.member
        if members.of(member.identity) is None and Card.objects.filter(identity=member.identity).exists():
            found[peer.name] = entry_of(member, peer.name)
    return found


def entry_of(member: Member, name: str) -> Entry:
    """What the register would say of a member as it is on record here."""
    digests = tuple(one.statement.digest() for one in history_of(member.identity).statements)
    title = member.title or name
    return Entry(member.identity, name, title, member.kind, member.country, digests)  # type: ignore[arg-type]


def new_keys() -> dict[str, Entry]:
    """Members whose keys have changed since the partnership last signed for them, by name."""
    held = files()
    delegations = parsed(held["targets"]).signed.delegations
    found = {}
    for entry in register(held).members:
        current = {tuf_key(key).keyid for key in history_of(entry.identity).current.values()}
        role = delegations.roles.get(entry.identity) if delegations is not None else None
        if current and (role is None or set(role.keyids) != current):
            found[entry.name] = entry
    return found


def approver_key(name: str) -> PublicKey:
    """The key with which a member would speak for the partnership, from its card; raises NotFound."""
    entry = next((one for one in register().members if name in (one.name, one.identity)), None)
    card = Card.objects.filter(identity=entry.identity).first() if entry is not None else None
    key = read_card(CardText(card.metadata, card.file))[1].approver if card is not None else ""
    if not key:
        raise NotFound("approver-unknown", f"No card of a member {name} is here.", "commonwatch federation status")
    return public_key_of(key)


def proposal_named(name: str) -> Proposal | None:
    """The proposal that `waiting` calls so."""
    return next((row for row in Proposal.objects.order_by("pk") if _proposed(row).name == name), None)


def _possible(held: dict[str, str]) -> list[tuple[str, str, tuple[str, ...]]]:
    proposed = {name for row in Proposal.objects.all() for name in _proposed(row).name.split(",")}
    found = [
        (name, f"{entry.title} ({entry.kind}, {entry.country or 'no country'}) becomes a member", _keys(entry))
        for name, entry in new_members().items()
    ]
    found += [(name, f"{entry.title} signs with new keys", _keys(entry)) for name, entry in new_keys().items()]
    return [one for one in found if one[0] not in proposed]


def _keys(entry: Entry) -> tuple[str, ...]:
    return tuple(history_of(entry.identity).current)


def _proposed(row: Proposal) -> Waits:
    held = files()
    root = parsed(row.root).signed if row.root else latest_root(held).signed
    targets = parsed(row.targets)
    have, needed = signers_of(root, "targets", targets)
    before, after = register(held), read_register(row.register)
    said = _changes(before, after, row)
    name = ",".join(one.name for one in _changed(before, after)) or ("approvers" if row.root else row.digest[:12])
    keys = tuple(key for one in _changed(before, after) for key in _delegated_keys(targets, one.identity))
    ours = may_approve(root) and _signed_by_us(targets)
    return Waits(name, "; ".join(said) or "The register is signed for anew", keys, have, needed, ours)


def _signed_by_us(targets: Metadata[Targets]) -> bool:
    return tuf_key(signing_key(APPROVER).public).keyid in targets.signatures


def _delegated_keys(targets: Metadata[Targets], identity: str) -> list[str]:
    """Ids of the keys to which a member's role is given."""
    delegations = targets.signed.delegations
    role = delegations.roles.get(identity) if delegations is not None and delegations.roles else None
    if delegations is None or role is None:
        return []
    return [public_key(bytes.fromhex(delegations.keys[name].keyval["public"])).id for name in role.keyids]


def _changed(before: Register, after: Register) -> list[Entry]:
    changed = [one for one in after.members if before.of(one.identity) != one]
    return changed + [one for one in before.members if after.of(one.identity) is None]


def _changes(before: Register, after: Register, row: Proposal) -> list[str]:
    said = []
    for one in _changed(before, after):
        if after.of(one.identity) is None:
            said.append(f"{one.title} is expelled")
        elif before.of(one.identity) is None:
            said.append(f"{one.title} ({one.kind}, {one.country or 'no country'}) becomes a member")
        else:
            said.append(f"{one.title} signs with other keys")
    if row.root:
        role = parsed(row.root).signed.roles["targets"]
        said.append(f"{role.threshold} of {len(role.keyids)} approvers decide from now on")
    return said


def _role(root: Root, name: str, held: dict[str, str]) -> Role:
    role = root.roles[name]
    file = f"root/{root_version(held)}" if name == "root" else name
    expires: datetime = parsed(held[file]).signed.expires
    ours = name != "root" and may_approve(root, name)
    return Role(name, role.threshold, len(role.keyids), expires.strftime("%Y-%m-%dT%H:%M:%SZ"), ours)


def _renew(held: dict[str, str], roles: tuple[Role, ...], now_us: int) -> tuple[str, ...]:
    now = moment(now_us)
    found = []
    for role in roles:
        file = f"root/{root_version(held)}" if role.role == "root" else role.role
        left = parsed(held[file]).signed.expires - now
        if left < timedelta():
            found.append(
                f"{role.role} has run out: changes of the membership are not seen. {_REMEDIES.get(role.role, _ONLINE)}"
            )
        elif left < (SOON if role.role in _REMEDIES else SOON_ONLINE):
            found.append(f"{role.role} runs out in {left.days} days. {_REMEDIES.get(role.role, _ONLINE)}")
    found += [f"{name} signs with new keys: commonwatch federation approve {name}" for name in new_keys()]
    if has_following(member_key_file(own_member().name)):
        found.append("A new start of this node's member waits for the approvers.")
    return tuple(found)
