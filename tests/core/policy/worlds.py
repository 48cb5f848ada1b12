"""Worlds of tests: the hand-written ones of tests/vectors/release, and small ones made in a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from commonwatch.base.parties.lists import SHIPPED
from commonwatch.core import policy
from commonwatch.core.law.agreements import PartyDates, Standing, standing
from commonwatch.core.law.facts import GROUP, parse_country_facts, parse_day
from commonwatch.core.law.transfers import parse_regimes
from commonwatch.core.policy.facts import CLEARANCES
from commonwatch.core.policy.world import AgreementOn, MemberOn, World, world_on

RULES = Path(policy.__file__).parent / "rules"
SCHEMA = (RULES / "schema.cedarschema").read_text()
VECTORS = Path(__file__).parents[2] / "vectors" / "release"


@cache
def countries() -> Mapping[str, Any]:
    return parse_country_facts((SHIPPED / "countries.json").read_bytes()).by_code()


@cache
def shipped_files() -> Mapping[str, str]:
    return {path.name: path.read_text() for path in sorted(RULES.glob("*.cedar"))}


@cache
def written_worlds() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((VECTORS / "worlds.json").read_text())
    return found


@cache
def written_world(name: str, on: str, purpose: str) -> World:
    """A hand-written world on a day, for a purpose."""
    return built(written_worlds()[name], parse_day(on), purpose)


def built(
    given: Mapping[str, Any], on: date, purpose: str, home: str = "", extra: Mapping[str, str] | None = None
) -> World:
    """A world from its JSON form."""
    members = [_member(one, given["communities"], on) for one in given["members"]]
    return world_on(
        on,
        purpose,
        home=home or members[0].name,
        members=members,
        agreements=[_agreement(one, members, on) for one in given["agreements"]],
        regimes=parse_regimes((SHIPPED / "transfer_regimes.json").read_bytes()),
        files={**shipped_files(), **(extra or {})},
        schema=SCHEMA,
    )


def _day(text: str | None) -> date | None:
    return parse_day(text) if text else None


def _member(given: Mapping[str, Any], communities: Mapping[str, list[str]], on: date) -> MemberOn:
    country = countries().get(given["country"])
    holding = [
        fact
        for fact in given.get("facts", ())
        if ((since := _day(fact.get("since"))) is None or since <= on)
        and ((until := _day(fact.get("until"))) is None or on < until)
    ]

    def own(kind: str) -> set[str]:
        return {fact["value"] for fact in holding if fact["kind"] == kind}

    groups = {fact.value for fact in (country.facts if country else ()) if fact.kind == GROUP and fact.holds(on)}
    levels = [level for level in CLEARANCES if level in own("clearance")]
    return MemberOn(
        given["name"],
        given["identity"],
        given["kind"],
        given["country"],
        frozenset(groups | own(GROUP)),
        frozenset(name for name, inside in communities.items() if given["name"] in inside),
        levels[-1] if levels else "none",
        frozenset(own("safeguard")),
        frozenset(own("consent")),
    )


def _agreement(given: Mapping[str, Any], members: list[MemberOn], on: date) -> AgreementOn:
    standings: dict[str, Standing] = {}
    for party in given["parties"]:
        steps = PartyDates(*(_day(party.get(step)) for step in ("signed", "ratified", "in_force", "denounced")))
        for member in members:
            if member.name == party.get("member") or (party.get("country") and member.country == party["country"]):
                found = standing(steps, on)
                if member.name not in standings or found.in_force:
                    standings[member.name] = found
    return AgreementOn(
        given["name"],
        given["title"],
        given["source"],
        None,
        frozenset(given.get("categories", ())),
        frozenset(given.get("purposes", ())),
        frozenset(given.get("safeguards", ())),
        standings,
    )
