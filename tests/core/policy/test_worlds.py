"""A world's digest changes with whatever may change a decision, and with nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from random import Random

import msgspec
import pytest

from commonwatch.core.law.agreements import Standing
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.facts import PURPOSES, Assurance, Entrusted
from commonwatch.core.policy.world import World, day_number, dormant, facts_of, same_law, world_on
from tests.core.policy.feeds import ON, feed_world, rebuilt
from tests.core.policy.rules import rule

replaced = msgspec.structs.replace
ROOT = Path(__file__).parents[3]


def a_world() -> World:
    world = feed_world(Random(5), members=5, agreements=4, own=2, odd=False)
    places = [("DE", "company"), ("FR", "state-body"), ("GB", "company"), ("JP", "company"), ("KE", "state-body")]
    members = [
        replaced(
            one, country=country, kind=kind, groups=frozenset(["eu", "eea"]) if country in "DE FR" else frozenset()
        )
        for one, (country, kind) in zip(world.members.values(), places, strict=True)
    ]
    members[2] = replaced(members[2], clearance="restricted")
    bound = {name: Standing(True, "in force") for name in ("member-00", "member-01", "member-03")}
    agreements = [replaced(world.agreements[0], standings=bound), *world.agreements[1:]]
    return rebuilt(world, members=members, agreements=agreements)


WORLD = a_world()


def member(name: str = "member-02", **changed: object) -> Callable[[World], World]:
    def change(world: World) -> World:
        members = [replaced(one, **changed) if one.name == name else one for one in world.members.values()]
        return rebuilt(world, members=members)

    return change


def agreement(**changed: object) -> Callable[[World], World]:
    def change(world: World) -> World:
        first, *rest = world.agreements
        bound = {name: Standing(True, "in force") for name in ("member-00", "member-04")}
        return rebuilt(world, agreements=[replaced(first, **{"standings": bound, **changed}), *rest])

    return change


def regime(name: str, **changed: object) -> Callable[[World], World]:
    def change(world: World) -> World:
        found = [replaced(one, **changed) if one.id == name else one for one in world.regimes.regimes]
        return rebuilt(world, regimes=replaced(world.regimes, regimes=tuple(found)))

    return change


def on_another_day(world: World) -> World:
    return on_day(world, world.home, 1)


def of_another_home(world: World) -> World:
    return on_day(world, "member-03", 0)


def on_day(world: World, home: str, later: int) -> World:
    return world_on(
        world.on + timedelta(later),
        world.question.purpose,
        home=home,
        members=list(world.members.values()),
        agreements=world.agreements,
        regimes=world.regimes,
        files=world.files,
        schema=world.schema,
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda world: rebuilt(world, "research"),
        on_another_day,
        of_another_home,
        lambda world: rebuilt(world, files={"more.cedar": rule()}),
        lambda world: rebuilt(world, members=list(world.members.values())[:-1]),
        lambda world: rebuilt(world, agreements=world.agreements[1:]),
        member(identity="identity--00000000-0000-4000-8000-000000000099"),
        member(kind="state-body"),
        member(country="CH"),
        member(groups=frozenset(["nato"])),
        member(communities=frozenset(["community-11", "elsewhere"])),
        member(clearance="top-secret"),
        member(clearance="none"),
        member(consents=frozenset(["member-04"])),
        member("member-04", safeguards=frozenset(["scc"])),
        agreement(),
        agreement(categories=frozenset(["defences"])),
        agreement(purposes=frozenset(["exercise"])),
        agreement(safeguards=frozenset(["scc"])),
        agreement(safeguards=frozenset()),
        agreement(categories=frozenset(["secrecy:bank"])),
        regime("eu", derogations={}),
        regime("eu", exporters=("DE",)),
        regime("eu", exporter_kinds=("company",)),
        regime("jp", until=ON),
        regime("uk", adequacy=()),
        regime("eu", same_area=()),
    ],
)
def test_what_decisions_depend_on_changes_the_digest(change: Callable[[World], World]) -> None:
    assert change(WORLD).digest != WORLD.digest


def with_longer_way_of_saying_so(world: World) -> World:
    files = {
        f"{name}.also": "// A note.\n" + text.replace("\nwhen", "\n\n  when") for name, text in world.files.items()
    }
    return msgspec.structs.replace(
        rebuilt(world), book=rebuilt(replaced(world, files=files_only(files))).book, files=files
    )


def files_only(files: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in files.items() if "(from the" not in name}


@pytest.mark.parametrize(
    "change",
    [
        rebuilt,
        lambda world: rebuilt(world, members=list(world.members.values())[::-1]),
        lambda world: rebuilt(world, agreements=world.agreements[::-1]),
        lambda world: rebuilt(world, regimes=replaced(world.regimes, regimes=world.regimes.regimes[::-1])),
        with_longer_way_of_saying_so,
        member(safeguards=WORLD.members["member-02"].safeguards | {"of no regime"}),
        regime("eu", title="GDPR Chapter V", note="Read again.", source="elsewhere"),
        regime("sg", safeguards={}),
        regime("convention-108-plus", exporters=()),
    ],
)
def test_nothing_else_changes_the_digest(change: Callable[[World], World]) -> None:
    assert change(WORLD).digest == WORLD.digest


def test_reasons_of_a_standing_do_not_change_the_digest() -> None:
    other = [
        replaced(one, standings={name: Standing(now.in_force, "so") for name, now in one.standings.items()})
        for one in WORLD.agreements
    ]
    assert rebuilt(WORLD, agreements=other).digest == WORLD.digest


def test_the_digest_is_the_same_in_every_process() -> None:
    program = "from tests.core.policy.test_worlds import a_world; print(a_world().digest)"
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout.strip() == WORLD.digest


def standing_in(**standings: bool) -> World:
    named = {name.replace("_", "-"): Standing(force, "so it stands") for name, force in standings.items()}
    return agreement(standings=named, safeguards=frozenset(["binding-instrument"]))(
        rebuilt(WORLD, agreements=WORLD.agreements[:1])
    )


@pytest.mark.parametrize(
    ("standings", "expected"),
    [
        ({"member_00": True, "member_01": True}, None),
        ({"member_00": True, "member_02": True}, None),
        ({"member_01": False, "member_02": False}, None),
        ({"member_00": True, "member_01": False}, "member-01: so it stands"),
        ({"member_00": False, "member_01": True, "member_02": True}, "member-00: so it stands"),
        ({"member_00": False, "member_01": False}, "member-00: so it stands; member-01: so it stands"),
    ],
)
def test_dormant_agreements_name_both_and_bind_not_both(standings: dict[str, bool], expected: str | None) -> None:
    world = standing_in(**standings)
    found = dormant(world, "member-00", "member-01")
    assert [one.standing for one in found] == ([expected] if expected else [])
    assert dormant(world, "member-00", "member-00") == dormant(world, "member-00", "") == []
    for one in found:
        in_force = {name.replace("_", "-") for name, force in standings.items() if force}
        assert one.policy.parties.owners == one.terms.bound
        assert one.terms.bound == in_force | {"member-00", "member-01"}
        assert one.policy.id == f"agreement/{world.agreements[0].name}" and {"eu", "uk"} <= set(one.assures)


def test_an_agreement_in_force_assures_and_entrusts() -> None:
    changed = agreement(
        categories=frozenset(["threats", "secrecy:bank"]), purposes=frozenset(), safeguards=frozenset(["idta"])
    )(rebuilt(WORLD, agreements=WORLD.agreements[:1]))
    recipient = changed.recipient("member-04")
    assert Assurance("member-00", "uk", "threats") in recipient.assured
    assert recipient.entrusted == frozenset([Entrusted("member-00", "bank")])
    assert changed.recipient("").assured == frozenset() == changed.recipient("member-01").assured
    with pytest.raises(KeyError):
        changed.recipient("nobody")


def test_the_owner_is_author_or_voucher_or_the_node_itself() -> None:
    author, voucher = list(WORLD.by_identity)[1:3]
    for one, owner in (
        (ClassAttributes(author, voucher), "member-01"),
        (ClassAttributes("identity--unknown", voucher), "member-02"),
        (ClassAttributes(), "member-00"),
    ):
        assert WORLD.owner_of(one) == facts_of(WORLD, one, {}).owner == owner


def test_a_clearance_that_is_no_level_clears_for_nothing() -> None:
    assert member(clearance="cosmic")(WORLD).recipient("member-02").clearance == 0


def test_days_are_counted_from_1970() -> None:
    assert day_number(ON) == WORLD.question.today == 20_781


@pytest.mark.parametrize(
    ("owner", "recipient", "other"),
    [
        ("member-00", "member-01", set()),  # within the EU, whatever for
        ("member-01", "member-00", {"law-enforcement"}),  # an authority of the EU follows another law there
        ("member-04", "member-00", set()),  # bound by none
        ("member-00", "", set()),
    ],
)
def test_law_is_the_same_for_most_purposes(owner: str, recipient: str, other: set[str]) -> None:
    assert set(PURPOSES) - same_law(WORLD, owner, recipient) == other
