"""Asking Cedar: which policies hold for one recipient, one class, one question. Any error refuses.

Permits and forbids are asked apart, so that every policy that holds is named, not only those that decided.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from typing import Any

import cedarpy
import msgspec

from commonwatch.core.policy.book import Gate, Policy, PolicyBook
from commonwatch.core.policy.facts import ClassFacts, Question, Recipient


class Holding(msgspec.Struct, frozen=True):
    """The policies that hold, by id, sorted; and what went wrong while asking."""

    permits: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def passes(self) -> bool:
        """Cedar's own rule, and no error: any permit, no forbid."""
        return bool(self.permits) and not self.forbids and not self.errors


class Engine:
    """A policy book, parsed for asking."""

    def __init__(self, book: PolicyBook) -> None:
        self.book = book
        gates: tuple[Gate, ...] = ("handling", "law", "policy", "obligation")
        self._sets = {gate: _by_effect(book.of(gate)) for gate in gates}

    def ask(self, gate: Gate, recipient: Recipient, facts: ClassFacts, question: Question) -> Holding:
        """Every policy of a gate that holds."""
        entities = cedarpy.Entities.from_json_str(json.dumps([principal_entity(recipient), resource_entity(facts)]))
        asked = request(gate, recipient, question, own=recipient.name == facts.owner)
        permits, forbids = (satisfied(asked, policies, entities) for policies in self._sets[gate])
        return Holding(permits[0], forbids[0], permits[1] + forbids[1])


def policy_set(policies: Iterable[Policy]) -> cedarpy.PolicySet:
    """The policies as Cedar holds them, under their own ids."""
    forms = {policy.id: policy.form for policy in policies}
    return cedarpy.PolicySet.from_json_str(json.dumps({"staticPolicies": forms, "templates": {}, "templateLinks": []}))


def satisfied(
    asked: dict[str, Any], policies: cedarpy.PolicySet, entities: cedarpy.Entities
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The policies of one effect that hold, and errors."""
    diagnostics = cedarpy.is_authorized(asked, policies, entities).diagnostics
    return tuple(sorted(diagnostics.reasons)), tuple(diagnostics.errors)


def request(gate: Gate, recipient: Recipient, question: Question, *, own: bool) -> dict[str, Any]:
    """What Cedar is asked."""
    return {
        "principal": _uid("Member", recipient.name) if recipient.name else _uid("Public", "public"),
        "action": _uid("Action", "oblige" if gate == "obligation" else "share"),
        "resource": _uid("ReleaseClass", "class"),
        "context": {"purpose": question.purpose, "today": question.today, "own": own},
    }


def principal_entity(recipient: Recipient, attributes: Container[str] | None = None) -> dict[str, Any]:
    """A recipient with the attributes named, or with all."""
    if not recipient.name:
        return {"uid": _uid("Public", "public"), "attrs": {}, "parents": []}
    given = {name: write(recipient) for name, write in PRINCIPAL.items() if attributes is None or name in attributes}
    return {"uid": _uid("Member", recipient.name), "attrs": given, "parents": _communities(recipient.communities)}


def resource_entity(facts: ClassFacts, attributes: Container[str] | None = None) -> dict[str, Any]:
    """A release class with the attributes named, or with all."""
    given = {name: write(facts) for name, write in RESOURCE.items() if attributes is None or name in attributes}
    return {"uid": _uid("ReleaseClass", "class"), "attrs": given, "parents": []}


def _by_effect(policies: Sequence[Policy]) -> tuple[cedarpy.PolicySet, cedarpy.PolicySet]:
    permits = policy_set([policy for policy in policies if policy.effect == "permit"])
    return permits, policy_set([policy for policy in policies if policy.effect == "forbid"])


def _uid(kind: str, name: str) -> dict[str, str]:
    return {"type": kind, "id": name}


def _entity(kind: str, name: str) -> dict[str, Any]:
    return {"__entity": _uid(kind, name)}


def _members(names: Iterable[str]) -> list[dict[str, Any]]:
    return [_entity("Member", name) for name in sorted(names)]


def _communities(names: Iterable[str]) -> list[dict[str, str]]:
    return [_uid("Community", name) for name in sorted(names)]


PRINCIPAL: Mapping[str, Callable[[Recipient], Any]] = {
    "kind": lambda recipient: recipient.kind,
    "country": lambda recipient: recipient.country,
    "groups": lambda recipient: sorted(recipient.groups),
    "clearance": lambda recipient: recipient.clearance,
    "expelled": lambda recipient: recipient.expelled,
    "consents": lambda recipient: _members(recipient.consents),
    "lawful": lambda recipient: sorted(recipient.lawful),
    "assured": lambda recipient: [
        {"owner": _entity("Member", one.owner), "regime": one.regime, "category": one.category, "purpose": one.purpose}
        for one in sorted(recipient.assured)
    ],
    "entrusted": lambda recipient: [
        {"owner": _entity("Member", one.owner), "kind": one.kind} for one in sorted(recipient.entrusted)
    ],
}
RESOURCE: Mapping[str, Callable[[ClassFacts], Any]] = {
    "owner": lambda facts: _entity("Member", facts.owner),
    "category": lambda facts: facts.category,
    "tlp": lambda facts: facts.tlp,
    "pap": lambda facts: facts.pap,
    "classification": lambda facts: facts.classification,
    "orcon": lambda facts: facts.orcon,
    "named": lambda facts: _members(facts.named),
    "releasable": lambda facts: sorted(facts.releasable),
    "audience": lambda facts: [_entity("Community", name) for name in sorted(facts.audience)],
    "shared": lambda facts: [_entity("Community", name) for name in sorted(facts.shared)],
    "audience_named": lambda facts: facts.audience_named,
    "purposes": lambda facts: sorted(facts.purposes),
    "not_before": lambda facts: facts.not_before,
    "not_after": lambda facts: facts.not_after,
    "retention_days": lambda facts: facts.retention_days,
    "duties": lambda facts: sorted(facts.duties),
    "personal": lambda facts: sorted(facts.personal),
    "secrecy": lambda facts: sorted(facts.secrecy),
    "secrets": lambda facts: [
        {"owner": _entity("Member", facts.owner), "kind": kind} for kind in sorted(facts.secrecy)
    ],
    "regimes": lambda facts: sorted(facts.regimes),
    "jurisdiction_known": lambda facts: facts.jurisdiction_known,
    "variant": lambda facts: facts.variant,
}
