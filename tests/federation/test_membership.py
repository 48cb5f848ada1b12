"""A partnership of nodes: begun by one, joined by code, decided by several, and recovered after the worst."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.keys.files import (
    APPROVER,
    NODE,
    member_key_file,
    new_sealed_key,
    sealed_key,
    signing_key,
)
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.authoring import member_key, signed_as_own
from commonwatch.base.parties.key_histories import keys_of
from commonwatch.base.parties.models import EXPELLED, MemberFact
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.authorship import Authorship
from commonwatch.base.release.explain import Asking, held_object
from commonwatch.capabilities.federation import bundles
from commonwatch.capabilities.federation.actions import peer_named
from commonwatch.capabilities.federation.membership import exchanging, partnership
from commonwatch.capabilities.federation.membership.approving import approve, expel, sign_anew
from commonwatch.capabilities.federation.membership.cards import own_card_text, read_card
from commonwatch.capabilities.federation.membership.exchanging import sync_with
from commonwatch.capabilities.federation.membership.metadata import TIMESTAMP_DAYS, signed, verified
from commonwatch.capabilities.federation.membership.rotation import (
    propose_recovery,
    read_recovery,
    recover,
    rotate_member,
    rotate_node,
)
from commonwatch.capabilities.federation.membership.standing import Standing, approver_key, standing, waiting
from commonwatch.capabilities.federation.models import Card, Peer, Proposal
from commonwatch.core.errors import CommonwatchError, IntegrityError, InvalidInput, NotAllowed
from commonwatch.core.signing.keys import SigningKey
from commonwatch.core.signing.objects import sign_object
from commonwatch.core.stix.values import Piece
from tests.base.release.nodes import by, indicator, slot
from tests.federation.nodes import Node, World, at

DAY_US = 86_400_000_000
ROOT = SigningKey(bytes([7]) * 32)


def begin(node: Node, *roots: SigningKey, threshold: int = 1) -> None:
    with at(node):
        partnership.create("north-south", roots or (ROOT,), threshold, by())


def admit(approver: Node, name: str) -> bool:
    with at(approver):
        return approve(name, by())


def seen_by(node: Node) -> Standing:
    with at(node):
        found = standing(now_us())
    assert found is not None
    return found


def titles(node: Node) -> list[str]:
    return sorted(one.title for one in seen_by(node).members)


def own(number: int, **more: Any) -> dict[str, Any]:
    return indicator(number, "GREEN", created_by_ref=own_member().identity, **more)


def publish(node: Node, number: int) -> None:
    """What the node's own member wrote, signed by it."""
    with at(node):
        take(signed_as_own([own(number)], now_us()))


def take(values: list[dict[str, Any]]) -> None:
    source = ensure_source("own", "TLP:AMBER", "home")
    channel = Channel(source.pk, "TLP:AMBER", voucher_of(source), "test", (slot(),))
    report = receive([Piece(json.dumps(one).encode(), "") for one in values], channel, now_us()).result()
    assert all(result.is_in for result in report.results), report


def authorship(node: Node, number: int) -> Authorship:
    with at(node):
        return Asking().explain(held_object(indicator(number)["id"]), "home").authorship


def three(world: World) -> tuple[Node, Node, Node]:
    """Three members, all peers of one another; the first is the approver."""
    vienna, oslo, bern = world.node("vienna"), world.node("oslo", "NO"), world.node("bern", "CH")
    begin(vienna)
    world.join(vienna, oslo)
    world.join(vienna, bern)
    world.join(oslo, bern)
    assert admit(vienna, "oslo") and admit(vienna, "bern")
    world.settle()
    return vienna, oslo, bern


def two_approvers(world: World) -> tuple[Node, Node, Node]:
    """The same, where two of two approvers, vienna and bern, have to agree."""
    vienna, oslo, bern = three(world)
    with at(vienna):
        keys = [approver_key(identity_of(one)) for one in (vienna, bern)]
        assert not partnership.choose_approvers(keys, 2, [ROOT], by())
    world.settle()
    assert admit(bern, "approvers")
    world.settle()
    return vienna, oslo, bern


def identity_of(node: Node) -> str:
    return next(one.identity for one in seen_by(node).members if one.title == node.name)


def test_two_people_on_two_machines_form_a_partnership(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    begin(vienna)  # commonwatch federation create
    world.join(vienna, oslo)  # invite, join: one code
    with at(vienna):
        (waits,) = waiting()
        assert waits.name == "oslo" and "becomes a member" in waits.what
    with at(oslo):
        assert waits.keys == (member_key(own_member(), now_us()).public.id,), "what both compare by telephone"
    assert titles(oslo) == ["vienna"] and not seen_by(oslo).own
    assert admit(vienna, "oslo")
    world.settle()
    assert titles(vienna) == titles(oslo) == ["oslo", "vienna"]
    assert seen_by(oslo).own and not seen_by(oslo).waiting and not seen_by(oslo).renew
    publish(vienna, 1)
    world.settle()
    assert (authorship(oslo, 1).kind, authorship(oslo, 1).relayed) == ("signed", False)


def test_a_relayed_object_is_verified_by_who_never_met_its_author(world: World) -> None:
    vienna, oslo, bern = world.node("vienna"), world.node("oslo", "NO"), world.node("bern", "CH")
    begin(vienna)
    world.join(vienna, oslo)
    world.join(vienna, bern)
    assert admit(vienna, "oslo") and admit(vienna, "bern")
    world.settle()
    publish(oslo, 1)
    world.settle()
    found = authorship(bern, 1)
    assert (found.kind, found.relayed) == ("signed", True)


def test_a_change_counts_once_enough_approvers_have_signed(world: World) -> None:
    vienna, oslo, bern = two_approvers(world)
    assert [(one.role, one.threshold, one.keys) for one in seen_by(oslo).roles if one.role == "targets"] == [
        ("targets", 2, 2)
    ]
    tokyo = world.node("tokyo", "JP")
    world.join(vienna, tokyo)
    assert not admit(vienna, "tokyo")
    world.settle()
    assert "tokyo" not in titles(oslo)
    with at(bern):
        (waits,) = waiting()
        assert (waits.name, waits.approvals, waits.needed, waits.ours) == ("tokyo", 1, 2, False)
    with at(oslo), pytest.raises(NotAllowed, match="not among those"):
        approve("tokyo", by())
    assert admit(bern, "tokyo")
    world.settle()
    assert all("tokyo" in titles(node) for node in (vienna, oslo, bern, tokyo))
    with at(oslo):
        assert Proposal.objects.count() == 0


def test_who_is_expelled_is_out_at_every_node(world: World) -> None:
    vienna, oslo, _bern = three(world)
    publish(vienna, 1)
    world.settle()
    with at(vienna):
        assert expel("bern", "Decision 14 of the board", by())
    world.settle()
    assert titles(vienna) == titles(oslo) == ["oslo", "vienna"]
    for node in (vienna, oslo):
        with at(node):
            assert Peer.objects.get(name="bern").paused
            assert MemberFact.objects.filter(member__name="bern", value=EXPELLED, until=None).count() == 1
    with at(oslo):
        assert not Peer.objects.get(name="vienna").paused


def test_a_rotated_node_key_is_followed_and_the_exchange_goes_on(world: World) -> None:
    vienna, oslo, bern = three(world)
    with at(oslo):
        before = signing_key(NODE).public.raw.hex()
        after = rotate_node("yearly", by())
    publish(oslo, 1)
    publish(vienna, 2)
    world.settle()
    for node in (vienna, bern):
        with at(node):
            assert Peer.objects.get(name="oslo").key == after != before
            assert AuditEntry.objects.filter(action="federation.key", subject="oslo").count() == 1
        assert len(node.ids()) == 2


def test_peers_without_a_partnership_follow_keys_as_well(world: World) -> None:
    vienna, field = world.node("vienna"), world.node("field", "NO")
    world.join(vienna, field, reachable=False)
    with at(vienna):
        after = rotate_node("", by())
        rotate_member(None, "", by())
    publish(vienna, 1)
    world.settle()
    with at(field):
        assert Peer.objects.get().key == after
    assert authorship(field, 1).kind == "signed"


def test_a_rotated_member_key_counts_at_once_and_is_signed_for_later(world: World) -> None:
    vienna, oslo, bern = three(world)
    publish(oslo, 1)
    world.settle()
    with at(oslo):
        rotate_member(None, "yearly", by())
    publish(oslo, 2)
    world.settle()
    assert [authorship(bern, number).kind for number in (1, 2)] == ["signed", "signed"]
    assert seen_by(vienna).renew == ("oslo signs with new keys: commonwatch federation approve oslo",)
    assert admit(vienna, "oslo")
    world.settle()
    assert not seen_by(vienna).renew and not seen_by(bern).renew


def test_the_worst_case_is_rehearsed(world: World) -> None:
    """Oslo's machine is stolen: its node key and its member's key are in other hands (docs/federation.md, Compromise)."""
    vienna, oslo, bern = two_approvers(world)
    publish(oslo, 1)
    world.settle()
    with at(oslo):
        stolen = signing_key(member_key_file("home"))
        stolen_node = (oslo.folder / NODE).read_bytes()
        forged = own(6)
    while_ours = now_us()
    since = while_ours + 1
    # 1. Oslo restores its backup on a new machine, without trusting any of its keys, and starts anew.
    for name in (NODE, member_key_file("home"), APPROVER):
        (oslo.folder / name).unlink(missing_ok=True)
    file = oslo.folder / "anew.cwr"
    with at(oslo):
        file.write_text(recover(since, "The server was stolen", by()))
        assert any("new start" in line for line in standing_of().renew)
    assert b"PRIVATE" not in file.read_bytes()
    # 2. It brings the file to both approvers, who know its people. One alone is not enough.
    with at(vienna):
        _, done = propose_recovery(read_recovery(file.read_bytes()), by())
        assert not done
    world.settle()
    with at(bern):
        (waits,) = waiting()
        assert waits.name == "oslo" and waits.what == "oslo signs with other keys"
        assert approve("oslo", by())
    world.settle()
    # 3. What the thief signs with the old key is refused; what was there before still verifies.
    for node in (vienna, bern):
        with at(node):
            late = sign_object(forged, stolen, now_us())
            assert held(late) == "key-not-in-use"
            assert held(sign_object(forged, stolen, while_ours)) == "key-revoked", "whatever date it writes"
            assert Peer.objects.get(name="oslo").key == new_node_key(oslo)
        assert authorship(node, 1).kind == "signed"
    # 4. The thief's node is a stranger; Oslo and its peers go on.
    with at(oslo):
        real = (oslo.folder / NODE).read_bytes()
        (oslo.folder / NODE).write_bytes(stolen_node)
        thief = peer_named("vienna")
        assert not sync_with(thief, world, by())
        (oslo.folder / NODE).write_bytes(real)
    publish(oslo, 2)
    publish(vienna, 3)
    world.settle()
    for node in (vienna, oslo, bern):
        assert [authorship(node, number).kind for number in (1, 2, 3)] == ["signed"] * 3
    with at(vienna):
        first, second = keys_of(identity_of(oslo))
        assert (first.revoked_since_us, first.reason) == (since, "The server was stolen") and second.is_current()


def standing_of() -> Standing:
    found = standing(now_us())
    assert found is not None
    return found


def held(value: dict[str, Any]) -> str:
    """Why intake holds an object that somebody posts; empty where it does not."""
    source = ensure_source("somebody", "TLP:GREEN")
    channel = Channel(source.pk, "TLP:GREEN", voucher_of(source), "test", (slot(),))
    (result,) = receive([Piece(json.dumps(value).encode(), "")], channel, now_us()).result().results
    return "" if result.is_in else result.findings[0].code


def new_node_key(node: Node) -> str:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key((node.folder / NODE).read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key.public_key().public_bytes_raw().hex()


def test_a_stolen_member_key_is_revoked_by_the_member_while_it_has_its_node(world: World) -> None:
    _vienna, oslo, bern = three(world)
    publish(oslo, 1)
    world.settle()
    with at(oslo):
        old = signing_key(member_key_file("home"))
        forged = own(6)
        since = now_us()
        rotate_member(since, "Copied from a backup", by())
    world.settle()
    with at(bern):
        assert held(sign_object(forged, old, since - 5)) == "key-revoked"
    assert authorship(bern, 1).kind == "signed"


def test_old_membership_is_refused_and_what_is_withheld_is_noticed(world: World) -> None:
    vienna, oslo, _bern = three(world)
    with at(oslo):
        old = partnership.files()
    with at(vienna):
        assert expel("bern", "", by())
    world.settle()
    with at(oslo):
        now = partnership.files()
        for offered in (old, {**now, "timestamp": old["timestamp"]}):  # rollback
            with pytest.raises(IntegrityError, match="does not hold"):
                verified(now, offered, now_us())
        for name in ("snapshot", "targets", "register"):  # mix and match
            newer = {**now, name: old[name]}
            with pytest.raises(IntegrityError):
                verified({**old}, newer, now_us())
        later = now_us() + (TIMESTAMP_DAYS + 1) * DAY_US  # freeze: nothing newer is shown to us
        with pytest.raises(IntegrityError, match="expired"):
            verified(now, now, later)
        said = standing(later)
        assert said is not None and any("timestamp has run out" in line for line in said.renew)
        assert partnership.files() == now


def test_what_too_few_have_signed_is_refused(world: World) -> None:
    vienna, oslo, _bern = two_approvers(world)
    with at(vienna):
        held_files = partnership.files()
        targets = partnership._targets(9, partnership.register(), {}, by())
        forged = signed(targets, [signing_key(APPROVER)])
        heads = partnership._heads(held_files, 9, {}, now_us())
    with at(oslo):
        before = partnership.files()
        with pytest.raises(IntegrityError, match="does not hold"):
            partnership.take_files({"targets": forged, "register": before["register"], **heads}, by())
        assert partnership.files() == before
        partnership.take_proposal(Proposal(targets=forged, register=before["register"]))
        assert Proposal.objects.count() == 0, "it is not the next version"


def test_approvers_renew_the_timestamp_by_themselves(world: World) -> None:
    vienna, oslo, _bern = three(world)
    later = now_us() + 5 * DAY_US
    world.skew_us = dict.fromkeys(("vienna", "oslo", "bern"), 5 * DAY_US)
    with at(vienna):
        before = partnership.files()["timestamp"]
        assert partnership.renew(By("test", later)) and not partnership.renew(By("test", later))
        assert partnership.files()["timestamp"] != before
    with at(oslo):
        assert not partnership.renew(By("test", later)), "it is no approver's node"


def test_the_root_changes_hands_by_its_threshold(world: World, tmp_path: Path) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    first = [new_sealed_key(tmp_path / f"{n}.pem", "correct horse battery") for n in range(3)]
    begin(vienna, *first, threshold=2)
    world.join(vienna, oslo)
    assert admit(vienna, "oslo")
    world.settle()
    opened = [sealed_key(tmp_path / f"{n}.pem", "correct horse battery") for n in range(3)]
    fresh = new_sealed_key(tmp_path / "new.pem", "correct horse battery")
    with at(vienna):
        with pytest.raises(IntegrityError):
            partnership.rotate_root(opened[:1], [fresh], [first[2].public], None, by())
        root = partnership.rotate_root(opened[:2], [fresh], [first[2].public], None, by())
        assert root.version == 2 and len(root.roles["root"].keyids) == 3
        with pytest.raises(InvalidInput, match="cannot be asked"):
            partnership.rotate_root(opened[:2], [], [], 4, by())
        with pytest.raises(InvalidInput, match="Too few of the root"):
            partnership.choose_approvers([signing_key(APPROVER).public], 1, opened[:1], by())
        assert Proposal.objects.count() == 0
    world.settle()
    assert seen_by(oslo).root_version == 2
    with at(vienna):
        assert sign_anew(by())
    world.settle()
    assert not seen_by(oslo).renew


def test_the_membership_travels_in_bundles(world: World) -> None:
    vienna, oslo, _bern = three(world)
    world.apart = {frozenset(("vienna", "oslo")), frozenset(("oslo", "bern"))}
    with at(vienna):
        assert expel("bern", "", by())
        after = rotate_node("", by())
        rotate_member(None, "", by())
        sealed, _ = bundles.make(peer_named("oslo"), now_us(), further=False)
    with at(oslo):
        bundles.apply(sealed, now_us())
        assert Peer.objects.get(name="vienna").key == after
        assert Peer.objects.get(name="bern").paused
    assert titles(oslo) == ["oslo", "vienna"]


def test_a_card_that_was_tampered_with_is_not_taken(world: World) -> None:
    vienna, oslo, _ = three(world)
    with at(vienna):
        rotate_node("", by())
        card = own_card_text(now_us())
    with at(oslo):
        from commonwatch.capabilities.federation.membership.cards import take_card

        held_version = Card.objects.get(identity=read_card(card)[1].identity).version
        file = card.file.replace('"title":"vienna"', '"title":"Vienna"')
        for broken, error in (
            (msgspec.structs.replace(card, file=file), "no card"),
            (msgspec.structs.replace(card, file="{}"), "no card"),
            (msgspec.structs.replace(card, metadata="{}"), "no TUF metadata"),
            (msgspec.structs.replace(card, metadata=unsigned(card.metadata)), "has signed its card"),
        ):
            with pytest.raises(CommonwatchError, match=error):
                take_card(broken, by())
        assert Card.objects.get(identity=read_card(card)[1].identity).version == held_version
        assert take_card(card, by()) and not take_card(card, by())


def unsigned(metadata: str) -> str:
    value = json.loads(metadata)
    return json.dumps({**value, "signatures": []})


def test_garbage_from_a_peer_changes_nothing(world: World) -> None:
    vienna, oslo, _ = three(world)
    with at(oslo):
        before, peer = partnership.files(), peer_named("vienna")
        mine = exchanging.have()
        for given in (
            {"files": {"root/2": "{}", "timestamp": "junk"}},
            {"files": {"timestamp": before["snapshot"]}},
            {"proposals": [{"targets": "junk", "register": "junk"}]},
            {"given": {identity_of(vienna): {"metadata": "{}", "file": "x"}}},
        ):
            body = msgspec.json.encode({**msgspec.to_builtins(mine), **given})
            exchanging.answered(peer, body, by())
        assert partnership.files() == before
        assert "Membership:" in Peer.objects.get(name="vienna").last_error
        with pytest.raises(CommonwatchError, match="cannot be read"):
            exchanging.answered(peer, b"[]", by())
