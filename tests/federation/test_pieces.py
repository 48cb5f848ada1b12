"""A line that breaks again and again under what a node sends: what came stays, and the rest of the very parcel follows in pieces."""

from __future__ import annotations

import gzip
import random
import socket
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.journal import acts
from commonwatch.base.release.models import Handover
from commonwatch.capabilities.federation import arriving, sending
from commonwatch.capabilities.federation.arriving import Piece
from commonwatch.capabilities.federation.calling import call_counted
from commonwatch.capabilities.federation.models import Arrived, Outgoing, Peer
from commonwatch.capabilities.federation.rules import PIECE, SMALLEST_PIECE, piece_size
from commonwatch.capabilities.federation.transport import HttpTransport, LineBroke
from commonwatch.capabilities.federation.wire import Answer, Request, content_digest
from commonwatch.core.errors import InvalidInput, PeerError
from tests.base.release.nodes import indicator
from tests.federation.nodes import Node, World, at

MANY = 200
LINE = 120_000  # bytes that the line carries before it breaks


@pytest.fixture
def pair(world: World) -> Iterator[tuple[Node, Node]]:
    """A node that has a parcel of some 400 KB, packed, for another one, and sends by itself."""
    vienna, field = world.node("vienna"), world.node("field", "KE")
    world.join(vienna, field)
    world.settle()
    noise = random.Random(7)
    vienna.post(*[indicator(number, "GREEN", description=noise.randbytes(2_000).hex()) for number in range(MANY)])
    yield vienna, field


def tries(world: World, node: Node, most: int) -> int:
    """How often the node tries until everything is sent."""
    for number in range(1, most + 1):
        with at(node):
            Peer.objects.update(next_try_us=0)
            sending.send_due(world, now_us())
            if Peer.objects.get().failures == 0 and not Outgoing.objects.exists():
                return number
    raise AssertionError("it does not come to an end")


def test_a_parcel_larger_than_the_line_carries_gets_through_and_costs_little_more_than_itself(
    world: World, pair: tuple[Node, Node]
) -> None:
    vienna, field = pair
    world.breaks_after, world.carried = LINE, 0
    before = len(world.seen)
    count = tries(world, vienna, 20)
    sent = sum(len(body) for _, _, body in world.seen[before:])
    assert len(field.ids()) == MANY
    with at(field):
        assert Peer.objects.get().received == MANY and not Arrived.objects.exists()
    with at(vienna):
        assert Peer.objects.get().sent == MANY
    whole = whole_parcel(world)
    assert 2 * LINE < whole < sent < 1.2 * whole and count <= 1 + whole // (LINE - PIECE) + 1


def whole_parcel(world: World) -> int:
    """How large the parcel is where nothing breaks: for another node that has nothing yet."""
    vienna, other = world.nodes["vienna"], world.node("other", "KE")
    world.breaks_after = 0
    world.join(vienna, other)
    before = len(world.seen)
    world.settle()
    return max(len(body) for _, to, body in world.seen[before:] if to == "other")


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_is_lost_doubled_or_cut_each_object_comes_once(
    world: World, pair: tuple[Node, Node], seed: int
) -> None:
    vienna, field = pair
    world.chance = random.Random(seed)
    world.lost, world.cut, world.twice, world.breaks_after = 0.2, 0.2, 0.2, LINE
    tries(world, vienna, 200)
    assert len(field.ids()) == MANY
    with at(field):
        assert not Arrived.objects.exists()


def test_one_parcel_is_on_record_once_however_often_the_line_breaks(world: World, pair: tuple[Node, Node]) -> None:
    vienna, _ = pair
    with at(vienna):
        before = Handover.objects.filter(outgoing=True).count()
    world.breaks_after, world.carried = LINE, 0
    assert tries(world, vienna, 20) > 2
    with at(vienna):
        assert Handover.objects.filter(outgoing=True).count() == before + 1


def test_where_the_answer_to_the_last_piece_is_lost_nothing_is_sent_twice(
    world: World, pair: tuple[Node, Node]
) -> None:
    vienna, field = pair
    world.breaks_after, world.carried = LINE, 0
    lossy = LosesLastAnswer(world)
    with at(vienna):
        for _ in range(20):
            Peer.objects.update(next_try_us=0)
            sending.send_due(lossy, now_us())
            if lossy.lost:
                break
        assert Outgoing.objects.exists() and len(field.ids()) == MANY
        before = len(world.seen)
        Peer.objects.update(next_try_us=0)
        sending.send_due(world, now_us())
        assert not Outgoing.objects.exists() and Peer.objects.get().failures == 0
    assert sum(len(body) for _, _, body in world.seen[before:]) < 2_000


class LosesLastAnswer:
    """The wire, which loses the one answer that says that a parcel was taken in."""

    def __init__(self, world: World) -> None:
        self.world, self.lost = world, False

    def send(self, request: Request) -> Answer:
        answer = self.world.send(request)
        if request.url.endswith("/piece") and b'"verdict":{' in answer.body:
            self.lost = True
            raise LineBroke("the answer was lost")
        return answer


def test_what_may_not_go_any_more_is_not_sent_on(world: World, pair: tuple[Node, Node]) -> None:
    vienna, field = pair
    world.breaks_after, world.carried = LINE, 0
    erased = str(indicator(MANY - 1)["id"])
    with at(vienna):
        for _ in range(2):
            Peer.objects.update(next_try_us=0)
            sending.send_due(world, now_us())
        before = Outgoing.objects.get().digest
        acts.erase("indicator", UUID(erased.partition("--")[2]).bytes, actor="test", reason="a judgment")
    with at(field):
        assert set(Arrived.objects.values_list("digest", flat=True)) == {before}
    tries(world, vienna, 40)
    assert erased not in field.ids() and len(field.ids()) == MANY - 1
    with at(field):
        assert not Arrived.objects.exists(), "what had come of the old is of no use to anybody"


def test_a_peer_that_takes_no_pieces_gets_less_at_once(world: World, pair: tuple[Node, Node]) -> None:
    vienna, field = pair
    world.breaks_after, world.carried = LINE, 0
    older = TakesNoPieces(world)
    with at(vienna):
        for _ in range(40):
            Peer.objects.update(next_try_us=0)
            sending.send_due(older, now_us())
            if len(field.ids()) == MANY:
                break
    assert len(field.ids()) == MANY and older.refused


class TakesNoPieces:
    """The wire to a node of a version before pieces."""

    def __init__(self, world: World) -> None:
        self.world, self.refused = world, 0

    def send(self, request: Request) -> Answer:
        if request.url.endswith("/piece"):
            self.refused += 1
            raise PeerError("peer-refused", "The peer answered 404: There is nothing at piece.", retry=False)
        return self.world.send(request)


@pytest.fixture
def receiving(world: World) -> Iterator[Peer]:
    """At a node, the peer that sends it pieces."""
    vienna, field = world.node("vienna"), world.node("field", "KE")
    world.join(vienna, field)
    with at(field):
        yield Peer.objects.get()


def test_pieces_are_kept_in_order_within_bounds_and_for_a_time(receiving: Peer) -> None:
    body = random.Random(1).randbytes(20_000)
    digest, now = content_digest(body), now_us()

    def piece(first: int, last: int, **other: Any) -> Piece:
        made = Piece(digest, len(body), first, body[first:last])
        return msgspec.structs.replace(made, **other)

    def keep(first: int, last: int, **other: Any) -> int:
        return arriving.keep(receiving, piece(first, last, **other), now)

    assert keep(0, 0) == 0 and keep(8_000, 16_000) == 0, "one asks, the other does not follow"
    assert keep(0, 8_000) == 8_000 and keep(0, 8_000) == 8_000 and keep(8_000, 16_000) == 16_000
    assert keep(16_000, 20_000) == 20_000 and arriving.whole(receiving, piece(0, 0)) == body
    for wrong in (
        {"size": arriving.MOST_BYTES + 1},
        {"size": 0, "body": b""},
        {"begins": -5_000, "body": bytes(5_000)},
        {"begins": 19_000, "body": bytes(5_000)},
        {"whole": "x" * 101},
        {"body": bytes(SMALLEST_PIECE - 1)},
    ):
        with pytest.raises(InvalidInput):
            arriving.keep(receiving, piece(0, 5_000, **wrong), now)
    other = content_digest(b"other")
    assert keep(0, 5_000, whole=other) == 5_000 and keep(0, 0) == 0, "the first of another takes the place"
    with pytest.raises(InvalidInput, match="do not make the whole"):
        arriving.whole(receiving, piece(0, 0, whole=other))
    assert not Arrived.objects.exists()
    keep(0, 8_000)
    arriving.expire(now + arriving.KEPT_US + 1)
    assert not Arrived.objects.exists()


def test_a_whole_that_is_no_parcel_is_refused_and_does_no_harm(world: World, pair: tuple[Node, Node]) -> None:
    vienna, field = pair
    bomb = gzip.compress(bytes(80_000_000))
    for raw in (b"nonsense" * 1_000, bomb, gzip.compress(b'{"slot":"x"}')):
        with at(vienna):
            peer = Peer.objects.get()
            piece = Piece(content_digest(raw), len(raw), 0, raw)
            with pytest.raises(PeerError, match=r"answered 4\d\d"):
                call_counted(world, peer.url, peer.key, "piece", msgspec.json.encode(piece))
    tries(world, vienna, 5)
    assert len(field.ids()) == MANY


def test_pieces_shrink_with_failures_in_a_row() -> None:
    assert [piece_size(failures) for failures in (0, 1, 2, 50)] == [65_536, 32_768, 16_384, SMALLEST_PIECE]


def test_over_http_a_line_that_breaks_is_told_from_a_peer_that_is_not_there(settings: Any) -> None:
    settings.COMMONWATCH = settings.COMMONWATCH.model_copy(update={"outbound_networks": ["127.0.0.0/8"]})
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def break_off() -> None:
            line, _ = server.accept()
            line.recv(10_000)
            line.close()

        thread = threading.Thread(target=break_off)
        thread.start()
        transport = HttpTransport()
        with pytest.raises(LineBroke):
            transport.send(Request("POST", f"http://127.0.0.1:{port}/", {}, bytes(5_000_000)))
        thread.join()
    with pytest.raises(PeerError) as gone:
        transport.send(Request("POST", f"http://127.0.0.1:{port}/", {}, b""))
    assert not isinstance(gone.value, LineBroke)
    transport.close()
