"""What a policy looks at: read from its JSON form, so that pairs that look alike to it are decided once.

A footprint is a promise that is checked by construction: the engine is given only the attributes in it, so a footprint that
lacks one shows as an evaluation error, which refuses. What a footprint could not say is not taken: see `Unreadable`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from commonwatch.core.policy.facts import ClassFacts, Recipient
from commonwatch.core.policy.relations import Relation, relation

ID, COMMUNITIES = "id", "communities"  # of the principal, beside its attributes
_KNOWN = {"principal": {*Recipient.__struct_fields__}, "resource": {*ClassFacts.__struct_fields__, "secrets"}}
_SAFE = """
Var Value Set Record . has == != < <= > >= in is like contains containsAny containsAll isEmpty && || ! if-then-else
"""


class Unreadable(ValueError):
    """A policy asks what no footprint can say, such as where another member than the recipient belongs."""


class Footprint(msgspec.Struct, frozen=True, order=True):
    """What a policy reads of each side by itself, and the relations it asks for between the two.

    The principal's may include ID (it itself is compared) and COMMUNITIES.
    """

    principal: tuple[str, ...]
    resource: tuple[str, ...]
    context: tuple[str, ...]
    relations: tuple[Relation, ...] = ()

    def attributes(self, variable: str) -> frozenset[str]:
        """Every attribute read, in relations or outside them."""
        alone: tuple[str, ...] = getattr(self, variable)
        return frozenset(alone).union(*(one.reads(variable) for one in self.relations)) - {""}


class Parties(msgspec.Struct, frozen=True):
    """Members to whom a policy is limited by name: recipients and owners; None where it does not limit them."""

    principals: frozenset[str] | None = None
    owners: frozenset[str] | None = None


class _Reading:
    def __init__(self) -> None:
        self.alone: dict[str, set[str]] = {"principal": set(), "resource": set(), "context": set()}
        self.relations: set[Relation] = set()

    def itself(self, variable: str) -> None:
        if variable != "principal":
            raise Unreadable(f"takes {variable} as a whole")
        self.alone[variable].add(ID)

    def attribute(self, variable: str, name: str) -> None:
        if not variable:
            raise Unreadable("reads an attribute of something else than principal, resource and context")
        if name not in _KNOWN.get(variable, (name,)):
            raise Unreadable(f"asks for {variable}.{name}, which there never is")
        self.alone[variable].add(name)

    def belongs_to(self, whole: Any) -> None:
        """The principal is in a community by membership, but in a member by being it."""
        self.alone["principal"].add(COMMUNITIES)
        if any(_type(one) != "Community" for one in whole.get("Set", [whole])):
            self.alone["principal"].add(ID)

    def footprint(self) -> Footprint:
        principal, resource, context = (tuple(sorted(self.alone[of])) for of in ("principal", "resource", "context"))
        return Footprint(principal, resource, context, tuple(sorted(self.relations)))


def footprint(policy: Mapping[str, Any]) -> Footprint:
    """The footprint of a policy in Cedar's JSON form."""
    reading = _Reading()
    for condition in policy["conditions"]:
        _walk(condition["body"], reading)
    scope = policy["principal"]
    if scope["op"] == "==":
        reading.alone["principal"].add(ID)
    elif parent := scope if scope["op"] == "in" else scope.get("in"):
        reading.belongs_to({"Value": {"__entity": parent["entity"]}})
    return reading.footprint()


def may_fail(node: Any) -> bool:
    """Whether a checked expression may still fail at run time: arithmetic overflows, and functions have limits."""
    if "Record" in node:
        return any(map(may_fail, node["Record"].values()))
    if "Set" in node:
        return any(map(may_fail, node["Set"]))
    operator, inner = next(iter(node.items()))
    if operator not in _SAFE.split():
        return True
    if operator in ("Var", "Value"):
        return False
    return any(may_fail(part) for name, part in inner.items() if isinstance(part, dict))


def parties(policy: Mapping[str, Any]) -> tuple[Parties, Footprint]:
    """The members to whom the `when` clauses limit a policy by name, and the footprint of what else they ask.

    A clause `[Member::"a", Member::"b"].contains(principal)` (or `resource.owner`), standing as a conjunct of its own, limits.
    Where principal or owner are read in any other place as well, the footprint of the rest still names them. What stands
    behind something that may fail limits nothing: for parties and others alike, the failure comes first.
    """
    limits: dict[str, frozenset[str]] = {}
    rest: list[Any] = []
    failing = False
    for condition in policy["conditions"]:
        if condition["kind"] != "when":
            rest.append(condition)
            failing = failing or may_fail(condition["body"])
            continue
        for conjunct in _conjuncts(condition["body"]):
            limit = None if failing else _limit(conjunct)
            if limit is None:
                rest.append({"kind": "when", "body": conjunct})
                failing = failing or may_fail(conjunct)
            else:
                who, names = limit
                limits[who] = limits.get(who, names) & names
    scope = policy["principal"]
    if scope["op"] == "==" and scope["entity"]["type"] == "Member":
        limits["principal"] = limits.get("principal", frozenset([scope["entity"]["id"]])) & {scope["entity"]["id"]}
        scope = {"op": "All"}
    left = footprint({**policy, "principal": scope, "conditions": rest})
    return Parties(limits.get("principal"), limits.get("owner")), left


def _conjuncts(body: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    if "&&" in body:
        yield from _conjuncts(body["&&"]["left"])
        yield from _conjuncts(body["&&"]["right"])
    else:
        yield body


def _limit(conjunct: Mapping[str, Any]) -> tuple[str, frozenset[str]] | None:
    if "contains" in conjunct and "Set" in conjunct["contains"]["left"]:
        who = _who(conjunct["contains"]["right"])
        members = [_member(item) for item in conjunct["contains"]["left"]["Set"]]
    elif "==" in conjunct:
        who = _who(conjunct["=="]["left"])
        members = [_member(conjunct["=="]["right"])]
    else:
        return None
    if not who or None in members:
        return None
    return who, frozenset(member for member in members if member is not None)


def _who(node: Any) -> str:
    if node == {"Var": "principal"}:
        return "principal"
    return "owner" if node == {".": {"left": {"Var": "resource"}, "attr": "owner"}} else ""


def _member(node: Mapping[str, Any]) -> str | None:
    return str(node["Value"]["__entity"]["id"]) if _type(node) == "Member" else None


def _type(node: Mapping[str, Any]) -> str:
    """The type of a literal entity; empty for all else."""
    value = node.get("Value")
    return str(value["__entity"]["type"]) if isinstance(value, dict) else ""


def _walk(node: Any, reading: _Reading) -> None:
    """Note what an expression reads."""
    if (asked := relation(node)) is not None:
        reading.relations.add(asked)
        return
    operator, inner = next(iter(node.items()))
    match operator:
        case "Value":
            pass
        case "Var":
            reading.itself(inner)
        case "." | "has":
            reading.attribute(inner["left"].get("Var", ""), inner["attr"])
        case "in":
            _only_the_principal(inner["left"])
            reading.belongs_to(inner["right"])
            _walk(inner["right"], reading)
        case "is" if "in" in inner:
            _walk({"in": {"left": inner["left"], "right": inner["in"]}}, reading)
        case "is":  # every principal, and every class, keeps its type
            if "Var" not in inner["left"]:
                _walk(inner["left"], reading)
        case "Record":
            for part in inner.values():
                _walk(part, reading)
        case _:
            for part in inner.values() if isinstance(inner, dict) else inner:
                if isinstance(part, dict):
                    _walk(part, reading)


def _only_the_principal(node: Any) -> None:
    if node != {"Var": "principal"}:
        raise Unreadable("asks where somebody else than the recipient belongs")
