"""Files that are carried: sealed for one node, signed by another, harmless twice, late or out of order."""

from __future__ import annotations

import pytest

from commonwatch.base.clock import now_us
from commonwatch.capabilities.federation import bundles
from commonwatch.capabilities.federation.actions import peer_named
from commonwatch.core.errors import CommonwatchError, IntegrityError, NotAllowed, NotFound
from tests.base.release.nodes import indicator
from tests.federation.nodes import Node, World, at


def made(node: Node, peer: str, *, further: bool = False) -> bytes:
    with at(node):
        return bundles.make(peer_named(peer), now_us(), further=further)[0]


def applied(node: Node, sealed: bytes) -> bundles.Applied:
    with at(node):
        return bundles.apply(sealed, now_us())


@pytest.fixture
def pair(world: World) -> tuple[Node, Node]:
    vienna, field = world.node("vienna"), world.node("field", "KE")
    world.join(vienna, field)
    world.apart.add(frozenset(("vienna", "field")))
    return vienna, field


def test_a_bundle_brings_what_a_line_would_and_twice_does_no_harm(pair: tuple[Node, Node]) -> None:
    vienna, field = pair
    vienna.post(indicator(1, "GREEN"), indicator(2, "RED"))
    sealed = made(vienna, "field")
    assert b"indicator" not in sealed
    first = applied(field, sealed)
    assert first.admitted > 0 and not first.missing and list(field.ids()) == [indicator(1)["id"]]
    assert applied(field, sealed).admitted == 0


def test_a_later_bundle_waits_for_the_earlier_one(pair: tuple[Node, Node]) -> None:
    vienna, field = pair
    vienna.post(indicator(1, "GREEN"))
    monday = made(vienna, "field")
    vienna.post(indicator(2, "GREEN"))
    tuesday = made(vienna, "field", further=True)
    assert applied(field, tuesday).missing and field.ids() == {}
    applied(field, monday)
    assert not applied(field, tuesday).missing
    assert len(field.ids()) == 2


def test_a_bundle_back_acknowledges(pair: tuple[Node, Node]) -> None:
    vienna, field = pair
    vienna.post(indicator(1, "GREEN"))
    applied(field, made(vienna, "field"))
    field.post(indicator(2, "GREEN"))
    applied(vienna, made(field, "vienna"))
    assert len(vienna.ids()) == 2
    with at(vienna):
        assert bundles.make(peer_named("field"), now_us(), further=False)[1] == 0


def test_only_the_node_it_was_made_for_opens_it_and_only_as_it_was_made(world: World, pair: tuple[Node, Node]) -> None:
    vienna, field = pair
    vienna.post(indicator(1, "GREEN"))
    sealed = made(vienna, "field")
    with pytest.raises(NotAllowed, match="does not open"):
        applied(world.node("stranger"), sealed)
    for place in range(0, len(sealed), max(1, len(sealed) // 25)):
        altered = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        with pytest.raises(CommonwatchError):
            applied(field, altered)
    assert field.ids() == {}


def test_content_that_its_maker_did_not_sign_is_refused(
    pair: tuple[Node, Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    vienna, field = pair
    vienna.post(indicator(1, "GREEN"))
    monkeypatch.setattr(bundles, "_SIGNED", b"something else\n")
    sealed = made(vienna, "field")
    monkeypatch.undo()
    with pytest.raises(IntegrityError, match="not as its maker signed it"):
        applied(field, sealed)


def test_a_bundle_of_nobody_we_know_is_refused(world: World) -> None:
    one, other = world.node("one"), world.node("other")
    world.join(one, other)
    sealed = made(one, "other")
    with at(other):
        peer_named("one").delete()
    with pytest.raises(NotFound, match="No peer made this bundle"):
        applied(other, sealed)
