"""Every decision for every class and recipient at once: pairs that look alike to a policy are decided once.

1. Policies of a gate and effect with the same footprint are asked together. A pair of class and recipient shows them what
   they read of the class, what they read of the recipient, and the answers to their relations (`relations`). The engine
   is asked once for each such view, on a pair that has it.
2. A policy limited by name to owners and recipients (agreements are) counts for the pairs of its parties only.
3. Answers are masks, a bit for each recipient. A gate passes `permits & ~forbids`; a variant is given where all gates pass.

The engine gets only the footprint's attributes: a wrong footprint is an evaluation error, and an error refuses the gate.
Engine calls grow with the number of distinct views, not with classes times recipients. The rest is a few dictionary
look-ups for each distinct class, and for each new set in a relation one test for each recipient.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import cedarpy
import msgspec

from commonwatch.core.policy.book import GATES, Gate, Policy, PolicyBook
from commonwatch.core.policy.decision import variants_of
from commonwatch.core.policy.engine import policy_set, principal_entity, request, resource_entity, satisfied
from commonwatch.core.policy.facts import VARIANTS, ClassFacts, Question, Recipient
from commonwatch.core.policy.footprint import COMMUNITIES, ID, Footprint, Parties
from commonwatch.core.policy.relations import Relation, holds, narrowed

K = TypeVar("K")

Masks = tuple[int, ...]  # for each of VARIANTS, the recipients who get just this one
_Key = tuple[Hashable, ...]
_Answer = tuple[int, int]  # for whom it holds, for whom the engine failed


class Deciding:
    """Decides classes for a fixed book, day, purpose and list of recipients; remembers what it asked."""

    def __init__(self, book: PolicyBook, recipients: Sequence[Recipient], question: Question) -> None:
        self.asked = 0  # engine calls
        self.failed = 0  # of these, with an error
        self._recipients = recipients
        self._question = question
        self._bits = {recipient.name: 1 << number for number, recipient in enumerate(recipients)}
        self._everybody = (1 << len(recipients)) - 1
        self._groups: dict[Gate, list[_Group]] = {gate: [] for gate in GATES}
        self._by_owner: dict[Gate, dict[str, list[_Group]]] = {gate: defaultdict(list) for gate in GATES}
        self._seen_by: dict[tuple[Gate, str], set[str]] = defaultdict(set)  # what policies limited to an owner read
        self._limited: dict[_Key, tuple[int, int]] = {}
        self._decided: dict[ClassFacts, Masks] = {}
        related: dict[Relation, _Related] = {}
        for group in _groups(book):
            group.views = self._views(group)
            group.relations = [related.setdefault(one, _Related(one)) for one in group.footprint.relations]
            if group.parties.owners is None:
                self._groups[group.gate].append(group)
            else:
                for owner in group.parties.owners:
                    self._by_owner[group.gate][owner].append(group)
                    self._seen_by[group.gate, owner] |= group.footprint.attributes("resource")

    def masks(self, facts: ClassFacts) -> Masks:
        """Who gets which variant of a class: bit n stands for the recipient with number n."""
        known = self._decided.get(facts)
        if known is None:
            known = self._decided[facts] = self._masks(facts)
        return known

    def _masks(self, facts: ClassFacts) -> Masks:
        left = self._everybody
        given = []
        tried = variants_of(facts)
        for variant in VARIANTS:
            now = 0
            if left and variant in tried:
                asked = msgspec.structs.replace(facts, variant=variant) if variant != facts.variant else facts
                now = left
                for gate in GATES:
                    now &= self._gate(gate, asked)
            given.append(now)
            left &= ~now
        return tuple(given)

    def _gate(self, gate: Gate, facts: ClassFacts) -> int:
        permits, forbids = self._together(self._groups[gate], facts)
        limited = self._by_owner[gate].get(facts.owner)
        if limited:
            key = (gate, facts.owner, tuple([_of_class(facts, name) for name in self._seen_by[gate, facts.owner]]))
            known = self._limited.get(key)
            if known is None:
                known = self._limited[key] = self._together(limited, facts)
            permits, forbids = permits | known[0], forbids | known[1]
        return permits & ~forbids

    def _together(self, groups: Iterable[_Group], facts: ClassFacts) -> tuple[int, int]:
        """For whom any permit, and any forbid, holds."""
        permits = forbids = 0
        for group in groups:
            held, broken = self._holds(group, facts)
            forbids |= broken
            if group.is_permit:
                permits |= held
            else:
                forbids |= held
        return permits, forbids

    def _holds(self, group: _Group, facts: ClassFacts) -> _Answer:
        """For whom the group holds, for whom it fails: owner and others are asked apart where it matters who owns."""
        own = self._bits.get(facts.owner, 0)
        if "own" not in group.footprint.context or not own:
            return self._answer(group, facts, self._everybody, own=False)
        others = self._answer(group, facts, self._everybody & ~own, own=False)
        itself = self._answer(group, facts, own, own=True)
        return others[0] | itself[0], others[1] | itself[1]

    def _answer(self, group: _Group, facts: ClassFacts, among: int, *, own: bool) -> _Answer:
        seen = tuple([_of_class(facts, name) for name in group.footprint.resource])
        related = tuple([self._relation(one, facts) for one in group.relations])
        key = (own, among, seen, related)
        known = group.answers.get(key)
        if known is None:
            known = group.answers[key] = self._ask_each(group, facts, among, seen, related, own=own)
        return known

    def _relation(self, related: _Related, facts: ClassFacts) -> int:
        """For whom a relation holds."""
        key = tuple([_of_class(facts, name) for name in related.reads])
        known = related.masks.get(key)
        if known is None:
            known = 0
            for number, recipient in enumerate(self._recipients):
                known |= holds(related.asked, recipient, facts, self._question) << number
            related.masks[key] = known
        return known

    def _ask_each(
        self, group: _Group, facts: ClassFacts, among: int, seen: _Key, related: tuple[int, ...], *, own: bool
    ) -> _Answer:
        """Ask the engine for each view that occurs."""
        held = broken = 0
        for number, bits in enumerate(group.views):
            for answers, alike in _split(bits & among, related):
                view = (own, seen, number, answers)
                known = group.asked.get(view)
                if known is None:
                    one = self._recipients[(alike & -alike).bit_length() - 1]
                    known = group.asked[view] = self._ask(group, facts, one, own=own)
                held |= alike if known[0] else 0
                broken |= alike if known[1] else 0
        return held, broken

    def _ask(self, group: _Group, facts: ClassFacts, recipient: Recipient, *, own: bool) -> tuple[bool, bool]:
        """Whether any policy of the group holds for a pair, and whether the engine failed."""
        footprint = group.footprint
        owner = {"owner"} if group.parties.owners is not None else set()
        resource = resource_entity(facts, footprint.attributes("resource") | owner)
        shown = narrowed(recipient, footprint.principal, footprint.relations, facts, self._question)
        principal = principal_entity(shown, footprint.attributes("principal"))
        entities = cedarpy.Entities.from_json_str(json.dumps([principal, resource]))
        asked = request(group.gate, recipient, self._question, own=own)
        holding, errors = satisfied(asked, group.policies, entities)
        self.asked += 1
        self.failed += bool(errors)
        return bool(holding), bool(errors)

    def _views(self, group: _Group) -> list[int]:
        """Recipients that look alike to a group outside its relations."""
        named = group.parties.principals
        found: dict[_Key, int] = defaultdict(int)
        for recipient in self._recipients:
            if named is None or recipient.name in named:
                own = tuple([_of_recipient(recipient, name) for name in group.footprint.principal])
                found[(bool(recipient.name), *own)] |= self._bits[recipient.name]
        return list(found.values())


def release_masks(
    book: PolicyBook, recipients: Sequence[Recipient], facts: Mapping[K, ClassFacts], question: Question
) -> dict[K, Masks]:
    """For each class, who gets which variant."""
    deciding = Deciding(book, recipients, question)
    return {key: deciding.masks(one) for key, one in facts.items()}


class _Group:
    """Policies of one gate, effect and footprint, asked together; answers remembered."""

    def __init__(self, policies: Sequence[Policy], footprint: Footprint, parties: Parties) -> None:
        self.policies = policy_set(policies)
        self.gate: Gate = policies[0].gate
        self.is_permit = policies[0].effect == "permit"
        self.footprint = footprint
        self.parties = parties
        self.views: list[int] = []
        self.relations: list[_Related] = []
        self.answers: dict[_Key, _Answer] = {}
        self.asked: dict[_Key, tuple[bool, bool]] = {}


class _Related:
    """A relation, and for whom it holds by what it reads of a class."""

    def __init__(self, asked: Relation) -> None:
        self.asked = asked
        self.reads = sorted(asked.reads("resource"))
        self.masks: dict[_Key, int] = {}


def _split(bits: int, related: Iterable[int]) -> Iterator[tuple[tuple[bool, ...], int]]:
    """The recipients among `bits`, apart by their answers to the relations."""
    parts: list[tuple[tuple[bool, ...], int]] = [((), bits)]
    for mask in related:
        parts = [
            part
            for answers, alike in parts
            for part in (((*answers, True), alike & mask), ((*answers, False), alike & ~mask))
            if part[1]
        ]
    return iter(part for part in parts if part[1])


def _of_class(facts: ClassFacts, name: str) -> Hashable:
    """What a footprint sees of a class; `secrets` are the owner's kinds of secrecy."""
    found: Hashable = (facts.owner, facts.secrecy) if name == "secrets" else getattr(facts, name)
    return found


def _of_recipient(recipient: Recipient, name: str) -> Hashable:
    found: Hashable = (
        recipient.name if name == ID else recipient.communities if name == COMMUNITIES else getattr(recipient, name)
    )
    return found


def _groups(book: PolicyBook) -> list[_Group]:
    """Policies asked together; those limited by name each alone."""
    together: dict[tuple[Gate, str, Footprint], list[Policy]] = defaultdict(list)
    groups: list[_Group] = []
    for policy in book.policies.values():
        if policy.gate == "obligation":
            continue
        if policy.parties == Parties():
            together[policy.gate, policy.effect, policy.footprint].append(policy)
        else:
            groups.append(_Group([policy], policy.footprint, policy.parties))
    return groups + [_Group(policies, footprint, Parties()) for (_, _, footprint), policies in together.items()]
