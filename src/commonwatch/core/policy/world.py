"""Who there is and what binds them on one day, for one purpose: everything a decision depends on beside the class.

Made from dated facts by `world_on`; the same facts, day and purpose give the same world and digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256

import msgspec

from commonwatch.core.law.agreements import Standing
from commonwatch.core.law.transfers import Basis, Jurisdiction, Regime, Regimes, basis, regimes_of
from commonwatch.core.policy.book import PolicyBook, parse_book
from commonwatch.core.policy.changes import Dormant
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.policy.facts import (
    ALWAYS,
    ANY,
    CLEARANCES,
    NEVER,
    PUBLIC,
    PURPOSES,
    Assurance,
    ClassFacts,
    Entrusted,
    Question,
    Recipient,
)
from commonwatch.core.policy.generated import AgreementTerms, RegimeTerms, agreement_policy, transfer_policy
from commonwatch.core.policy.handling import Handling, handling

_EPOCH = date(1970, 1, 1).toordinal()


class MemberOn(msgspec.Struct, frozen=True):
    """A member as it stands on the day."""

    name: str
    identity: str
    kind: str
    country: str
    groups: frozenset[str] = frozenset()
    communities: frozenset[str] = frozenset()
    clearance: str = CLEARANCES[0]
    safeguards: frozenset[str] = frozenset()
    consents: frozenset[str] = frozenset()
    expelled: bool = False

    @property
    def jurisdiction(self) -> Jurisdiction:
        """The law it lives under."""
        return Jurisdiction(self.country, self.kind, self.groups, self.safeguards)

    @property
    def jurisdiction_known(self) -> bool:
        """Organisations of states have no country, and that is known."""
        return bool(self.country) or self.kind == "international-organisation"


class AgreementOn(msgspec.Struct, frozen=True):
    """An agreement with where each member that it concerns stands on the day, by its own steps or its country's."""

    name: str
    title: str
    source: str
    since: date | None
    categories: frozenset[str]
    purposes: frozenset[str]
    safeguards: frozenset[str]
    standings: Mapping[str, Standing]

    def terms(self) -> AgreementTerms:
        """Its terms for those it binds."""
        bound = frozenset(name for name, standing in self.standings.items() if standing.in_force)
        return AgreementTerms(self.name, self.title, self.source, bound, self.since, self.categories, self.purposes)


class World(msgspec.Struct, frozen=True):
    """Ready for decisions."""

    question: Question
    on: date
    home: str  # the node's own member
    members: Mapping[str, MemberOn]
    by_identity: Mapping[str, str]
    recipients: tuple[Recipient, ...]  # the public first, then members by name
    agreements: tuple[AgreementOn, ...]
    regimes: Regimes
    bases: Mapping[tuple[str, str], Basis]  # by recipient and regime
    book: PolicyBook
    schema: str
    files: Mapping[str, str]  # the policies as they are read, those made from data among them

    @property
    def digest(self) -> str:
        """SHA-256 over all that decisions depend on, hexadecimal."""
        bound = {
            name: [
                regime.id for regime in regimes_of(self.regimes, member.jurisdiction, self.on, self.question.purpose)
            ]
            for name, member in self.members.items()
        }
        seen = [self.question, self.home, self.book.digest, self.by_identity, bound, *self.recipients]
        text = msgspec.json.encode(seen, order="sorted", enc_hook=sorted)
        return sha256(text).hexdigest()

    def recipient(self, name: str) -> Recipient:
        """A recipient by its member's name; empty for the public. KeyError if there is none."""
        return {one.name: one for one in self.recipients}[name]

    def owner_of(self, attributes: ClassAttributes) -> str:
        """The member answerable: the author if it is one, else who brought it, else the node's own."""
        named = self.by_identity
        return named.get(attributes.author) or named.get(attributes.voucher) or self.home


def world_on(
    on: date,
    purpose: str,
    *,
    home: str,
    members: Sequence[MemberOn],
    agreements: Sequence[AgreementOn],
    regimes: Regimes,
    files: Mapping[str, str],
    schema: str,
) -> World:
    """The world on a day; raises InvalidInput where a policy file is wrong."""
    binding = {member.name: regimes_of(regimes, member.jurisdiction, on, purpose) for member in members}
    used = {regime.id: regime for found in binding.values() for regime in found}
    bases = {
        (member.name, regime.id): found
        for member in members
        for regime in used.values()
        if (found := basis(regime, member.jurisdiction, on, purpose)) is not None
    }
    made = {
        "agreements (from the agreements on record)": "\n".join(
            agreement_policy(terms) for one in agreements if len((terms := one.terms()).bound) > 1
        ),
        "transfers (from the transfer regimes)": "\n".join(
            transfer_policy(RegimeTerms(one.id, one.title, one.instrument, one.since, frozenset(one.derogations)))
            for one in used.values()
        ),
    }
    every = {**files, **made}
    return World(
        Question(purpose, day_number(on)),
        on,
        home,
        {member.name: member for member in members},
        {member.identity: member.name for member in members},
        (
            PUBLIC,
            *(
                _recipient(member, agreements, tuple(used.values()), bases)
                for member in sorted(members, key=lambda m: m.name)
            ),
        ),
        tuple(agreements),
        regimes,
        bases,
        parse_book(every, schema),
        schema,
        every,
    )


def facts_of(world: World, attributes: ClassAttributes, definitions: Mapping[str, Mapping[str, object]]) -> ClassFacts:
    """A class with its owner, markings and law resolved. `definitions`: the marking-definitions held, by id."""
    said = handling(attributes.markings, definitions, attributes.default)
    return resolved(world, attributes, said)


def resolved(world: World, attributes: ClassAttributes, said: Handling) -> ClassFacts:
    """`facts_of` where the handling is known."""
    if attributes.every:
        raise ValueError("a class of several parts has no owner or handling of its own: resolve its parts()")
    owner = world.members[world.owner_of(attributes)]
    named = bool(said.audience)
    regimes = regimes_of(world.regimes, owner.jurisdiction, world.on, world.question.purpose)
    return ClassFacts(
        owner=owner.name,
        category=attributes.category,
        tlp=said.tlp,
        pap=said.pap,
        classification=said.classification,
        orcon=said.orcon,
        named=frozenset(world.by_identity[one] for one in said.named if one in world.by_identity),
        releasable=frozenset(said.releasable),
        audience=frozenset(said.audience) if named else owner.communities,
        audience_named=named,
        shared=owner.communities.intersection(said.audience) if named else owner.communities,
        purposes=frozenset(said.purposes),
        not_before=day_number(said.not_before) if said.not_before else ALWAYS,
        not_after=day_number(said.not_after) if said.not_after else NEVER,
        retention_days=said.retention_days or 0,
        duties=frozenset(said.duties),
        personal=frozenset(attributes.personal),
        secrecy=frozenset(attributes.secrecy),
        regimes=frozenset(regime.id for regime in regimes),
        jurisdiction_known=owner.jurisdiction_known,
    )


def dormant(world: World, owner: str, recipient: str) -> list[Dormant]:
    """Agreements that name both but do not bind both today, as they would be in force."""
    found = []
    for agreement in world.agreements:
        standings = agreement.standings
        if owner == recipient or owner not in standings or recipient not in standings:
            continue
        asleep = [(name, standings[name]) for name in (owner, recipient) if not standings[name].in_force]
        if not asleep:
            continue
        terms = msgspec.structs.replace(agreement.terms(), bound=agreement.terms().bound | {owner, recipient})
        book = parse_book({agreement.name: agreement_policy(terms)}, world.schema)
        standing = "; ".join(f"{name}: {found.reason}" for name, found in asleep)
        assures = tuple(
            regime.id
            for regime in world.regimes.regimes
            if not agreement.safeguards.isdisjoint(regime.agreement_safeguards)
        )
        found.append(Dormant(terms, book.policies[f"agreement/{agreement.name}"], standing, assures))
    return found


def same_law(world: World, owner: str, recipient: str) -> frozenset[str]:
    """The purposes under which transfer law says the same of a pair as under the world's; others need a world of their own."""
    sender, receiver = world.members[owner].jurisdiction, world.members.get(recipient)

    def says(purpose: str) -> list[tuple[str, bool]]:
        return [
            (one.id, receiver is not None and basis(one, receiver.jurisdiction, world.on, purpose) is not None)
            for one in regimes_of(world.regimes, sender, world.on, purpose)
        ]

    return frozenset(purpose for purpose in PURPOSES if says(purpose) == says(world.question.purpose))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def _recipient(
    member: MemberOn,
    agreements: Sequence[AgreementOn],
    regimes: Sequence[Regime],
    bases: Mapping[tuple[str, str], Basis],
) -> Recipient:
    assured: set[Assurance] = set()
    entrusted: set[Entrusted] = set()
    for agreement in agreements:
        terms = agreement.terms()
        bound = terms.bound
        if member.name not in bound:
            continue
        others = bound - {member.name}
        satisfied = [
            regime.id for regime in regimes if not agreement.safeguards.isdisjoint(regime.agreement_safeguards)
        ]
        assured |= {
            Assurance(owner, regime, category, purpose)
            for owner in others
            for regime in satisfied
            for category in agreement.categories or (ANY,)
            for purpose in agreement.purposes or (ANY,)
        }
        entrusted |= {Entrusted(owner, kind) for owner in others for kind in terms.secrets}
    return Recipient(
        name=member.name,
        kind=member.kind,
        country=member.country,
        groups=member.groups,
        communities=member.communities,
        clearance=CLEARANCES.index(member.clearance) if member.clearance in CLEARANCES else 0,
        expelled=member.expelled,
        consents=member.consents,
        lawful=frozenset(regime for name, regime in bases if name == member.name),
        assured=frozenset(assured),
        entrusted=frozenset(entrusted),
    )
