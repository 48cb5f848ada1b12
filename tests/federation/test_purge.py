"""A poisoned member's intelligence is taken back at once, wherever it went, and can be shown again until it is erased."""

from __future__ import annotations

import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.release.models import Recall
from commonwatch.capabilities.federation import purging
from commonwatch.capabilities.federation.actions import pause
from commonwatch.capabilities.federation.models import Peer
from commonwatch.core.errors import CommonwatchError, Conflict, InvalidInput, NotFound
from tests.base.release.nodes import by, indicator
from tests.federation.nodes import Node, World, at


def ids(*numbers: int) -> set[str]:
    return {str(indicator(number)["id"]) for number in numbers}


@pytest.fixture
def line(world: World) -> tuple[Node, Node, Node]:
    """A poisoned member, this node, and one that gets from this node."""
    poisoned, here, far = world.node("poisoned"), world.node("here", "NO"), world.node("far", "CH")
    world.join(poisoned, here)
    world.join(here, far)
    poisoned.post(indicator(1, "GREEN"), indicator(2, "GREEN"))
    here.post(indicator(3, "GREEN"))
    world.settle()
    assert set(far.ids()) == ids(1, 2, 3)
    return poisoned, here, far


def purged(node: Node, name: str = "poisoned", *, with_others: bool = False) -> purging.PurgePlan:
    with at(node):
        return purging.purge(name, "its key was stolen", by(), with_others=with_others)


def test_a_dry_run_says_what_would_happen_and_changes_nothing(line: tuple[Node, Node, Node]) -> None:
    _, here, far = line
    with at(here):
        found = purging.plan("poisoned", with_others=False)
        assert (found.objects, found.types) == (2, {"indicator": 2})
        assert found.recalled_from == {"far": 2} and found.peers_paused == ("poisoned",)
        assert not Peer.objects.get(name="poisoned").paused
    assert set(here.ids()) == set(far.ids()) == ids(1, 2, 3)


def test_a_purge_hides_everything_of_the_member_here_and_wherever_it_went(
    world: World, line: tuple[Node, Node, Node]
) -> None:
    poisoned, here, far = line
    assert purged(here).objects == 2
    world.settle()
    assert set(here.ids()) == set(far.ids()) == ids(3)
    assert set(poisoned.ids()) == ids(1, 2, 3)
    with at(here):
        assert [(one.member.name, one.count, one.answer) for one in Recall.objects.all()] == [("far", 2, "complied")]
        assert Peer.objects.get(name="poisoned").paused
        assert AuditEntry.objects.get(action="federation.purge").detail["reason"] == "its key was stolen"


def test_what_comes_of_the_member_later_is_hidden_too(world: World, line: tuple[Node, Node, Node]) -> None:
    poisoned, here, far = line
    with at(poisoned):
        from commonwatch.base.parties.queries import own_member

        identity = own_member().identity
    purged(here)
    far.post(indicator(4, "GREEN", created_by_ref=identity))
    world.settle()
    assert set(far.ids()) >= ids(4) and set(here.ids()) == ids(3)


def test_undone_it_stands_where_it_stood_and_goes_out_again(world: World, line: tuple[Node, Node, Node]) -> None:
    _, here, far = line
    purged(here)
    world.settle()
    with at(here):
        assert purging.undo("poisoned", "the key was not stolen", by()) == 2
        pause("poisoned", paused=False, by=by())
    world.settle()
    assert set(here.ids()) == set(far.ids()) == ids(1, 2, 3)


def test_undoing_shows_nothing_that_a_peer_has_recalled_meanwhile(world: World, line: tuple[Node, Node, Node]) -> None:
    poisoned, here, _ = line
    purged(here)
    with at(here):
        pause("poisoned", paused=False, by=by())
    poisoned.post(indicator(1, "RED", version=2))
    world.settle()
    with at(here):
        purging.undo("poisoned", "the key was not stolen", by())
    world.settle()
    assert set(here.ids()) == ids(2, 3)


def test_what_others_brought_as_well_stays_unless_it_is_asked_for(world: World) -> None:
    poisoned, here, other = world.node("poisoned"), world.node("here", "NO"), world.node("other", "CH")
    world.join(poisoned, here)
    world.join(other, here)
    for node in (poisoned, other):
        node.post(indicator(1, "GREEN"))
        node.work()  # both bring it, before either gets it from here
    world.settle()
    with at(here):
        found = purging.plan("poisoned", with_others=False)
        assert (found.objects, found.kept) == (0, {"other": 1})
    assert purged(here, with_others=True).objects == 1
    world.settle()
    assert here.ids() == {}


def test_erased_it_is_gone_for_good(world: World, line: tuple[Node, Node, Node]) -> None:
    _, here, _ = line
    purged(here)
    with at(here):
        assert purging.erase("poisoned", "poisoned", by()) == 2
        with pytest.raises(Conflict, match="has been erased"):
            purging.undo("poisoned", "changed our mind", by())
    world.settle()
    assert set(here.ids()) == ids(3)


@pytest.mark.parametrize(
    ("name", "reason", "refusal"),
    [("home", "r", InvalidInput), ("nobody", "r", NotFound), ("poisoned", " ", InvalidInput)],
)
def test_what_cannot_be_purged_is_refused(
    line: tuple[Node, Node, Node], name: str, reason: str, refusal: type[CommonwatchError]
) -> None:
    with at(line[1]), pytest.raises(refusal):
        purging.purge(name, reason, by(), with_others=False)


def test_a_second_purge_and_the_end_of_none_are_refused(line: tuple[Node, Node, Node]) -> None:
    with at(line[1]), pytest.raises(NotFound):
        purging.undo("poisoned", "r", by())
    purged(line[1])
    with at(line[1]), pytest.raises(Conflict):
        purging.purge("poisoned", "r", by(), with_others=False)
