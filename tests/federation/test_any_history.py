"""Whatever happens, in whatever order: nodes that may have something come to have it, nobody else ever sees a byte of it, and a
recall wins over every copy that comes late. Hypothesis writes the histories; each ends with the faults healed.

What can happen: posts, new versions, narrowing; lost, doubled and late requests; lines cut and mended; clocks off by minutes; a
restart from an old backup; a peer that lies about what it has, and recalls what is not its own.
"""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from commonwatch.capabilities.federation.calling import call
from commonwatch.capabilities.federation.models import Hidden, Peer
from commonwatch.capabilities.federation.parcels import Parcel
from commonwatch.core.errors import CommonwatchError
from commonwatch.core.stix.markings import TLP2
from tests.base.release.nodes import indicator
from tests.federation.nodes import Node, World, at
from tests.federation.test_convergence import COUNTRIES, line, mesh, ring, star

SECRET = "for nobody else"
TOPOLOGIES = {"line": line, "ring": ring, "star": star, "mesh": mesh}


@dataclass
class Written:
    """What a member wrote last of an object."""

    author: str
    tlp: str
    version: int = 1
    since_backup: bool = (
        True  # its author's backup does not hold it so: after a restart from that, others may know better
    )


class History(RuleBasedStateMachine):
    """One partnership's life."""

    blank: World  # set by the test: where worlds are made
    numbers = count()

    @initialize(
        size=st.sampled_from([3, 3, 4, 5]), topology=st.sampled_from(sorted(TOPOLOGIES)), seed=st.integers(0, 99)
    )
    def begin(self, size: int, topology: str, seed: int) -> None:
        folder = self.blank.folder / f"world{next(self.numbers)}"
        folder.mkdir()
        self.world = World(folder, self.blank.databases, chance=random.Random(seed))
        self.nodes = [self.world.node(f"node{n}", COUNTRIES[n % len(COUNTRIES)]) for n in range(size)]
        TOPOLOGIES[topology](self.world, self.nodes)
        self.written: dict[str, Written] = {}
        self.backed_up: set[str] = set()
        self.lied: set[str] = set()
        self.unsure: set[str] = set()

    def _node(self, number: int) -> Node:
        return self.nodes[number % len(self.nodes)]

    @rule(number=st.integers(0, 19), tlp=st.sampled_from(["CLEAR", "GREEN", "GREEN", "AMBER", "RED"]))
    def post(self, number: int, tlp: str) -> None:
        node = self._node(number)
        made = indicator(len(self.written), tlp, name=SECRET if tlp in ("AMBER", "RED") else "for all")
        self.written[str(made["id"])] = Written(node.name, tlp)
        node.post(made)

    @precondition(lambda self: self.written)
    @rule(which=st.integers(0, 99), narrower=st.booleans())
    def write_again(self, which: int, narrower: bool) -> None:
        identity = sorted(self.written)[which % len(self.written)]
        known = self.written[identity]
        if known.version > 20 or identity in self.unsure:
            return
        known.tlp, known.version, known.since_backup = "RED" if narrower else known.tlp, known.version + 1, True
        name = SECRET if known.tlp in ("AMBER", "RED") else "for all"
        made = indicator(int(identity[-12:]), known.tlp, version=known.version, name=name)
        self.world.nodes[known.author].post(made)

    @rule(number=st.integers(0, 19))
    def work(self, number: int) -> None:
        self._node(number).work()

    @rule(kind=st.sampled_from(["lost", "twice", "late"]), share=st.sampled_from([0.0, 0.2, 0.5]))
    def spoil_the_wire(self, kind: str, share: float) -> None:
        setattr(self.world, kind, share)

    @rule()
    def late_requests_arrive(self) -> None:
        self.world.deliver_late()

    @rule(one=st.integers(0, 19), other=st.integers(0, 19))
    def cut(self, one: int, other: int) -> None:
        self.world.apart.add(frozenset((self._node(one).name, self._node(other).name)))

    @rule()
    def mend(self) -> None:
        self.world.apart.clear()

    @rule(number=st.integers(0, 19), seconds=st.sampled_from([-280, -60, 0, 60, 280]))
    def set_a_clock(self, number: int, seconds: int) -> None:
        self.world.skew_us[self._node(number).name] = seconds * 500_000  # two of them are never 300 s apart

    @rule(number=st.integers(0, 19))
    def back_up(self, number: int) -> None:
        node = self._node(number)
        node.back_up()
        self.backed_up.add(node.name)
        for known in self.written.values():
            known.since_backup = known.since_backup and known.author != node.name

    @rule(number=st.integers(0, 19))
    def restart_from_backup(self, number: int) -> None:
        node = self._node(number)
        if node.name not in self.backed_up:
            return
        node.restore()
        self.unsure |= {
            identity for identity, known in self.written.items() if known.author == node.name and known.since_backup
        }

    @precondition(lambda self: self.written)
    @rule(number=st.integers(0, 19), far=st.booleans(), which=st.integers(0, 99))
    def lie(self, number: int, far: bool, which: int) -> None:
        """Claim to have everything, or nothing; begin anywhere; recall what is another's."""
        liar = self._node(number)
        self.lied.add(liar.name)
        identity = sorted(self.written)[which % len(self.written)]
        with at(liar):
            peer = Peer.objects.order_by("pk").first()
            if peer is None or not peer.url or self.written[identity].author == liar.name:
                return
            marking = TLP2["TLP:GREEN"]
            from commonwatch.base.parties.queries import own_member

            false = {
                "type": "recall",
                "spec_version": "2.1",
                "id": f"recall--{uuid4()}",
                "created_by_ref": own_member().identity,
                "created": "2026-01-01T00:00:00.000Z",
                "modified": "2026-01-01T00:00:00.000Z",
                "recipient_ref": peer.member.identity,
                "object_refs": [identity],
                "reason": "a lie",
                "object_marking_refs": [marking],
            }
            have = {slot: (1 << 52) if far else 0 for slot in range(3)}
            parcel = Parcel(0, 0, (1 << 50) if far else 1, (msgspec.Raw(msgspec.json.encode(false)),), have)
            try:
                call(self.world, peer.url, peer.key, "objects", msgspec.json.encode(parcel))
            except CommonwatchError:
                return

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.world.lost = self.world.twice = self.world.late = 0.0
        self.world.apart.clear()
        self.world.deliver_late()
        self.world.settle(200)
        self._nobody_saw_a_secret()
        if not self.lied:
            self._all_have_the_same()

    def _nobody_saw_a_secret(self) -> None:
        for _, _, body in (*self.world.seen, *self.world.answers):
            plain = gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body
            assert SECRET.encode() not in plain

    def _all_have_the_same(self) -> None:
        for identity, known in self.written.items():
            held = {node.name: node.ids().get(identity) for node in self.nodes}
            author, others = held.pop(known.author), set(held.values())
            if identity in self.unsure:  # the author's own memory of it was lost: what it shared, all have alike
                alike = others | {author} if known.tlp in ("CLEAR", "GREEN") else others
                assert len(alike) == 1, (identity, known, author, held)
            elif known.tlp in ("CLEAR", "GREEN"):
                assert others == {author} and author is not None, (identity, known, author, held)
            else:
                assert others == {None} and author is not None, (identity, known, author, held)


@pytest.fixture
def history(world: World) -> Iterator[type[History]]:
    History.blank = world
    yield History


def test_every_history_ends_well(history: type[History]) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    run_state_machine_as_test(
        history,
        settings=settings(max_examples=5, stateful_step_count=20, suppress_health_check=checks, derandomize=True),
    )


def test_twenty_nodes_in_a_ring_with_chords_come_together_over_a_bad_line(world: World, vendor: str) -> None:
    if vendor == "postgresql":
        pytest.skip("Twenty databases take a minute to make; five nodes and fewer run on both.")
    nodes = [world.node(f"node{n}", COUNTRIES[n % len(COUNTRIES)]) for n in range(20)]
    ring(world, nodes)
    for number in range(0, 10, 3):
        world.join(nodes[number], nodes[number + 10])
    world.chance, world.lost, world.twice = random.Random(20), 0.1, 0.1
    for number, node in enumerate(nodes[::5]):
        node.post(indicator(number, "GREEN"), indicator(100 + number, "RED", name=SECRET))
    for node in nodes:
        node.work()
    world.lost = world.twice = 0.0
    world.settle(80)
    shared = {str(indicator(number)["id"]) for number in range(4)}
    assert all({one for one in node.ids() if one in shared} == shared for node in nodes)
    nodes[0].post(indicator(0, "RED", version=2, name=SECRET))
    world.settle(80)
    assert not any(str(indicator(0)["id"]) in node.ids() for node in nodes[1:])
    with at(nodes[10]):
        assert Hidden.objects.exists()
    for _, _, body in world.seen:
        assert SECRET.encode() not in gzip.decompress(body)
