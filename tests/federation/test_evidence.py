"""An item goes from one node to another: both sign, and each one's file verifies without a node and says the same."""

from __future__ import annotations

import os
from pathlib import Path

import pyrage
import pytest

from commonwatch.base.intake.own import Audience
from commonwatch.base.journal import followers
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.evidence import actions, carrying, custody_file, queries, sealing
from commonwatch.capabilities.evidence.actions import Collected
from commonwatch.capabilities.evidence.custody_file import Trust
from commonwatch.capabilities.evidence.store import opened
from commonwatch.capabilities.transparency.handing import proof_of_entry
from commonwatch.capabilities.transparency.models import LogKey
from commonwatch.capabilities.transparency.sources import JournalRecord
from commonwatch.core.errors import Conflict, IntegrityError, NotAllowed, NotFound
from commonwatch.core.merkle.policies import Policy, parse_policy
from tests.base.release.nodes import by
from tests.federation.nodes import Node, World, at

OFFICER = pyrage.x25519.Identity.generate()
ANALYST = pyrage.x25519.Identity.generate()
FOUND = Collected("Mail server", "A. Officer", "2026-11-20T08:00:00Z", "StPO section 110", tool="dd 9.1")


@pytest.fixture
def two(world: World) -> tuple[Node, Node]:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    return vienna, oslo


def collect(node: Node, source: Path, *members: str) -> str:
    with at(node):
        keys = [str(OFFICER.to_public()), str(ANALYST.to_public())]
        return actions.add(source, FOUND, Audience("TLP:AMBER+STRICT", members), keys, by())


def exported(node: Node, item: str) -> tuple[bytes, Policy]:
    """The node's file, and a policy that trusts its log."""
    with at(node):
        followers.advance(JournalRecord(), 5_000)
        made = queries.export(operator("test"), item, proof_of_entry, node.now())
        vkey = LogKey.objects.get(until_us=None).vkey
        return made.encode(), parse_policy(f"log {vkey}\nquorum none\n".encode())


def acts(node: Node, item: str) -> list[tuple[str, str]]:
    with at(node):
        found = queries.item(operator("test"), item)
        assert found.breaks == ()
        return [(one.what, one.sha256) for one in found.acts]


def test_an_item_is_handed_over_and_both_chains_verify_and_agree(
    two: tuple[Node, Node], world: World, tmp_path: Path
) -> None:
    vienna, oslo = two
    source = tmp_path / "disk.img"
    source.write_bytes(os.urandom(17 * 2**20))
    item = collect(vienna, source)  # for nobody else yet
    world.settle()
    with at(oslo), pytest.raises(NotFound):
        queries.item(operator("test"), item)
    with at(vienna):
        actions.hand_over(item, "oslo", "analysis at the request of NO", by())
        with pytest.raises(Conflict, match="on offer already"):
            actions.hand_over(item, "oslo", "again", by())
        store = opened()
        carrying.pack(
            store, queries.pieces_of(queries.known(operator("test"), item).chain, store), tmp_path / "carried.tar"
        )
    world.settle()
    with at(oslo):
        found = queries.item(operator("test"), item)
        assert (found.item.state, found.here) == ("offered-here", False)
        carrying.take(tmp_path / "carried.tar", opened())
        assert queries.item(operator("test"), item).here
        with pytest.raises(NotAllowed, match="Another member holds it"):
            actions.note(item, "examined", "E. Analyst", "2026-11-21T08:00:00Z", by())
        actions.accept(item, by(), sealing.digests(source))
        actions.note(item, "examined", "E. Analyst", "2026-11-29T08:00:00Z", by(), "Timeline", "plaso 20260101")
    world.settle()
    assert acts(vienna, item) == acts(oslo, item)
    assert [what for what, _ in acts(oslo, item)] == ["collected", "offered", "accepted", "examined"]
    with at(vienna), pytest.raises(NotAllowed, match="Another member holds it"):
        actions.hand_over(item, "oslo", "again", by())
    for node in two:
        raw, policy = exported(node, item)
        verified = custody_file.verify(raw, Trust(policy=policy), node.now(), sealing.digests(source))
        assert verified.breaks == []
        assert verified.chain is not None
        assert [one.sha256 for one in verified.chain.every] == [digest for _, digest in acts(node, item)]
        with at(oslo):
            assert verified.chain.holder == own_member().identity
        kinds = {(one.what, one.state) for one in verified.checked}
        assert {("signature", "holds"), ("order", "holds"), ("log", "holds"), ("content", "holds")} <= kinds
        assert {one.what for one in verified.not_judged} == {
            "keys",
            "stamp",
        }  # nobody compared keys; no authority is set


def test_what_the_receiver_finds_altered_is_refused_and_stays_with_the_giver(
    two: tuple[Node, Node], world: World, tmp_path: Path
) -> None:
    vienna, oslo = two
    source, other = tmp_path / "disk.img", tmp_path / "other.img"
    source.write_bytes(b"as it was found")
    other.write_bytes(b"as it was not")
    item = collect(vienna, source, "oslo")
    with at(vienna):
        actions.hand_over(item, "oslo", "analysis", by())
    world.settle()
    with at(oslo):
        with pytest.raises(IntegrityError, match="offered was"):
            actions.accept(item, by(), sealing.digests(other))
        actions.refuse(item, "Other sums than offered", by(), sealing.digests(other))
    world.settle()
    with at(vienna):
        found = queries.item(operator("test"), item)
        assert (found.item.state, [one.what for one in found.acts]) == (
            "held-here",
            ["collected", "offered", "refused"],
        )
        actions.hand_over(item, "oslo", "analysis, second try", by())
        actions.note(item, "withdrawn", "A. Officer", "2026-11-29T08:00:00Z", by())
        assert queries.item(operator("test"), item).item.state == "held-here"


def test_a_third_member_gets_an_item_only_with_its_whole_chain(world: World, tmp_path: Path) -> None:
    vienna, oslo, bern = world.node("vienna"), world.node("oslo", "NO"), world.node("bern", "CH")
    for one, other in ((vienna, oslo), (oslo, bern), (vienna, bern)):
        world.join(one, other)
    source = tmp_path / "disk.img"
    source.write_bytes(b"as it was found")
    item = collect(vienna, source, "oslo")
    with at(vienna):
        actions.hand_over(item, "oslo", "analysis", by())
    world.settle()
    with at(oslo):
        actions.accept(item, by())
        with pytest.raises(NotAllowed, match="another member wrote"):
            actions.hand_over(item, "bern", "a second opinion", by())
    with at(vienna):
        assert actions.share(item, "bern", by()) == 2
    world.settle()
    with at(oslo):
        actions.hand_over(item, "bern", "a second opinion", by())
    world.settle()
    with at(bern):
        actions.accept(item, by())
    world.settle()
    assert acts(vienna, item) == acts(oslo, item) == acts(bern, item)
    assert [what for what, _ in acts(bern, item)] == ["collected", "offered", "accepted", "offered", "accepted"]
    raw, policy = exported(bern, item)
    assert custody_file.verify(raw, Trust(policy=policy), bern.now()).breaks == []
