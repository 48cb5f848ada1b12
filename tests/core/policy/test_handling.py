from __future__ import annotations

from datetime import date
from itertools import chain
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.policy.handling import Handling
from tests.core.policy.marks import (
    AMBER,
    CLEAR,
    FRANCE,
    GREEN,
    JAPAN,
    KENYA,
    RED,
    STRICT,
    WHITE,
    iep,
    marking,
    ours,
    read,
    statement,
)

SAMPLES: list[str | dict[str, Any]] = [
    CLEAR,
    WHITE,
    GREEN,
    AMBER,
    STRICT,
    RED,
    "marking-definition--99999999-9999-4999-8999-999999999999",
    marking(name="PAP:AMBER"),
    marking(name="PAP:RED"),
    marking(name="nothing known"),
    statement("Copyright Example"),
    ours(classification="secret", releasable_to=("FR", "JP", "nato")),
    ours(classification="restricted", releasable_to=("JP", "KE")),
    ours(orcon=True, audience=("energy", "transport")),
    ours(audience=("health", "energy")),
    ours(audience=("water",), purposes=("research",)),
    ours(purposes=("network-defence", "research"), retention_days=30),
    ours(named=(FRANCE, JAPAN), retention_days=365),
    ours(named=(JAPAN, KENYA)),
    ours(named=(KENYA,), pap="green"),
    iep(tlp="green", start_date="2026-01-01", end_date="2026-06-30", attribution="must"),
    iep(start_date="2026-03-01", end_date="2026-12-31", attribution="must-not", encrypt_in_transit="must"),
    iep(start_date="2027-01-01", permitted_actions="none"),
]
picked = st.lists(st.sampled_from(SAMPLES), max_size=6)


def at_least_as_strict(one: Handling, other: Handling) -> bool:
    """Whether nothing that `one` allows is forbidden by `other`. Lists that are not given allow anything.

    Names are the exception that TLP makes: "for named recipients" opens to them, so where `other` names nobody yet, names
    may come. Names once given can only become fewer.
    """
    lists = [
        (one.named, other.named),
        (one.releasable, other.releasable),
        (one.audience, other.audience),
        (one.purposes, other.purposes),
    ]
    return (
        one.tlp >= other.tlp
        and one.pap >= other.pap
        and one.classification >= other.classification
        and one.orcon >= other.orcon
        and all(not before or (after and (after == ("-",) or set(after) <= set(before))) for after, before in lists)
        and (other.not_before is None or (one.not_before or date.min) >= other.not_before)
        and (other.not_after is None or (one.not_after or date.max) <= other.not_after)
        and (other.retention_days is None or (one.retention_days or 10**9) <= other.retention_days)
        and set(one.duties) >= set(other.duties)
    )


@given(picked, st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_matter(markings: list[Any], random: Any) -> None:
    shuffled = list(chain(markings, markings[:3]))
    random.shuffle(shuffled)
    assert read(*shuffled) == read(*markings) and hash(read(*shuffled)) == hash(read(*markings))


@given(picked, st.sampled_from(SAMPLES), st.sampled_from([RED, CLEAR, AMBER]))
def test_a_further_marking_never_makes_it_less_strict(markings: list[Any], further: Any, level: str) -> None:
    """On an object that says its TLP level: one that does not takes the default until it does."""
    assert at_least_as_strict(read(level, *markings, further), read(level, *markings))


@given(picked)
def test_every_problem_says_what_to_do(markings: list[Any]) -> None:
    found = read(*markings)
    assert all(problem.sentence.endswith(".") and problem.remedy for problem in found.problems)
    assert list(found.problems) == sorted(set(found.problems))


def test_without_a_level_the_default_counts_and_else_amber() -> None:
    assert read(default="TLP:RED").tlp == 4 and read(default="TLP:WHITE").tlp == 0
    assert read(statement("Copyright"), default="TLP:GREEN").tlp == 1
    assert read(CLEAR, default="TLP:RED").tlp == 0
    assert read() == Handling(tlp=2)


def test_a_default_that_is_no_level_is_red() -> None:
    found = read(default="TLP:MAUVE")
    assert found.tlp == 4 and [problem.code for problem in found.problems] == ["default-unreadable"]


def test_lists_intersect_and_those_not_given_do_not_count() -> None:
    found = read(RED, ours(named=(FRANCE, JAPAN)), ours(named=(JAPAN, KENYA)), ours(audience=("b", "a")))
    assert (found.named, found.audience, found.releasable) == ((JAPAN,), ("a", "b"), ())


def test_lists_with_nothing_in_common_leave_nobody() -> None:
    found = read(AMBER, ours(audience=("energy",)), ours(audience=("health",)))
    assert found.audience == ("-",) and [problem.code for problem in found.problems] == ["audience-contradictory"]


def test_the_strictest_of_each_counts() -> None:
    found = read(
        AMBER,
        ours(classification="secret", retention_days=30, pap="amber"),
        ours(classification="restricted", retention_days=365, orcon=True),
        iep(start_date="2026-01-01", end_date="2026-06-30", unmodified_resale="must-not"),
        iep(start_date="2026-02-01", end_date="2026-12-31", encrypt_in_transit="must"),
    )
    assert found == Handling(
        tlp=2,
        pap=2,
        classification=3,
        orcon=True,
        not_before=date(2026, 2, 1),
        not_after=date(2026, 6, 30),
        retention_days=30,
        duties=("encrypt-in-transit", "no-resale"),
    )
