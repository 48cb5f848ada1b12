"""The partnership's membership at this node: who is in it, who decides that, and what waits for further approvals.

1. The root role says whose keys approve changes and how many must; its own keys stay offline. 2. The targets role, of so many
approvers, signs the register: who is a member, and for which of its key statements the partnership vouches. It delegates each
member's role to that member's own keys. 3. A change is the next version of the targets metadata. It waits until enough approvers
have signed; whoever adds the last signature publishes it with a snapshot and a timestamp.
4. What is published is taken like what a peer offers: verified by the client workflow, then applied (`applying`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import msgspec
from django.db import transaction
from securesystemslib.signer import Key
from tuf.api.metadata import DelegatedRole, Delegations, Metadata, Role, Root, Targets

from commonwatch.base.audit.record import record
from commonwatch.base.keys.files import APPROVER, has_key, new_sealed, signing_key, unsealed
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.key_histories import history_of
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.federation.membership.applying import apply
from commonwatch.capabilities.federation.membership.cards import CardText, own_card
from commonwatch.capabilities.federation.membership.metadata import (
    REGISTER,
    ROOT_DAYS,
    SNAPSHOT_DAYS,
    TARGETS_DAYS,
    TIMESTAMP_DAYS,
    Files,
    expiry,
    latest_root,
    parsed,
    path_of,
    put_keys,
    read_root,
    role_file,
    root_version,
    signed,
    signers_of,
    snapshot_of,
    target,
    timestamp_of,
    tuf_key,
    verified,
    version_of,
)
from commonwatch.capabilities.federation.membership.register import Entry, Register, read_register, write_register
from commonwatch.capabilities.federation.models import Card, MembershipFile, Proposal
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from commonwatch.core.signing.keys import PublicKey, SigningKey, public_key

ROLES = ("root", "timestamp", "snapshot", "targets")
MOST_PROPOSALS = 50  # that wait at once


def files() -> Files:
    """The membership as this node last verified it; empty without a partnership."""
    return dict(MembershipFile.objects.values_list("name", "text"))


def register(of: Mapping[str, str] | None = None) -> Register:
    """Who is a member; raises NotFound without a partnership."""
    held = files() if of is None else of
    if REGISTER not in held:
        raise NotFound(
            "no-partnership", "This node is in no partnership.", "commonwatch federation create NAME, or join."
        )
    return read_register(held[REGISTER])


def create(name: str, root_keys: Sequence[SigningKey], threshold: int, by: By) -> Register:
    """Begin a partnership with this node's own member as its first, and its node as its approver."""
    root = first_root([key.public for key in root_keys], threshold, by)
    return begin(name, signed(root, root_keys), by)


def first_root(root_keys: Sequence[PublicKey], threshold: int, by: By) -> Metadata[Root]:
    """The root of a partnership that this node begins, for the holders of these keys to sign."""
    _check_free()
    _check_threshold(threshold, len(root_keys))
    own_card(by.now_us)  # makes the approver's key, too
    root = Root(expires=expiry(by.now_us, ROOT_DAYS), consistent_snapshot=False)
    put_keys(root, "root", root_keys, threshold)
    for role in ROLES[1:]:
        put_keys(root, role, [signing_key(APPROVER).public], 1)
    return Metadata(root)


def begin(name: str, root: str, by: By) -> Register:
    """Begin a partnership under a root that its holders have signed (`first_root`)."""
    _check_free()
    given = read_root(root).signed
    if given.version != 1 or not may_approve(given):
        raise InvalidInput("root-not-ours", "This root is not one that this node drafted.", "Have a draft made anew.")
    member = own_member()
    card, approver = own_card(by.now_us), signing_key(APPROVER)
    vouched = tuple(one.statement.digest() for one in history_of(member.identity).statements)
    entry = Entry(member.identity, member.title, member.title, MemberKind(member.kind), member.country, vouched)
    begun = {"root/1": root}
    list_of_members = Register(name, (entry,))
    targets = signed(_targets(1, list_of_members, {}, by), [approver])
    offered = {"targets": targets, REGISTER: write_register(list_of_members), **_of(card)}
    _take({**offered, **_heads(begun, 1, {member.identity: card.version}, by.now_us)}, begun, by)
    threshold = latest_root(begun).signed.roles["root"].threshold
    record(by.actor, "federation.create", name, "done", {"root_threshold": threshold}, now_us=by.now_us)
    return list_of_members


def new_root_key(passphrase: str, by: By) -> tuple[bytes, str]:
    """A root key as a sealed file, of which nothing is kept, and its name. It counts for nothing until a root names it."""
    sealed = new_sealed(passphrase)
    key = unsealed(sealed, passphrase, "").public.id
    record(by.actor, "federation.root-key", key, "done", {}, now_us=by.now_us)
    return sealed, key


def root_keys() -> tuple[PublicKey, ...]:
    """The keys of the root in force; none without a partnership."""
    held = files()
    if not held:
        return ()
    root = latest_root(held).signed
    return tuple(public_key(bytes.fromhex(root.keys[one].keyval["public"])) for one in root.roles["root"].keyids)


def propose(
    changed: Register,
    by: By,
    *,
    root: str = "",
    keys: Mapping[str, Sequence[PublicKey]] | None = None,
    cards: Mapping[str, CardText] | None = None,
) -> bool:
    """Propose a register, with this node's approval; whether it is published with that already.

    `keys` are those of members whose history does not have them yet, `cards` what goes along.
    """
    held = files()
    targets = _targets(version_of(held, "targets") + 1, changed, keys or {}, by)
    digest = sha256(targets.signed_bytes).hexdigest()
    given = {identity: msgspec.to_builtins(card) for identity, card in (cards or {}).items()}
    row = Proposal(digest=digest, targets=signed(targets, ()), register=write_register(changed), root=root, cards=given)
    return sign(row, by)


def sign(row: Proposal, by: By) -> bool:
    """Add this node's approval to what waits; whether it is published with that."""
    root = _root_for(row)
    targets = parsed(row.targets)
    if not may_approve(root):
        raise NotAllowed(
            "not-an-approver",
            "This node's key is not among those that approve changes of the partnership.",
            "Ask one of its approvers: commonwatch federation status names them.",
        )
    row.targets = signed(targets, [signing_key(APPROVER)])
    row.save()
    record(by.actor, "federation.approve", row.digest[:16], "done", {}, now_us=by.now_us)
    return settle(row, by)


def settle(row: Proposal, by: By) -> bool:
    """Publish a proposal if enough have approved it and this node may; whether it was published."""
    root = _root_for(row)
    have, needed = signers_of(root, "targets", parsed(row.targets))
    if have < needed or not may_approve(root):
        return False
    held = files()
    texts = {one: CardText(**card) for one, card in row.cards.items()}
    roots = {f"root/{parsed(row.root).signed.version}": row.root} if row.root else {}
    offered = {"targets": row.targets, REGISTER: row.register, **roots}
    names = {}
    for entry in read_register(row.register).members:
        card = texts.get(entry.identity) or _card(entry.identity)
        if card is not None and _delegated(parsed(row.targets), entry.identity, card):
            offered |= {role_file(entry.identity): card.metadata, path_of(entry.identity): card.file}
            names[entry.identity] = int(parsed(card.metadata).signed.version)
        elif role_file(entry.identity) in held:
            names[entry.identity] = version_of(held, role_file(entry.identity))
    heads = _heads(held, int(parsed(row.targets).signed.version), names, by.now_us)
    _take({**offered, **heads}, {}, by)
    record(by.actor, "federation.publish", row.digest[:16], "done", {"approvals": have}, now_us=by.now_us)
    return True


def take_files(offered: Files, by: By) -> list[str]:
    """Take what a peer offers of the membership; what of single members did not hold. Raises IntegrityError."""
    return _take(offered, {}, by)


def begin_with(offered: Files, by: By) -> None:
    """Believe the root that the node which invited us gave us, and take what it signs."""
    if files() or "root/1" not in offered:
        return
    _take(offered, {"root/1": offered["root/1"]}, by)


def take_proposal(row: Proposal) -> None:
    """Keep a proposal that some approver has signed and that fits what is in force; the signatures of both where it is known."""
    if Proposal.objects.count() >= MOST_PROPOSALS or not files():
        return
    targets, root = parsed(row.targets), _root_for(row)
    fits = targets.signed.version == version_of(files(), "targets") + 1
    listed = targets.signed.targets.get(REGISTER)
    if not fits or listed != target(REGISTER, row.register) or not signers_of(root, "targets", targets)[0]:
        return
    row.digest = sha256(targets.signed_bytes).hexdigest()
    known = Proposal.objects.filter(digest=row.digest).first()
    if known is None:
        row.save()
        return
    merged = parsed(known.targets)
    merged.signatures.update(targets.signatures)
    known.targets = signed(merged, ())
    known.save()


def renew(by: By) -> bool:
    """Sign a new snapshot and timestamp where one is due: newer cards, or half its time gone. Only an approver's node can."""
    held = files()
    if not held or not has_key(APPROVER) or not may_approve(latest_root(held).signed, "timestamp"):
        return False
    targets = parsed(held["targets"])
    offered: Files = {}
    names = {}
    for entry in register(held).members:
        before = version_of(held, role_file(entry.identity))
        card = _card(entry.identity)
        version = int(parsed(card.metadata).signed.version) if card is not None else 0
        if card is not None and version > before and _delegated(targets, entry.identity, card):
            offered |= {role_file(entry.identity): card.metadata, path_of(entry.identity): card.file}
            names[entry.identity] = version
        elif before:
            names[entry.identity] = before
    if not offered and not _runs_out(held, by.now_us):
        return False
    _take({**offered, **_heads(held, version_of(held, "targets"), names, by.now_us)}, {}, by)
    return True


def may_approve(root: Root, role: str = "targets") -> bool:
    """Whether this node's approver key is one of the role's."""
    return has_key(APPROVER) and tuf_key(signing_key(APPROVER).public).keyid in root.roles[role].keyids


def own_approver() -> PublicKey | None:
    """The key with which this node speaks for the partnership; None where it has none."""
    return signing_key(APPROVER).public if has_key(APPROVER) else None


def rotate_root(
    with_keys: Sequence[SigningKey], new: Sequence[SigningKey], drop: Sequence[PublicKey], threshold: int | None, by: By
) -> Root:
    """The next root: further keys, without those dropped, signed by enough of those before; without either, only for longer."""
    root = root_with([key.public for key in new], [tuf_key(public).keyid for public in drop], threshold, by)
    return take_root(signed(root, [*with_keys, *new]), by)


def take_signed(text: str, name: str, by: By) -> bool:
    """What a root that its holders have signed says: begin a partnership of this name, choose approvers, or change its keys.

    Whether it is in force with that. Raises where too few have signed.
    """
    root: Root = read_root(text).signed
    if not files():
        if not name.strip():
            raise InvalidInput("name-needed", "What is the partnership called?", "Give `name` with its first root.")
        begin(name, text, by)
        return True
    now: Root = latest_root(files()).signed
    if root.roles["targets"] != now.roles["targets"]:
        return propose(register(), by, root=text)
    take_root(text, by)
    return True


def root_with(new: Sequence[PublicKey], drop: Sequence[str], threshold: int | None, by: By) -> Metadata[Root]:
    """The next root, to be signed: further keys, without those with these ids."""
    root = _next_root(by)
    role: Role = root.signed.roles["root"]
    for key in new:
        root.signed.add_key(tuf_key(key), "root")
    for keyid in drop:
        if keyid not in role.keyids:
            raise NotFound("root-key-unknown", f"The root has no key {keyid}.", "commonwatch federation status")
        root.signed.revoke_key(keyid, "root")
    role.threshold = role.threshold if threshold is None else threshold
    _check_threshold(role.threshold, len(role.keyids))
    return root


def take_root(text: str, by: By) -> Root:
    """Put a root in force that changes no more than the root's own keys and time; raises IntegrityError for too few signatures."""
    root = parsed(text)
    _take({f"root/{root.signed.version}": text}, {}, by)
    role: Role = root.signed.roles["root"]
    detail = {"version": root.signed.version, "keys": len(role.keyids), "threshold": role.threshold}
    record(by.actor, "federation.root", "", "done", detail, now_us=by.now_us)
    signed_root: Root = root.signed
    return signed_root


def choose_approvers(approvers: Sequence[PublicKey], threshold: int, with_keys: Sequence[SigningKey], by: By) -> bool:
    """Say whose keys approve changes, and how many must. In force once so many of them have signed the register anew."""
    return propose(register(), by, root=signed(root_for(approvers, threshold, by), with_keys))


def root_for(approvers: Sequence[PublicKey], threshold: int, by: By) -> Metadata[Root]:
    """The next root, to be signed: with these approvers."""
    _check_threshold(threshold, len(approvers))
    root = _next_root(by)
    put_keys(root.signed, "targets", approvers, threshold)
    for role in ("snapshot", "timestamp"):
        put_keys(root.signed, role, approvers, 1)
    return root


def _next_root(by: By) -> Metadata[Root]:
    """The root in force as the draft of the next one."""
    held = files()
    if not held:
        register(held)
    root = latest_root(held)
    root.signed.version += 1
    root.signed.expires = expiry(by.now_us, ROOT_DAYS)
    root.signatures.clear()
    return root


def _root_for(row: Proposal) -> Root:
    """The root by which a proposal's approvals are counted: its own, where the one in force lets that follow."""
    now: Root = latest_root(files()).signed
    if not row.root:
        return now
    root = parsed(row.root)
    fits = root.signed.version == now.version + 1 and root.signed.get_root_verification_result(
        now, root.signed_bytes, root.signatures
    )
    if not fits:
        raise InvalidInput(
            "root-unsigned",
            "Too few of the root's keys have signed who approves.",
            "Give as many root keys as the threshold asks for: commonwatch federation status.",
        )
    signed_root: Root = root.signed
    return signed_root


def _targets(version: int, changed: Register, keys: Mapping[str, Sequence[PublicKey]], by: By) -> Metadata[Targets]:
    """The targets metadata of a register: each member's role is its own keys'."""
    roles: dict[str, DelegatedRole] = {}
    known: dict[str, Key] = {}
    for entry in changed.members:
        own = [tuf_key(key) for key in keys.get(entry.identity) or history_of(entry.identity).current.values()]
        known |= {key.keyid: key for key in own}
        if own:
            names = [key.keyid for key in own]
            roles[entry.identity] = DelegatedRole(entry.identity, names, 1, True, [path_of(entry.identity)])
    listed = {REGISTER: target(REGISTER, write_register(changed))}
    return Metadata(
        Targets(version, expires=expiry(by.now_us, TARGETS_DAYS), targets=listed, delegations=Delegations(known, roles))
    )


def _heads(held: Mapping[str, str], targets: int, members: Mapping[str, int], now_us: int) -> Files:
    """Snapshot and timestamp after those held."""
    key = [signing_key(APPROVER)]
    number = version_of(held, "snapshot") + 1
    # Nothing that a snapshot named is left out of the next (5.5.5): who has left stays named, and is delegated to no more.
    before = parsed(held["snapshot"]).signed.meta if "snapshot" in held else {}
    named = {name.removesuffix(".json"): meta.version for name, meta in before.items()}
    return {
        "snapshot": signed(snapshot_of(number, {**named, "targets": targets, **members}, now_us), key),
        "timestamp": signed(timestamp_of(version_of(held, "timestamp") + 1, number, now_us), key),
    }


def _take(offered: Files, begun: Files, by: By) -> list[str]:
    before = files() or begun
    if not before:
        return []
    after, problems = (before, []) if _only_known(before, offered) else verified(before, offered, by.now_us)
    if after == before and not begun:
        return problems
    problems += apply({} if begun else before, after, by)  # before it is kept: broken off, all of it is done again
    with transaction.atomic():
        MembershipFile.objects.exclude(name__in=list(after)).delete()
        for name, text in after.items():
            MembershipFile.objects.update_or_create(name=name, defaults={"text": text})
        for row in Proposal.objects.all():
            if parsed(row.targets).signed.version <= version_of(after, "targets"):
                row.delete()  # made for a version that is past
    return problems


def _only_known(before: Files, offered: Files) -> bool:
    newer = offered.get("timestamp", before.get("timestamp")) != before.get("timestamp")
    return bool(before.get("timestamp")) and not newer and f"root/{root_version(before) + 1}" not in offered


def _of(card: Card) -> Files:
    return {role_file(card.identity): card.metadata, path_of(card.identity): card.file}


def _card(identity: str) -> CardText | None:
    row = Card.objects.filter(identity=identity).first()
    return CardText(row.metadata, row.file) if row is not None else None


def _delegated(targets: Metadata[Targets], identity: str, card: CardText) -> bool:
    metadata = parsed(card.metadata)
    try:
        result = targets.signed.get_verification_result(identity, metadata.signed_bytes, metadata.signatures)
    except ValueError:  # nothing is delegated to it
        return False
    return bool(result)


def _runs_out(held: Mapping[str, str], now_us: int) -> bool:
    """Half the time is gone. Approvers' nodes that do it together do no harm: the same version twice counts once."""
    timestamp, snapshot = parsed(held["timestamp"]).signed, parsed(held["snapshot"]).signed
    return bool(
        timestamp.expires < expiry(now_us, TIMESTAMP_DAYS // 2) or snapshot.expires < expiry(now_us, SNAPSHOT_DAYS // 2)
    )


def _check_free() -> None:
    if files():
        raise Conflict("partnership-taken", "This node is in a partnership.", "See `commonwatch federation status`.")


def _check_threshold(threshold: int, keys: int) -> None:
    if not 0 < threshold <= keys:
        raise InvalidInput(
            "threshold-impossible",
            f"{threshold} of {keys} keys cannot be asked for.",
            "Ask for at least one, and for no more than there are.",
        )
