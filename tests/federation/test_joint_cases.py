"""One case at several nodes: members write at once, one of them without a line for a day, and all see the same afterwards."""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Callable

import pytest

from commonwatch.base.parties.actions import By
from commonwatch.base.parties.authoring import member_key
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.reader import for_member
from commonwatch.base.threads.queries import thread
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import entries, opening, taking_part
from commonwatch.capabilities.incidents.actions.opening import Invited, Report
from commonwatch.capabilities.incidents.actions.writing import For, opened
from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.core.errors import CommonwatchError, NotFound
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from tests.federation.nodes import Node, World, at

DAY = 86_400


def three(world: World) -> tuple[Node, Node, Node]:
    vienna, oslo, bern = world.node("vienna"), world.node("oslo", "NO"), world.node("bern", "CH")
    for node in (vienna, oslo, bern):
        with at(node):
            member_key(own_member(), now(node).now_us)
    for one, other in ((vienna, oslo), (vienna, bern), (oslo, bern)):
        world.join(one, other)
    return vienna, oslo, bern


def now(node: Node, seconds: int = 0) -> By:
    """So long after the case began, which was three days ago: nobody takes what is from the future."""
    return By(node.name, node.now() + (seconds - 3 * DAY) * 1_000_000)


def seen(node: Node, case: str) -> Case:
    with at(node):
        return queries.case(for_member(HOME, DEFAULT_PURPOSE, node.name), case)


def identity(node: Node) -> str:
    with at(node):
        return own_member().identity


def cut(world: World, *pairs: tuple[Node, Node]) -> None:
    world.apart = {frozenset((one.name, other.name)) for one, other in pairs}


def test_two_edit_at_once_one_offline_for_a_day_and_nothing_is_lost(world: World) -> None:
    vienna, oslo, bern = three(world)
    with at(vienna):
        case = opening.report(Report("Wiper", with_=(Invited("oslo"), Invited("bern"))), now(vienna))
        task = entries.add_task(case, entries.ToDo("Block", owner="oslo"), now(vienna, 1))
    world.settle()
    assert seen(oslo, case) == seen(vienna, case) == seen(bern, case)

    cut(world, (oslo, vienna), (oslo, bern))
    with at(oslo):
        entries.add_note(case, "Seen in Oslo", now(oslo, 10))
        entries.change_task(case, task, entries.Change(outcome="successful", reason="blocked"), now(oslo, 20))
        opening.rate(case, "uk-ncsc", "3", "", now(oslo, 30))
        opening.move(case, "contained", "", now(oslo, 40))  # a proposal: Oslo does not lead
        opening.acknowledge(case, "", now(oslo, 50))
    with at(vienna):
        opening.triage(case, "malicious-code.infected-system", "severe", "confirmed", "", now(vienna, 15))
        entries.change_task(case, task, entries.Change(outcome="cancelled"), now(vienna, 25))
    world.settle()
    with at(vienna):
        entries.add_note(case, "Seen in Vienna", now(vienna, DAY))
    world.settle()
    assert [one.text for one in seen(bern, case).of("note")] == ["Seen in Vienna"]
    assert [one.text for one in seen(oslo, case).of("note")] == ["Seen in Oslo"]

    world.apart = set()
    world.settle()
    whole = seen(vienna, case)
    assert seen(oslo, case) == whole == seen(bern, case)
    assert [one.text for one in whole.of("note")] == ["Seen in Oslo", "Seen in Vienna"]
    assert (whole.state, whole.level, whole.task(task).outcome) == ("triaged", "severe", "cancelled")  # type: ignore[union-attr]
    assert [[said.author for said in one.sayings] for one in whole.contests] == [[identity(vienna), identity(oslo)]]
    assert [(one.author, one.value) for one in whole.proposals] == [(identity(oslo), "contained")]
    assert [severity.value for _, severity in whole.severities] == ["3"]

    with at(vienna):
        done = next(one.id for one in whole.contests[0].sayings if one.value == "successful")
        opening.settle(case, done, "It was blocked before we cancelled", now(vienna, DAY + 10))
    world.settle()
    settled = seen(oslo, case)
    assert settled == seen(vienna, case)
    assert (settled.contests, settled.task(task).outcome) == ((), "successful")  # type: ignore[union-attr]


def test_the_lead_passes_while_the_one_who_had_it_is_offline(world: World) -> None:
    vienna, oslo, bern = three(world)
    with at(vienna):
        case = opening.report(Report("Wiper", with_=(Invited("oslo"), Invited("bern"))), now(vienna))
        taking_part.offer_lead(case, "oslo", "night shift", now(vienna, 1))
    world.settle()
    cut(world, (vienna, oslo), (vienna, bern))
    with at(oslo):
        taking_part.answer_lead(case, "", now(oslo, 10), accept=True)
        opening.triage(case, "availability.ddos", "high", "", "", now(oslo, 20))
    with at(vienna):  # it does not know yet that it does not lead any more
        opening.triage(case, "fraud.phishing", "low", "", "", now(vienna, 30))
    world.settle()
    assert seen(vienna, case).rsit == "fraud.phishing"
    world.apart = set()
    world.settle()
    whole = seen(vienna, case)
    assert seen(oslo, case) == whole == seen(bern, case)
    assert (whole.lead, whole.rsit, whole.level) == (identity(oslo), "availability.ddos", "high")
    assert {one.slot[1] for one in whole.proposals} == {"rsit", "severity", "state"}


def test_who_may_not_see_some_entries_sees_a_consistent_rest(world: World) -> None:
    vienna, oslo, bern = three(world)
    with at(vienna):
        case = opening.report(Report("Wiper", with_=(Invited("oslo"), Invited("bern", "police"))), now(vienna))
        shown = entries.add_task(case, entries.ToDo("Patch", for_=For(shared_with=("police",))), now(vienna, 1))
        entries.add_task(case, entries.ToDo("Look at the logs", owner="oslo"), now(vienna, 2))
        entries.add_note(case, "between CSIRTs", now(vienna, 3))
    world.settle()
    with at(bern):
        entries.add_note(case, "suspect known", now(bern, 4))
        entries.add_note(case, "server seized", now(bern, 5), for_=For(shared_with=("csirt",)))
    world.settle()
    police, csirt = seen(bern, case), seen(oslo, case)
    assert [one.text for one in police.of("note")] == ["suspect known", "server seized"]
    assert [one.text for one in csirt.of("note")] == ["between CSIRTs", "server seized"]
    assert [one.id for one in police.tasks] == [shown]
    assert (police.state, police.lead, police.participants) == (csirt.state, csirt.lead, csirt.participants)


def test_a_member_that_comes_later_sees_the_case_from_then_on_and_what_is_shared(world: World) -> None:
    vienna, oslo, bern = three(world)
    with at(vienna):
        case = opening.report(Report("Wiper", with_=(Invited("oslo"),)), now(vienna))
    world.settle()
    with at(oslo):
        entries.add_note(case, "Oslo, early", now(oslo, 1))
    world.settle()
    with at(bern), pytest.raises(NotFound):
        queries.case(for_member(HOME, DEFAULT_PURPOSE, "bern"), case)
    with at(vienna):
        taking_part.add(case, Invited("bern"), "", now(vienna, 10))
    world.settle()
    assert seen(bern, case).of("note") == ()
    with at(oslo):
        missing = taking_part.unshared(opened(case, now(oslo, 20)))
        assert {one: len(parts) for one, parts in missing.items()} == {member_named("bern").identity: 1}
        taking_part.share_earlier(case, "bern", (), now(oslo, 20))
    world.settle()
    assert [one.text for one in seen(bern, case).of("note")] == ["Oslo, early"]
    assert seen(bern, case).history == seen(oslo, case).history
    assert seen(oslo, case) == seen(vienna, case)


def something(chance: random.Random, case: str, by: By) -> None:
    """One act of somebody, by chance; what may not be done is refused, and changes nothing."""
    found = queries.case(for_member(HOME, DEFAULT_PURPOSE, by.actor), case)
    task = chance.choice(found.tasks).id if found.tasks else ""
    acts: list[Callable[[], object]] = [
        lambda: entries.add_note(case, f"{by.actor} at {by.now_us}", by),
        lambda: entries.add_task(case, entries.ToDo(f"task of {by.actor}"), by),
        lambda: entries.change_task(case, task, entries.Change(outcome=chance.choice(("ongoing", "successful"))), by),
        lambda: entries.change_task(case, task, entries.Change(owner="home"), by),
        lambda: opening.triage(case, chance.choice(("fraud.phishing", "availability.ddos")), "high", "", "", by),
        lambda: opening.move(case, chance.choice(("responding", "contained", "recovered")), "", by),
        lambda: opening.rate(case, "uk-ncsc", chance.choice("123456"), "", by),
        lambda: opening.stamp(case, "contained", by.now_us, "minute", by.actor, "", by),
        lambda: opening.acknowledge(case, "", by),
        lambda: taking_part.offer_lead(case, chance.choice(("oslo", "bern", "vienna")), "", by),
        lambda: taking_part.answer_lead(case, "", by, accept=chance.random() < 0.8),
        lambda: opening.close(case, "known", None, "", by),
        lambda: opening.reopen(case, "again", by),
    ]
    with contextlib.suppress(CommonwatchError):
        chance.choice(acts)()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_three_do_and_whenever_they_are_apart_all_see_the_same_in_the_end(world: World, seed: int) -> None:
    chance = random.Random(seed)
    nodes = three(world)
    with at(nodes[0]):
        case = opening.report(Report("Wiper", with_=(Invited("oslo"), Invited("bern"))), now(nodes[0]))
    world.settle()
    pairs = list(itertools.combinations(nodes, 2))
    written: set[str] = set()
    for turn in range(8):
        cut(world, *chance.sample(pairs, chance.randrange(4)))
        for number in range(6):
            node = chance.choice(nodes)
            with at(node):
                something(chance, case, now(node, 600 * turn + 60 * number + 1))
        world.settle()
        for node in nodes:
            with at(node):
                written |= {one.id for one in thread(for_member(HOME, DEFAULT_PURPOSE, node.name), case)}
    world.apart = set()
    world.settle()
    cases = [seen(node, case) for node in nodes]
    assert cases[0] == cases[1] == cases[2]
    with at(nodes[2]):
        assert {one.id for one in thread(for_member(HOME, DEFAULT_PURPOSE, "bern"), case)} == written
    assert len(written) > 10
