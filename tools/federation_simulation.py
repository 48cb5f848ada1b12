"""A partnership of many nodes in one process: the real code, a database each, a wire that counts.

`python -m tools.federation_simulation [--members 20 50 100 200] [--objects N] [--topologies hubs chords mesh]`. `hubs`: every twentieth node
is a hub, hubs know one another, the others know one hub. `chords`: a ring with chords to far nodes, six peers each. `mesh`: all know all.
A day's objects are posted in pieces of ten by random members; a round lets every node that has something to do work once.
Rounds times the time of one hop (bench/README.md, published to visible) is the time to reach all.

`--everybody`: instead, every member publishes one object, while a tenth of those that are no hubs are away; every tenth takes its
object back; the others come again and publish, too. In the end each node is asked whether it has all that it may have, and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import random  # noqa: TID251 - the same history in every run
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PIECE = 10
HUB_OF = 20  # members around one hub, itself included


def pairs(topology: str, size: int) -> list[tuple[int, int]]:
    """Who knows whom."""
    if topology == "mesh":
        return [(one, other) for one in range(size) for other in range(one + 1, size)]
    if topology == "hubs":
        hubs = list(range(0, size, HUB_OF))
        among = [(one, other) for one in hubs for other in hubs if one < other]
        return among + [(n - n % HUB_OF, n) for n in range(size) if n % HUB_OF]
    steps = (1, max(2, round(size**0.5)), max(3, size // 3))
    return sorted({(min(n, (n + s) % size), max(n, (n + s) % size)) for n in range(size) for s in steps})


@contextmanager
def template(folder: Path, most: int) -> Iterator[Path]:
    """A node after its first start, with so many members that may become peers; to be copied."""
    os.environ["COMMONWATCH_DATA"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "commonwatch.site.settings"
    os.environ.pop("COMMONWATCH_DATABASE_URL", None)
    import django

    django.setup()
    from django.db import connection

    from commonwatch.base.clock import now_us
    from commonwatch.base.parties import actions as parties
    from commonwatch.base.parties.actions import By
    from commonwatch.base.parties.changing import change
    from commonwatch.base.parties.models import MemberKind
    from commonwatch.cli import node

    node.prepare()
    by = By("simulation", now_us())

    def strangers() -> None:
        parties.change_member("home", title="home", kind=MemberKind.STATE_BODY, country="AT", by=by)
        for number in range(most):
            parties.create_member(f"p{number}", "", MemberKind.STATE_BODY, "NO", "", by)

    change("simulation", strangers, by)
    node.close()
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    node.close()
    yield folder / "commonwatch.db"


@dataclass
class Partnership:
    """The nodes at work, and what each has cost: bytes on its lines both ways, and processor time."""

    world: Any
    nodes: list[Any]
    wire: Counter[str] = field(default_factory=Counter)
    cpu: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    dirty: set[str] = field(default_factory=set)  # who may have something to do
    working: list[str] = field(default_factory=lambda: [""])
    away: set[str] = field(default_factory=set)
    parcels: int = 0  # requests that were answered

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """What is done meanwhile is this node's work."""
        self.working.append(name)
        began = time.process_time()
        try:
            yield
        finally:
            self.cpu[name] += time.process_time() - began
            self.working.pop()

    def passed(self, name: str, size: int, spent: float) -> None:
        """A request to a node and its answer, in bytes, and the processor time that the node needed for it."""
        for one in (name, self.working[-1]):
            self.wire[one] += size
        self.cpu[name] += spent
        self.cpu[self.working[-1]] -= spent
        self.dirty.add(name)
        self.parcels += 1

    def rest(self) -> int:
        """Let every node that has something to do work once, until nobody has; how many rounds."""
        rounds = 0
        while self.dirty:
            due = sorted(self.dirty - self.away)
            self.dirty.clear()
            for name in due:
                with self.turn(name):
                    busy = self.world.nodes[name].work()
                if busy:
                    self.dirty.add(name)
            rounds += 1
        return rounds

    def leave(self, names: Iterable[str]) -> None:
        """These cannot be reached, and do nothing."""
        self.away |= set(names)

    def come_again(self) -> None:
        """All are there, and who had something for those that were away tries again."""
        self.away.clear()
        self.dirty |= set(self.world.nodes)

    def forget_costs(self) -> None:
        """What came before does not count."""
        self.wire.clear()
        self.cpu.clear()


def founded(folder: Path, blank: Path, topology: str, size: int) -> Partnership:
    """A partnership whose nodes know one another and have greeted."""
    from tests.federation.nodes import Files, World

    from commonwatch.core.errors import PeerError

    class Counting(World):
        """Keeps nothing of what passes but its size, and whose processor it cost."""

        def send(self, request: Any) -> Any:
            began = time.process_time()
            name = request.url.split("/")[2]
            if name in made.away:
                raise PeerError("peer-unreachable", "it is away", retry=True)
            answer = super().send(request)
            self.seen.clear()
            self.answers.clear()
            made.passed(name, len(request.body) + len(answer.body), time.process_time() - began)
            return answer

    world = Counting(folder, Files(str(blank)))
    made = Partnership(world, [_copied(world, f"node{n}") for n in range(size)])
    keys = {node.name: _key(node) for node in made.nodes}
    degree: Counter[int] = Counter()
    for one, other in pairs(topology, size):
        for near, far in ((one, other), (other, one)):
            _know(made.nodes[near], made.nodes[far], f"p{degree[near]}", keys[made.nodes[far].name])
            degree[near] += 1
    made.dirty |= set(world.nodes)
    made.rest()
    made.forget_costs()
    world.members_change = False
    return made


def spread(partnership: Partnership, objects: int) -> list[int]:
    """Post objects in pieces by random members, each piece spread before the next comes; rounds of each."""
    from bench.objects import one as an_object

    chance, rounds = random.Random(len(partnership.nodes)), []
    for first in range(0, objects, PIECE):
        author = chance.choice(partnership.nodes)
        with partnership.turn(author.name):
            author.post(*[json.loads(an_object(first + n)) for n in range(PIECE)])
        partnership.dirty.add(author.name)
        rounds.append(partnership.rest() - 1)
    return rounds


def simulate(folder: Path, blank: Path, topology: str, size: int, objects: int) -> dict[str, Any]:
    """What so many objects cost a partnership."""
    partnership = founded(folder, blank, topology, size)
    rounds = spread(partnership, objects)
    missing = sum(len(_ids(node)) < objects for node in partnership.nodes)
    assert not missing, f"{missing} nodes lack something"
    deliveries = sum(_received(node) for node in partnership.nodes)
    partnership.world.end()
    bytes_of = sorted(partnership.wire[node.name] for node in partnership.nodes)
    work = sorted(partnership.cpu[node.name] for node in partnership.nodes)
    return {
        "topology": topology,
        "members": size,
        "links": len(pairs(topology, size)),
        "objects": objects,
        "rounds to reach all: median": statistics.median(rounds),
        "most": max(rounds),
        "copies received per object": round(deliveries / objects / (size - 1), 2),
        "KB per object: median node": round(statistics.median(bytes_of) / objects / 1000, 2),
        "KB, busiest": round(bytes_of[-1] / objects / 1000, 2),
        "CPU ms per object: median node": round(statistics.median(work) / objects * 1000, 2),
        "CPU ms, busiest": round(work[-1] / objects * 1000, 2),
    }


def everybody(folder: Path, blank: Path, topology: str, size: int) -> dict[str, Any]:
    """Everybody publishes, some are away meanwhile, some take theirs back: what that cost, once all have what they may have."""
    from tests.base.release.nodes import indicator

    partnership = founded(folder, blank, topology, size)
    nodes, hubs = partnership.nodes, {one for pair in pairs(topology, size) for one in pair[:1]}
    leaves = [number for number in range(size) if topology != "hubs" or number not in hubs]
    away = set(random.Random(size).sample(leaves, size // 10))
    taken_back = [number for number in range(size) if number % 10 == 3 and number not in away]
    partnership.parcels = 0
    partnership.leave(nodes[number].name for number in away)
    began, rounds = time.process_time(), []
    for part in (
        [(number, indicator(number, "GREEN")) for number in range(size) if number not in away],
        [(number, indicator(number, "RED", version=2)) for number in taken_back],
        [(number, indicator(number, "GREEN")) for number in sorted(away)],
    ):
        if part and part[0][0] in away:
            partnership.come_again()
        for number, made in part:
            with partnership.turn(nodes[number].name):
                nodes[number].post(made)
            partnership.dirty.add(nodes[number].name)
        rounds.append(partnership.rest() - 1)
    spent = time.process_time() - began
    ids = [str(indicator(number)["id"]) for number in range(size)]
    gone = {ids[number] for number in taken_back}
    for number, node in enumerate(nodes):
        assert set(node.ids()) == set(ids) - (gone - {ids[number]}), f"{node.name} has too little, or too much"
    partnership.world.end()
    return {
        "topology": topology,
        "members": size,
        "links": len(pairs(topology, size)),
        "away": len(away),
        "published": size,
        "taken back": len(taken_back),
        "rounds: published, taken back, come again": rounds,
        "requests answered": partnership.parcels,
        "MB on all lines": round(sum(partnership.wire.values()) / 2 / 1e6, 1),
        "CPU s of all": round(spent, 1),
        "CPU s, busiest": round(max(partnership.cpu.values()), 1),
    }


def _copied(world: Any, name: str) -> Any:
    """A node of the world; made quicker than by `World.node`, which weighs what follows from its country."""
    from uuid import uuid4

    from tests.federation.nodes import Node, at

    from commonwatch.base.parties.models import Member

    (world.folder / name).mkdir()
    shutil.copy(world.databases.template, world.folder / name / "test.db")
    made = world.nodes[name] = Node(name, "AT", world.folder / name, world)
    with at(made):
        Member.objects.filter(name="home").update(identity=f"identity--{uuid4()}")
    return made


def _key(node: Any) -> tuple[str, str]:
    """Its key and its member's identity."""
    from tests.federation.nodes import at

    from commonwatch.base.keys.node import node_key, public_name
    from commonwatch.base.parties.queries import own_member

    with at(node):
        return public_name(node_key()), own_member().identity


def _know(near: Any, far: Any, name: str, known: tuple[str, str]) -> None:
    """Put a peer on record: what joining leaves behind, without its hour of policy for hundreds of pairs."""
    from tests.base.release.nodes import slot
    from tests.federation.nodes import at

    from commonwatch.base.intake.sources import ensure_source
    from commonwatch.base.parties.models import Member
    from commonwatch.capabilities.federation.models import Peer

    key, identity = known
    with at(near):
        Member.objects.filter(name=name).update(identity=identity)
        member, into = Member.objects.get(name=name), slot()
        source = ensure_source(f"peer {name}", "TLP:AMBER", name)
        Peer.objects.create(
            name=name, member=member, source=source, into_id=into, offered=[into], key=key, url=far.url, joined_us=0
        )


def _received(node: Any) -> int:
    from tests.federation.nodes import at

    from commonwatch.capabilities.federation.models import Peer

    with at(node):
        return int(sum(Peer.objects.values_list("received", flat=True)))


def _ids(node: Any) -> set[str]:
    from tests.federation.nodes import at

    from commonwatch.base.journal.driver import fetch

    with at(node):
        return {str(row) for row in fetch("SELECT uid FROM journal_version", [])}


def main() -> None:
    """Simulate and print one JSON line for each partnership."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, nargs="+", default=[20, 50, 100, 200])
    parser.add_argument("--objects", type=int, default=100)
    parser.add_argument("--topologies", nargs="+", default=["hubs", "chords"], choices=["hubs", "chords", "mesh"])
    parser.add_argument("--everybody", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="federation-simulation-") as temporary:
        blank_folder = Path(temporary) / "blank"
        blank_folder.mkdir()
        known = [Counter(n for pair in pairs(t, m) for n in pair) for t in given.topologies for m in given.members]
        with template(blank_folder, max(max(one.values()) for one in known)) as blank:
            for topology in given.topologies:
                for size in given.members:
                    folder = Path(temporary) / f"{topology}{size}"
                    folder.mkdir()
                    began = time.monotonic()
                    if given.everybody:
                        found = everybody(folder, blank, topology, size)
                    else:
                        found = simulate(folder, blank, topology, size, given.objects)
                    print(json.dumps(found), flush=True)
                    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
