"""A partnership and a feed as large and as mixed as wanted, made from a seed: for comparing two ways of deciding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from commonwatch.base.parties.lists import SHIPPED
from commonwatch.core.law.agreements import Standing
from commonwatch.core.law.facts import GROUP
from commonwatch.core.law.transfers import Regimes, parse_regimes
from commonwatch.core.policy.categories import CATEGORIES
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.facts import CLEARANCES, DEFAULT_PURPOSE, PURPOSES, ClassFacts
from commonwatch.core.policy.handling import Handling
from commonwatch.core.policy.world import AgreementOn, MemberOn, World, resolved, world_on
from tests.core.policy.worlds import SCHEMA, countries, shipped_files

ON = date(2026, 11, 24)
KINDS = ("state-body", "company", "university", "civil-society", "international-organisation")
COUNTRIES = ("DE", "FR", "AT", "GB", "CH", "JP", "KR", "US", "BR", "SG", "KE", "UA", "CN", "AU", "GH", "CA")
COMMUNITIES = tuple(f"community-{number:02}" for number in range(12))
SAFEGUARDS = ("scc", "bcr", "idta", "cbpr", "kr-certification", "dpf-certified")
AGREED = ("binding-instrument", "scc", "administrative-arrangement", "idta", "assessed-safeguards")
PERSONAL = ("e-mail", "ip-address", "name", "credential", "suspicion")
SECRETS = ("bank", "telecom", "credential")

# What members write: usual and odd. {me} and {you} are members, {here} a community.
OWN = (
    """forbid (principal is Member, action == Action::"share", resource)
    when {{ principal == Member::"{you}" && resource.owner == Member::"{me}" }}""",
    """forbid (principal, action == Action::"share", resource)
    when {{ resource.owner == Member::"{me}" && resource.category == "incidents" }} unless {{ context.own }}""",
    """permit (principal is Member in Community::"{here}", action == Action::"share", resource)
    when {{ resource.owner == Member::"{me}" && resource.tlp < 3 }}""",
    """permit (principal == Member::"{you}", action == Action::"share", resource)
    when {{ [Member::"{me}"].contains(resource.owner) && context.purpose == "incident-response" }}""",
    """forbid (principal == Public::"public", action == Action::"share", resource) when {{ resource.tlp == 0 }}""",
    """forbid (principal in Member::"{you}", action == Action::"share", resource)
    when {{ resource.owner == Member::"{me}" }}""",
    """forbid (principal in Community::"{here}", action == Action::"share", resource)
    when {{ [Member::"{me}", Member::"{you}"].contains(resource.owner) && principal in [Community::"{here}"] }}""",
    """forbid (principal is Member, action == Action::"share", resource)
    when {{ resource.owner == Member::"{me}" && principal is Member in Community::"{here}" && resource.pap > 1 }}""",
    """forbid (principal is Member, action == Action::"share", resource is ReleaseClass)
    when {{ resource.owner == Member::"{me}" && !principal.groups.containsAny(["eu", "eea"]) }}
    unless {{ context.own }}""",
    """forbid (principal is Member, action == Action::"share", resource)
    when {{ resource.owner == Member::"{me}" && principal in resource.named && resource.retention_days > 0 }}""",
    """permit (principal is Member, action == Action::"share", resource)
    when {{
      resource.owner == Member::"{me}" &&
      {{"in": principal.country, of: context.own}} == {{"in": "FR", of: resource.orcon}}
    }}""",
    """permit (principal is Member, action == Action::"share", resource)
    when {{ resource.owner == Member::"{me}" && {{contains: [principal]}} == {{contains: [Member::"{you}"]}} }}""",
    """forbid (principal is Member, action == Action::"share", resource)
    when {{
      resource.owner == Member::"{me}" && resource.tlp * 4611686018427387904 > 0 && principal.kind == "company"
    }}""",
    """forbid (principal is Member, action == Action::"share", resource)
    when {{ resource.classification * 3074457345618258603 > 0 && resource.owner == Member::"{me}" }}""",
    """forbid (principal is Member, action == Action::"share", resource)
    when {{ resource.owner == Member::"{me}" }} unless {{ principal.country like "*R" || resource.variant != "full" }}""",
    """forbid (principal is Member, action == Action::"share", resource)
    when {{ resource.owner == Member::"{me}" && principal.lawful == resource.regimes && principal.clearance > 3 }}""",
)
NOTES = """
@id("member/{me}/{number}") @title("Own rule") @law("House rules") @date("2026-01-01") @explain("So we wish.")
"""


def regimes() -> Regimes:
    """The transfer regimes as shipped."""
    return parse_regimes((SHIPPED / "transfer_regimes.json").read_bytes())


def feed_world(
    random: Random,
    purpose: str = DEFAULT_PURPOSE,
    *,
    members: int = 50,
    agreements: int = 200,
    own: int = 30,
    odd: bool = True,
) -> World:
    """A partnership with that many members, agreements and policies of members. `odd`: some fail at run time."""
    present = [_member(random, number) for number in range(members)]
    names = [one.name for one in present]
    styles = [text for text in OWN if odd or " * " not in text]
    policies = [
        NOTES.format(me=me, number=number)
        + random.choice(styles).format(me=me, you=random.choice(names), here=random.choice(COMMUNITIES))
        + ";"
        for number in range(own)
        for me in [random.choice(names)]
    ]
    return world_on(
        ON,
        purpose,
        home=names[0],
        members=present,
        agreements=[_agreement(random, number, names) for number in range(agreements)],
        regimes=regimes(),
        files={**shipped_files(), "own.cedar": "\n".join(policies)},
        schema=SCHEMA,
    )


def feed_class(random: Random, world: World) -> ClassFacts:
    """A class such as a feed brings: mostly plain, sometimes with everything."""
    author = random.choice(list(world.members.values())).identity
    attributes = ClassAttributes(
        author,
        category=random.choice(CATEGORIES),
        personal=_some(random, PERSONAL, 0.3),
        secrecy=_some(random, SECRETS, 0.1),
    )
    return resolved(world, attributes, feed_handling(random, world))


def feed_handling(random: Random, world: World) -> Handling:
    """Markings of a class."""
    identities = sorted(world.by_identity)

    def rarely(share: float) -> bool:
        return random.random() < share

    return Handling(
        tlp=random.randrange(5),
        pap=random.randrange(4),
        classification=random.randrange(5) if rarely(0.2) else 0,
        orcon=rarely(0.1),
        named=tuple(random.sample(identities, 3)) if rarely(0.2) else (),
        releasable=_some(random, (*COUNTRIES, "eu", "nato"), 0.15),
        audience=_some(random, COMMUNITIES, 0.2),
        purposes=_some(random, PURPOSES, 0.2),
        not_before=ON + timedelta(random.randint(-9, 3)) if rarely(0.1) else None,
        not_after=ON + timedelta(random.randint(-3, 9)) if rarely(0.1) else None,
        retention_days=random.choice((30, 365)) if rarely(0.1) else None,
        duties=("encrypt-in-transit",) if rarely(0.1) else (),
    )


def _some(random: Random, words: Sequence[str], share: float) -> tuple[str, ...]:
    """A few of the words, in `share` of all cases."""
    return tuple(random.sample(words, random.randint(1, 3))) if random.random() < share else ()


def _member(random: Random, number: int) -> MemberOn:
    kind = random.choice(KINDS)
    country = "" if kind == KINDS[-1] or random.random() < 0.05 else random.choice(COUNTRIES)
    facts = countries()[country].facts if country else ()
    return MemberOn(
        f"member-{number:02}",
        f"identity--00000000-0000-4000-8000-{number:012}",
        kind,
        country,
        frozenset(fact.value for fact in facts if fact.kind == GROUP and fact.holds(ON)),
        frozenset(random.sample(COMMUNITIES, random.randint(0, 3))),
        random.choice(CLEARANCES),
        frozenset(_some(random, SAFEGUARDS, 0.4)),
        frozenset(f"member-{random.randrange(50):02}" for _ in range(random.randint(0, 2))),
    )


def _agreement(random: Random, number: int, names: Sequence[str]) -> AgreementOn:
    parties = random.sample(names, min(len(names), random.choice((2, 2, 2, 3, 8))))
    return AgreementOn(
        f"agreement-{number:03}",
        f"Agreement {number}",
        "Treaty series",
        None,
        frozenset((*_some(random, CATEGORIES, 0.6), *(("secrecy:bank",) if random.random() < 0.1 else ()))),
        frozenset(_some(random, PURPOSES, 0.4)),
        frozenset(_some(random, AGREED, 0.5)),
        {
            name: Standing(True, "in force since 2020-01-01")
            if random.random() < 0.9
            else Standing(False, "not signed")
            for name in parties
        },
    )


def rebuilt(world: World, purpose: str = "", **changed: Any) -> World:
    """The same world with something changed: `members`, `agreements`, `regimes` or more `files`."""
    return world_on(
        world.on,
        purpose or world.question.purpose,
        home=world.home,
        members=changed.get("members", list(world.members.values())),
        agreements=changed.get("agreements", world.agreements),
        regimes=changed.get("regimes", world.regimes),
        files={**world.files, **changed.get("files", {})},
        schema=world.schema,
    )
