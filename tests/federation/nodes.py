"""Many nodes in one process: each its own folder and SQLite database, joined by a wire that can be made to fail.

One node is at work at a time; `at` makes it the one whose settings, database and caches the code sees.
"""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connections

from commonwatch.base.clock import now_us
from commonwatch.base.journal import followers
from commonwatch.base.journal.sequencer import close_sequencer
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import Member, MemberKind
from commonwatch.base.release import deciding, pages, recalls, served, types
from commonwatch.base.release.receipts import ReceiptFollower
from commonwatch.capabilities.exchange.taxii_server import adding
from commonwatch.capabilities.federation import joining, recalling, serving
from commonwatch.capabilities.federation.joining import Known
from commonwatch.capabilities.federation.models import Peer
from commonwatch.capabilities.federation.sending import fetch_due, send_due
from commonwatch.capabilities.federation.wire import Answer, Request
from commonwatch.core.errors import PeerError
from tests.base.release.nodes import post

FAR_US = 10_000 * 1_000_000  # past every retry
FOLLOWERS = (ReceiptFollower(), recalling.RecallFollower())


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
            busy = send_due(self.world, self.now()) or busy
            return fetch_due(self.world, self.now()) or busy

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
class World:
    """Every node, and the wire between them. `fault(request, node)` may raise, or name what goes wrong."""

    folder: Path
    template: Path
    nodes: dict[str, Node] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    lost: float = 0.0  # share of requests, and again of answers, that do not arrive
    twice: float = 0.0  # share of requests that arrive twice
    apart: set[frozenset[str]] = field(default_factory=set)  # pairs that cannot reach each other
    skew_us: dict[str, int] = field(default_factory=dict)
    seen: list[tuple[str, str, bytes]] = field(default_factory=list)  # from, to, body: everything on the wire

    def node(self, name: str, country: str = "AT") -> Node:
        """A new node whose own member is of this country."""
        folder = self.folder / name
        folder.mkdir()
        shutil.copy(self.template, folder / "test.db")
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
        self.seen.append((sender.name, name, request.body))
        answer = self._deliver(request, name)
        if self.chance.random() < self.twice:
            self._deliver(request, name)
        if self.chance.random() < self.lost:
            raise PeerError("peer-unreachable", "the answer was lost", retry=True)
        return Answer(answer.status_code, request, answer.headers, answer.body)

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
    _be(settings.COMMONWATCH.model_copy(update={"data": node.folder}), str(node.folder / "test.db"))
    _here.append(node)
    try:
        yield node
    finally:
        _here.pop()
        _be(*before)


def _be(configured: Any, database: str) -> None:
    close_sequencer()
    connections["default"].close()
    settings.COMMONWATCH = configured
    connections["default"].settings_dict["NAME"] = database
    for forget in (types.forget, deciding.forget, pages.forget, served.forget, adding.forget_channels):
        forget()


Check = Callable[[], None]
