"""Many nodes in one process: each its own folder and SQLite database, joined by a wire that can be made to fail.

One node is at work at a time; `at` makes it the one whose settings, database and caches the code sees.
"""

from __future__ import annotations

import json
import random
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections

from commonwatch.base.clock import now_us
from commonwatch.base.journal import followers
from commonwatch.base.journal import sequencer as writing
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import Member, MemberKind
from commonwatch.base.release import deciding, pages, recalls, served, types
from commonwatch.base.release.receipts import ReceiptFollower
from commonwatch.capabilities.exchange.taxii_server import adding
from commonwatch.capabilities.federation import joining, recalling, serving
from commonwatch.capabilities.federation.fetching import fetch_due
from commonwatch.capabilities.federation.joining import Known
from commonwatch.capabilities.federation.membership.exchanging import sync_due
from commonwatch.capabilities.federation.models import Peer, Told
from commonwatch.capabilities.federation.sending import send_due
from commonwatch.capabilities.federation.transport import CutOff, LineBroke
from commonwatch.capabilities.federation.wire import Answer, Request
from commonwatch.core.errors import PeerError
from tests.base.release.nodes import post

CUT_WITHIN = 3_000  # bytes after which an answer that breaks off has broken off
FAR_US = 10_000 * 1_000_000  # past every retry
FOLLOWERS = (ReceiptFollower(), recalling.RecallFollower())


class Databases(Protocol):
    """Where the nodes' databases come from. Nobody is connected to those that are copied."""

    template: str

    def of(self, folder: Path) -> str:
        """The name of the database of the node in this folder."""

    def copy(self, source: str, target: str) -> None:
        """Make the target what the source is."""


@dataclass
class Files:
    """SQLite: a file for each."""

    template: str

    def of(self, folder: Path) -> str:
        return str(folder / "test.db")

    def copy(self, source: str, target: str) -> None:
        for extra in ("", "-wal", "-shm"):
            Path(target + extra).unlink(missing_ok=True)
        with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
            one.backup(other)


@dataclass
class OnServer:
    """PostgreSQL: a database for each, made from a template by `run`, which is connected to another."""

    template: str
    run: Callable[[str], object]
    made: set[str] = field(default_factory=set)

    def of(self, folder: Path) -> str:
        return f"node_{zlib.crc32(str(folder).encode()):08x}"

    def copy(self, source: str, target: str) -> None:
        self.made.add(target)
        self.run(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
        # Threads of tests before this one may still hold sessions, and nobody may while a database is copied.
        self.run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'")
        self.run(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')

    def clear(self) -> None:
        """Drop them all."""
        for name in self.made:
            self.run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@dataclass
class Node:
    """One node of a partnership."""

    name: str
    country: str
    folder: Path
    world: World

    @property
    def url(self) -> str:
        return f"http://{self.name}"

    def now(self) -> int:
        """This node's clock."""
        return now_us() + self.world.skew_us.get(self.name, 0)

    def work(self) -> bool:
        """One round of what the worker does; whether anything was done."""
        with at(self):
            busy = any([followers.advance(one, 5_000) for one in FOLLOWERS])  # noqa: C419
            busy = recalls.send(5_000) > 0 or busy
            busy = recalling.carry_out() > 0 or busy
            Peer.objects.update(next_try_us=0, fetched_us=0)
            Told.objects.filter(digest="").update(at_us=0)
            if self.world.members_change:
                busy = sync_due(self.world, By("test", self.now())) or busy
            busy = send_due(self.world, self.now()) or busy
            return fetch_due(self.world, self.now()) or busy

    @property
    def database(self) -> str:
        """What its database is called: a file, or a name on the server."""
        return self.world.databases.of(self.folder)

    def back_up(self) -> None:
        """Keep the database as it is now."""
        self.end()
        self.world.databases.copy(self.database, f"{self.database}_old")

    def restore(self) -> None:
        """Become what was kept, and start."""
        self.end()
        self.world.databases.copy(f"{self.database}_old", self.database)
        with at(self):
            Peer.objects.update(greeted=False)

    def end(self) -> None:
        """End what the process holds of it, as at the end of a node's own process."""
        if (held := self.world.alive.pop(self.database, None)) is not None:
            held.close()

    def post(self, *objects: dict[str, Any]) -> None:
        with at(self):
            post(objects)

    def ids(self) -> dict[str, str]:
        """What the node's own member sees in `main`: id to version, as current."""
        from commonwatch.base.release.access import access_for
        from commonwatch.core.taxii.filters import ObjectFilter
        from tests.base.release.nodes import slot

        with at(self):
            who = Member.objects.get(name="home").pk
            body = pages.objects_page(access_for(who), slot(), ObjectFilter(), 1000, None).body
        found = json.loads(b"[" + body + b"]")
        return {one["id"]: one.get("modified", "") for one in found if one["type"] == "indicator"}


@dataclass
class Alive:
    """What the process holds of a node while another is at work: its connection, its sequencer, what it has decided."""

    connection: Any
    sequencer: Any
    worlds: Any
    epoch: int

    def close(self) -> None:
        """End all of it."""
        if self.sequencer is not None:
            self.sequencer.close()
        self.connection.close()


@dataclass
class World:
    """Every node, and the wire between them. `fault(request, node)` may raise, or name what goes wrong."""

    folder: Path
    databases: Databases
    nodes: dict[str, Node] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    lost: float = 0.0  # share of requests, and again of answers, that do not arrive
    breaks_after: int = 0  # bytes of requests that the line carries before it breaks, again and again; 0: it holds
    carried: int = 0  # since it broke last
    cut: float = 0.0  # share of answers that break off at some byte near their beginning
    twice: float = 0.0  # share of requests that arrive twice
    apart: set[frozenset[str]] = field(default_factory=set)  # pairs that cannot reach each other
    skew_us: dict[str, int] = field(default_factory=dict)
    late: float = 0.0  # share of requests that arrive much later, after others: the sender takes them for lost
    seen: list[tuple[str, str, bytes]] = field(default_factory=list)  # from, to, body: everything on the wire
    answers: list[tuple[str, str, bytes]] = field(default_factory=list)  # the same of what came back
    held_back: list[tuple[str, Request]] = field(default_factory=list)
    members_change: bool = (
        True  # else nodes do not look for news of the membership, which costs a third of an idle turn
    )
    alive: dict[str, Alive] = field(default_factory=dict)  # by database: to start anew at each turn would cost 15 ms

    def node(self, name: str, country: str = "AT") -> Node:
        """A new node whose own member is of this country."""
        folder = self.folder / name
        folder.mkdir()
        self.databases.copy(self.databases.template, self.databases.of(folder))
        made = self.nodes[name] = Node(name, country, folder, self)
        with at(made):
            from uuid import uuid4

            from commonwatch.base.parties import actions as parties
            from commonwatch.base.parties.changing import change

            Member.objects.filter(name="home").update(identity=f"identity--{uuid4()}", title=name)
            by = By("test", now_us())
            change("test", lambda: parties.change_member("home", title=name, kind=None, country=country, by=by), by)
        return made

    def join(self, one: Node, other: Node, *, reachable: bool = True) -> None:
        """Two nodes become peers; where the second is not reachable, it fetches."""
        by = By("test", now_us())
        with at(one):
            code = joining.invite(Known(other.name, MemberKind.STATE_BODY, other.country), one.url, by)
        with at(other):
            joining.join(
                code, Known(one.name, MemberKind.STATE_BODY, one.country), other.url if reachable else "", self, by
            )

    def settle(self, rounds: int = 60) -> None:
        """Let every node work until nobody has anything to do."""
        for _ in range(rounds):
            if not any([node.work() for node in self.nodes.values()]):  # noqa: C419
                return
        raise AssertionError("the partnership does not come to rest")

    def send(self, request: Request) -> Answer:
        """The wire: a request goes to the node its address names, and what that answers comes back, unless it is lost."""
        name = urlsplit(request.url).hostname or ""
        sender = _here[-1]
        if frozenset((sender.name, name)) in self.apart or name not in self.nodes or self.chance.random() < self.lost:
            raise PeerError("peer-unreachable", "no answer", retry=True)
        self.carried += len(request.body)
        if self.breaks_after and self.carried > self.breaks_after:
            self.carried = 0
            raise LineBroke("the line broke")
        self.seen.append((sender.name, name, request.body))
        if self.chance.random() < self.late:
            self.held_back.append((name, request))
            raise PeerError("peer-unreachable", "no answer yet", retry=True)
        answer = self._deliver(request, name)
        if self.cut and self.chance.random() < self.cut:
            answer.body = answer.body[: self.chance.randrange(min(len(answer.body) + 1, CUT_WITHIN))]
            self.answers.append((name, sender.name, answer.body))
            raise CutOff(Answer(answer.status_code, request, answer.headers, answer.body), "the line broke")
        self.answers.append((name, sender.name, answer.body))
        if self.chance.random() < self.twice:
            self._deliver(request, name)
        if self.chance.random() < self.lost:
            raise LineBroke("the answer was lost")
        return Answer(answer.status_code, request, answer.headers, answer.body)

    def end(self) -> None:
        """End every node."""
        for node in self.nodes.values():
            node.end()

    def deliver_late(self) -> None:
        """What was held back arrives, last first."""
        while self.held_back:
            name, request = self.held_back.pop()
            self._deliver(request, name)

    def _deliver(self, request: Request, name: str) -> Answer:
        node = self.nodes[name]
        copy = Request(request.method, urlsplit(request.url).path, dict(request.headers), request.body)
        with at(node):
            return serving.answer(copy, node.now())


_here: list[Node] = []


@contextmanager
def at(node: Node) -> Iterator[Node]:
    """Be this node for a while."""
    before = (settings.COMMONWATCH, connections["default"].settings_dict["NAME"])
    _be(settings.COMMONWATCH.model_copy(update={"data": node.folder}), node.database, node.world.alive)
    _here.append(node)
    try:
        yield node
    finally:
        _here.pop()
        _be(*before, node.world.alive)


def _be(configured: Any, database: str, alive: dict[str, Alive]) -> None:
    _lay_aside(alive)
    settings.COMMONWATCH = configured
    connections["default"].settings_dict["NAME"] = database
    for forget in (types.forget, deciding.forget, pages.forget, served.forget, adding.forget_channels):
        forget()
    if (kept := alive.pop(database, None)) is not None:
        connections["default"], writing._sequencer = kept.connection, kept.sequencer
        deciding._current.worlds, deciding._current.epoch = kept.worlds, kept.epoch


def _lay_aside(alive: dict[str, Alive]) -> None:
    """Keep what is open of the node that was at work, and make room for another's."""
    held, current = connections["default"], deciding._current
    alive[held.settings_dict["NAME"]] = Alive(held, writing._sequencer, current.worlds, current.epoch)
    connections["default"] = connections.create_connection("default")
    writing._sequencer = None
