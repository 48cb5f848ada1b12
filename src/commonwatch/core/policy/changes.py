"""What would have to change for a refusal to become a permit: each change is tried, none is guessed.

A change is reported for the gates that it opens. Where two gates refuse, both lists are needed; a change that opens all of
them at once says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import msgspec

from commonwatch.core.policy.book import GATES, Gate, Policy, PolicyBook
from commonwatch.core.policy.decision import Decision
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.facts import CLEARANCES, PURPOSES, Assurance, ClassFacts, Entrusted, Question, Recipient
from commonwatch.core.policy.generated import AgreementTerms

_TLP = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")


class Change(msgspec.Struct, frozen=True):
    """Something that, done alone, would open `opens`. `enough` where nothing else stands in the way."""

    condition: str  # "if ..."
    opens: tuple[Gate, ...]
    enough: bool


class Dormant(msgspec.Struct, frozen=True):
    """An agreement that names owner and recipient but does not bind both today: as it would be, and why it is not."""

    terms: AgreementTerms
    policy: Policy  # as it would be in force
    standing: str
    assures: tuple[str, ...] = ()  # transfer regimes that it would satisfy


class _Candidate(msgspec.Struct, frozen=True):
    condition: str
    recipient: Recipient
    facts: ClassFacts
    question: Question
    added: Policy | None = None


def changes(
    engine: Engine,
    recipient: Recipient,
    facts: ClassFacts,
    question: Question,
    decision: Decision,
    dormant: Sequence[Dormant] = (),
    comparable: Collection[str] | None = None,
) -> tuple[Change, ...]:
    """Every single change that opens a gate that refused the full object, the sufficient ones first.

    `comparable`: purposes under which recipient and class are as they are here (`world.same_law`). Where that is not
    known, other purposes are tried for what holds no personal data only, because transfer law may ask for what.
    """
    shut: list[Gate] = [one.gate for one in decision.attempts[0].gates if not one.passed and one.gate in GATES]
    found: list[Change] = []
    if comparable is None:
        comparable = () if facts.personal else PURPOSES
    for candidate in _candidates(recipient, facts, question, dormant):
        if candidate.question.purpose not in (question.purpose, *comparable):
            continue
        if decision.variant and candidate.facts.variant != facts.variant:  # it is given so already
            continue
        asking = _with(engine, candidate.added)
        passes = {
            gate: asking.ask(gate, candidate.recipient, candidate.facts, candidate.question).passes for gate in GATES
        }
        opened = tuple(gate for gate in shut if passes[gate])
        if opened and not any(one.opens == opened and one.condition == candidate.condition for one in found):
            found.append(Change(candidate.condition, opened, all(passes.values())))
    return tuple(sorted(found, key=lambda one: (not one.enough, -len(one.opens))))


def _with(engine: Engine, added: Policy | None) -> Engine:
    if added is None:
        return engine
    return Engine(PolicyBook({**engine.book.policies, added.id: added}, engine.book.digest))


def _candidates(
    recipient: Recipient, facts: ClassFacts, question: Question, dormant: Sequence[Dormant]
) -> Iterator[_Candidate]:
    """Single changes that somebody could make; the least first."""
    replaced = msgspec.structs.replace
    for tlp in range(facts.tlp - 1, -1, -1):
        lowered = replaced(facts, tlp=tlp)
        yield _Candidate(f"if the author lowered the marking to {_TLP[tlp]}", recipient, lowered, question)
    if facts.personal or facts.secrecy:
        for variant, how in (("pseudonymised", "pseudonymised"), ("stripped", "stripped of personal data and secrets")):
            yield _Candidate(f"if {how}", recipient, replaced(facts, variant=variant), question)
    if not facts.jurisdiction_known:
        known = replaced(facts, jurisdiction_known=True)
        words = "if the owner's country were recorded, and its law let it pass"
        yield _Candidate(words, recipient, known, question)
    for agreement in dormant:
        yield _in_force(agreement, recipient, facts, question)
    if recipient.name:
        yield from _about_the_recipient(recipient, facts, question)
    for purpose in PURPOSES:
        if purpose != question.purpose:
            asked = replaced(question, purpose=purpose)
            yield _Candidate(f"if asked for the purpose {purpose}", recipient, facts, asked)
    for day in (facts.not_before, facts.not_after):
        if facts.not_before <= day <= facts.not_after and not facts.not_before <= question.today <= facts.not_after:
            asked = replaced(question, today=day)
            yield _Candidate("if asked between the dates of its marking", recipient, facts, asked)


def _about_the_recipient(recipient: Recipient, facts: ClassFacts, question: Question) -> Iterator[_Candidate]:
    replaced = msgspec.structs.replace
    for community in sorted(facts.audience - recipient.communities):
        joined = replaced(recipient, communities=recipient.communities | {community})
        yield _Candidate(f"if {recipient.name} joined {community}", joined, facts, question)
    named = replaced(facts, named=facts.named | {recipient.name})
    yield _Candidate(f"if the marking named {recipient.name}", recipient, named, question)
    if facts.orcon:
        consented = replaced(recipient, consents=recipient.consents | {facts.owner})
        yield _Candidate(f"if {facts.owner} consented", consented, facts, question)
    if facts.classification > recipient.clearance:
        cleared = replaced(recipient, clearance=facts.classification)
        words = f"if {recipient.name} were cleared for {CLEARANCES[facts.classification]}"
        yield _Candidate(words, cleared, facts, question)
    if facts.releasable and recipient.country:
        listed = replaced(facts, releasable=facts.releasable | {recipient.country})
        yield _Candidate(f"if the marking were releasable to {recipient.country}", recipient, listed, question)
    for regime in sorted(facts.regimes - recipient.lawful):
        lawful = replaced(recipient, lawful=recipient.lawful | {regime})
        words = f"if adequacy or a safeguard under the regime {regime} covered {recipient.name}"
        yield _Candidate(words, lawful, facts, question)
    if facts.secrecy:
        told = replaced(
            recipient, entrusted=recipient.entrusted | {Entrusted(facts.owner, kind) for kind in facts.secrecy}
        )
        words = f"if an agreement entrusted {recipient.name} with {', '.join(sorted(facts.secrecy))} secrets"
        yield _Candidate(words, told, facts, question)


def _in_force(agreement: Dormant, recipient: Recipient, facts: ClassFacts, question: Question) -> _Candidate:
    terms = agreement.terms
    assured = {
        Assurance(facts.owner, regime, category, purpose)
        for regime in agreement.assures
        for category in terms.categories or ("*",)
        for purpose in terms.purposes or ("*",)
    }
    told = {Entrusted(facts.owner, kind) for kind in terms.secrets}
    bound = msgspec.structs.replace(
        recipient, assured=recipient.assured | assured, entrusted=recipient.entrusted | told
    )
    words = f"if {terms.name} were in force ({agreement.standing})"
    return _Candidate(words, bound, facts, question, agreement.policy)
