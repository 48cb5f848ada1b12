"""Who should help whom: the best plan there is, the same whatever the order, with reasons that hold."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.capabilities.assistance.allocation import BAND_POINTS, BANDS, MOST_BUSY, Proposal, propose
from commonwatch.capabilities.assistance.pairing import BASE, Facts, Law, NeedLine, Supply, judge, points

MEMBERS = ("at", "ke", "no")
SKILLS = ("incident-analysis", "translation")
LANGUAGES = ("en", "fr", "ar")

needs = st.builds(
    NeedLine,
    id=st.just(""),
    request=st.just("r"),
    member=st.sampled_from(MEMBERS),
    skill=st.sampled_from(SKILLS),
    kind=st.just("people"),
    quantity=st.integers(1, 3),
    urgency=st.sampled_from(["routine", "urgent", "emergency"]),
    languages=st.lists(st.sampled_from(LANGUAGES), max_size=2).map(tuple),
    utc_offset=st.sampled_from([-300, 0, 180]),
    on_site=st.booleans(),
)
supplies = st.builds(
    Supply,
    id=st.just(""),
    member=st.sampled_from(MEMBERS),
    skill=st.sampled_from(SKILLS),
    kind=st.just("people"),
    quantity=st.integers(0, 3),
    languages=st.lists(st.sampled_from(LANGUAGES), max_size=3).map(tuple),
    utc_offset=st.sampled_from([-300, 0, 180]),
    on_site=st.booleans(),
)
pairs = [(one, other) for one, other in product(MEMBERS, MEMBERS) if one != other]
facts = st.builds(
    Facts,
    law=st.dictionaries(st.sampled_from(pairs), st.builds(Law, st.integers(0, 2), st.just("x"))),
    balance=st.dictionaries(st.tuples(st.sampled_from(MEMBERS), st.just("people")), st.integers(-20, 20)),
    load=st.dictionaries(st.tuples(st.sampled_from(MEMBERS), st.just("people")), st.integers(0, 9)),
)


def numbered(found: list[Any], letter: str) -> list[Any]:
    from msgspec.structs import replace

    return [replace(one, id=f"{letter}{number}") for number, one in enumerate(found)]


@settings(max_examples=120)
@given(st.lists(needs, max_size=3), st.lists(supplies, max_size=3), facts)
def test_no_plan_is_better_than_the_proposed_one(
    lines: list[NeedLine], stock: list[Supply], given_facts: Facts
) -> None:
    lines, stock = numbered(lines, "n"), numbered(stock, "s")
    found = propose(lines, stock, given_facts)
    units = {(choice.need, choice.supply): choice.units for one in found.needs for choice in one.chosen}
    assert fits(units, lines, stock)
    assert total(units, lines, stock, given_facts) >= best(lines, stock, given_facts) - 1
    assert found.value == pytest.approx(total(units, lines, stock, given_facts), abs=1)
    for one in found.needs:
        for choice in one.next_best:
            forced = best(lines, stock, given_facts, (choice.need, choice.supply))
            assert found.value - choice.costs == pytest.approx(forced, abs=2.5)


@settings(max_examples=60)
@given(st.lists(needs, max_size=6), st.lists(supplies, max_size=8), facts, st.randoms(use_true_random=False))
def test_the_same_facts_in_any_order_give_the_same_proposal(
    lines: list[NeedLine], stock: list[Supply], given_facts: Facts, shuffle: object
) -> None:
    lines, stock = numbered(lines, "n"), numbered(stock, "s")
    first = propose(lines, stock, given_facts)
    shuffle.shuffle(lines)  # type: ignore[attr-defined]
    shuffle.shuffle(stock)  # type: ignore[attr-defined]
    assert propose(lines, stock, given_facts) == first


@settings(max_examples=60)
@given(st.lists(needs, max_size=4), st.lists(supplies, max_size=6), facts)
def test_nobody_goes_without_while_somebody_has_something_left_for_them(
    lines: list[NeedLine], stock: list[Supply], given_facts: Facts
) -> None:
    lines, stock = numbered(lines, "n"), numbered(stock, "s")
    found = propose(lines, stock, given_facts)
    used = {one.id: 0 for one in stock}
    for one in found.needs:
        for choice in one.chosen:
            used[choice.supply] += choice.units
    for one in found.needs:
        for supply in stock:
            if one.unmet and points(one.need, supply, given_facts):
                assert used[supply.id] == supply.quantity
        assert bool(one.unmet) == bool(one.why_unmet)


@settings(max_examples=100)
@given(needs, supplies, facts)
def test_the_quick_judgement_is_the_one_that_is_explained(need: NeedLine, supply: Supply, given_facts: Facts) -> None:
    judged = judge(need, supply, given_facts)
    assert judged.points == points(need, supply, given_facts)
    assert bool(judged.points) != bool(judged.barriers)
    if judged.points:
        whole = BASE + sum(reason.points for reason in judged.reasons)
        assert judged.points == whole * {"routine": 1, "urgent": 2, "emergency": 4}[need.urgency]


def fits(units: dict[tuple[str, str], int], lines: list[NeedLine], stock: list[Supply]) -> bool:
    by_need = all(sum(many for (need, _), many in units.items() if need == line.id) <= line.quantity for line in lines)
    by_supply = all(
        sum(many for (_, supply), many in units.items() if supply == one.id) <= one.quantity for one in stock
    )
    return by_need and by_supply


def total(units: dict[tuple[str, str], int], lines: list[NeedLine], stock: list[Supply], given_facts: Facts) -> float:
    """The points of a plan, counted anew: gain by pairs, less what the load of each member costs."""
    line_of, stock_of = {one.id: one for one in lines}, {one.id: one for one in stock}
    possible = [(line, one) for line in lines for one in stock if points(line, one, given_facts)]
    won = sum(
        points(line_of[need], stock_of[supply], given_facts) / line_of[need].quantity * many
        for (need, supply), many in units.items()
    )
    for member in MEMBERS:
        have = sum(one.quantity for one in {one.id: one for _, one in possible if one.member == member}.values())
        if not have:
            continue
        largest = max(line.quantity for line, one in possible if one.member == member)
        given_units = sum(many for (_, supply), many in units.items() if stock_of[supply].member == member)
        busy = min(given_facts.load.get((member, "people"), 0), MOST_BUSY)
        edges = [have * place // BANDS for place in range(BANDS + 1)]
        for unit in range(given_units):
            band = max(place for place in range(BANDS) if edges[place] <= unit)
            won -= BAND_POINTS * (band + busy) / largest
    return won


def best(
    lines: list[NeedLine], stock: list[Supply], given_facts: Facts, holding: tuple[str, str] | None = None
) -> float:
    """The best of every plan there is, or of those that hold a pair."""
    possible = [(line, one) for line in lines for one in stock if points(line, one, given_facts)]
    ranges = [range(min(line.quantity, one.quantity) + 1) for line, one in possible]
    found = 0.0 if holding is None else -1e9
    for choice in product(*ranges):
        units = {(line.id, one.id): many for (line, one), many in zip(possible, choice, strict=True)}
        if fits(units, lines, stock) and (holding is None or units.get(holding)):
            found = max(found, total(units, lines, stock, given_facts))
    return found


def plain(id: str, member: str, **more: object) -> NeedLine:
    return NeedLine(id, "r", member, "incident-analysis", "people", 2, **more)  # type: ignore[arg-type]


def stock(id: str, member: str, quantity: int = 2, **more: object) -> Supply:
    return Supply(id, member, "incident-analysis", "people", quantity, **more)  # type: ignore[arg-type]


EVERYBODY = Facts(law={pair: Law(1, "The treaty is in force for both") for pair in pairs})


def test_what_stands_in_the_way_is_said_for_each_pair() -> None:
    need = plain("n", "at", languages=("fr",), on_site=True, begins_us=10, ends_us=20, soon=False)
    supply = stock("s", "ke", 0, languages=("sw",), begins_us=15)
    codes = [one.code for one in judge(need, supply, Facts()).barriers]
    assert codes == ["law", "place", "time", "reserved", "language"]
    other = Supply("o", "at", "translation", "people", 1, only_for="another")
    assert [one.code for one in judge(need, other, EVERYBODY).barriers][:3] == ["skill", "own", "offered-elsewhere"]


def test_notice_counts_only_against_a_time_that_was_named() -> None:
    slow = stock("s", "ke", ready_us=100)
    assert points(plain("n", "at", begins_us=10, ends_us=20), slow, EVERYBODY)
    assert not points(plain("n", "at", begins_us=10, ends_us=20, soon=False), slow, EVERYBODY)


def test_who_gave_much_is_asked_after_who_got_much() -> None:
    tired = Facts(EVERYBODY.law, {("ke", "people"): 6, ("no", "people"): -6})
    found = propose([plain("n", "at")], [stock("a", "ke"), stock("b", "no")], tired)
    assert [(one.helper, one.units) for one in found.needs[0].chosen] == [("no", 2)]
    assert [(one.helper, one.reasons[-1].code) for one in found.needs[0].next_best] == [("ke", "worth-less")]
    assert found.needs[0].next_best[0].costs > 0


def test_an_emergency_gets_what_is_scarce_and_the_other_is_told_why_not() -> None:
    found = propose([plain("calm", "at"), plain("fire", "no", urgency="emergency")], [stock("s", "ke", 2)], EVERYBODY)
    calm, fire = found.needs
    assert (sum(one.units for one in fire.chosen), calm.unmet) == (2, 2)
    assert [one.code for one in calm.why_unmet] == ["scarce"]
    assert found.units == 2 and found.wanted == 4


def test_what_people_decided_against_is_not_proposed_again() -> None:
    ignored = Facts(EVERYBODY.law, ignored=frozenset({("n", "s")}))
    found: Proposal = propose([plain("n", "at")], [stock("s", "ke")], ignored)
    assert found.needs[0].chosen == ()
    assert [one.code for one in found.needs[0].why_unmet] == ["ignored"]


def test_a_skill_that_nobody_has_is_unmet_for_that_reason() -> None:
    found = propose([plain("n", "at")], [], EVERYBODY)
    assert [one.code for one in found.needs[0].why_unmet] == ["nobody"]


def test_load_is_spread_among_equals() -> None:
    lines = [plain(f"n{number}", "at") for number in range(2)]
    found = propose(lines, [stock("a", "ke", 4), stock("b", "no", 4)], EVERYBODY)
    given_by = {"ke": 0, "no": 0}
    for one in found.needs:
        for choice in one.chosen:
            given_by[choice.helper] += choice.units
    assert given_by == {"ke": 2, "no": 2}
