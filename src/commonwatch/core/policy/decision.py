"""The decision on one release: permit, permit with obligations, or refuse, with every reason."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from commonwatch.core.policy.book import GATES, Gate, Policy
from commonwatch.core.policy.engine import Engine, Holding
from commonwatch.core.policy.facts import VARIANTS, ClassFacts, Question, Recipient, Variant

Outcome: TypeAlias = Literal["permit", "obliged", "refuse"]


class Reason(msgspec.Struct, frozen=True):
    """A policy that holds: what it says, by which law, as of when."""

    policy: str
    effect: Literal["permit", "forbid"]
    title: str
    law: str
    date: str
    explain: str


class GateAnswer(msgspec.Struct, frozen=True):
    """One gate's answer. `errors` is not empty where the engine failed, which refuses.

    The obligations are no gate, and answer only where finding them failed.
    """

    gate: Gate
    passed: bool
    reasons: tuple[Reason, ...]
    errors: tuple[str, ...] = ()


class Obligation(msgspec.Struct, frozen=True, order=True):
    """Something that goes with the release: `word` is for machines (pap:amber, retain:365), the rest for people."""

    word: str
    title: str
    law: str


class Attempt(msgspec.Struct, frozen=True):
    """A variant, and what the gates said to it."""

    variant: Variant
    gates: tuple[GateAnswer, ...]

    @property
    def passed(self) -> bool:
        """Whether every gate let it through."""
        return all(gate.passed for gate in self.gates)


class Decision(msgspec.Struct, frozen=True):
    """What was decided. `attempts` are in the order of trying; the last is the one that was given, if any was."""

    outcome: Outcome
    variant: Variant | None
    attempts: tuple[Attempt, ...]
    obligations: tuple[Obligation, ...]

    @property
    def gates(self) -> tuple[GateAnswer, ...]:
        """The gates' answers to the variant given; for a refusal, to the full one."""
        return self.attempts[-1 if self.variant else 0].gates


def decide(engine: Engine, recipient: Recipient, facts: ClassFacts, question: Question) -> Decision:
    """Try the variants in their order. A variant that changes nothing (no personal data, no secrets) is not tried."""
    attempts: list[Attempt] = []
    for variant in variants_of(facts):
        tried = msgspec.structs.replace(facts, variant=variant)
        attempts.append(Attempt(variant, tuple(_gate(engine, gate, recipient, tried, question) for gate in GATES)))
        if attempts[-1].passed:
            obligations, errors = obligations_of(engine, recipient, tried, question)
            if errors:
                failed = GateAnswer("obligation", False, (), errors)
                attempts[-1] = Attempt(variant, (*attempts[-1].gates, failed))
                break
            outcome: Outcome = "permit" if variant == "full" and not obligations else "obliged"
            return Decision(outcome, variant, tuple(attempts), obligations)
    return Decision("refuse", None, tuple(attempts), ())


def variants_of(facts: ClassFacts) -> tuple[Variant, ...]:
    """The variants that differ from one another for a class."""
    return VARIANTS if facts.personal or facts.secrecy else VARIANTS[:1]


def obligations_of(
    engine: Engine, recipient: Recipient, facts: ClassFacts, question: Question
) -> tuple[tuple[Obligation, ...], tuple[str, ...]]:
    """What goes with a release, sorted; and the errors met, any of which must refuse it."""
    holding = engine.ask("obligation", recipient, facts, question)
    found = {
        Obligation(word, policy.note("title"), policy.note("law"))
        for policy in map(engine.book.policies.__getitem__, holding.permits)
        for word in words(policy, facts)
    }
    return tuple(sorted(found)), holding.errors


def words(policy: Policy, facts: ClassFacts) -> list[str]:
    """An obligation policy's words for a class: what stands in braces is filled in."""
    template = policy.note("obligation")
    if template == "{duties}":
        return sorted(facts.duties)
    return [template.replace("{retention_days}", str(facts.retention_days))]


def _gate(engine: Engine, gate: Gate, recipient: Recipient, facts: ClassFacts, question: Question) -> GateAnswer:
    holding = engine.ask(gate, recipient, facts, question)
    return GateAnswer(gate, holding.passes, _reasons(engine, holding), holding.errors)


def _reasons(engine: Engine, holding: Holding) -> tuple[Reason, ...]:
    """Forbids first: they decide."""
    return tuple(_reason(engine.book.policies[name]) for name in (*holding.forbids, *holding.permits))


def _reason(policy: Policy) -> Reason:
    return Reason(
        policy.id, policy.effect, policy.note("title"), policy.note("law"), policy.note("date"), policy.note("explain")
    )
