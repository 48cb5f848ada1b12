"""Questions that a policy asks of recipient and class together, such as `resource.named.contains(principal)`, and those
that it asks of one's set about one word, such as `principal.lawful.contains("eu")`.

A policy sees the sides of a relation only through its answer, yes or no. So all pairs with the same answers, and the same
of what is read outside relations, look alike to it, however many names their sets hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import msgspec

from commonwatch.core.policy.facts import Assurance, ClassFacts, Question, Recipient

Operator: TypeAlias = Literal["contains", "containsAny", "containsAll", "in", "=="]
_OPERATORS: tuple[Operator, ...] = ("contains", "containsAny", "containsAll", "in", "==")
_MEMBERSHIPS = (("principal", "resource", "audience"), ("principal", "resource", "shared"))
_OF_QUESTION = ("purpose", "today")  # `own` is the pair's, and depends on both sides


class Operand(msgspec.Struct, frozen=True, order=True):
    """`variable.attribute`; the variable itself where the attribute is empty; a record of operands; or a literal."""

    variable: str = ""
    attribute: str = ""
    record: tuple[tuple[str, Operand], ...] = ()
    literal: str = ""


_ASSURED = Operand("principal", "assured")


class Relation(msgspec.Struct, frozen=True, order=True):
    """One such question."""

    operator: Operator
    left: Operand
    right: Operand

    def reads(self, variable: str) -> frozenset[str]:
        """The attributes it reads of a variable; "" stands for the variable itself."""
        return _reads(self.left, variable) | _reads(self.right, variable)


def relation(node: Mapping[str, Any]) -> Relation | None:
    """The relation that a node of a policy's JSON form is; None where it is something else."""
    operator = next((name for name in _OPERATORS if name in node), None)
    if operator is None:
        return None
    left, right = _operand(node[operator]["left"]), _operand(node[operator]["right"])
    if left is None or right is None:
        return None
    found = Relation(operator, left, right)
    if operator == "in" and (left.variable, right.variable, right.attribute) not in _MEMBERSHIPS:
        return None
    of_both = found.reads("principal") and found.reads("resource")
    return found if of_both or operator == "contains" else None


def holds(asked: Relation, recipient: Recipient, facts: ClassFacts, question: Question) -> bool:
    """The answer, as Cedar would give it."""
    left = _value(asked.left, recipient, facts, question)
    right = _value(asked.right, recipient, facts, question)
    match asked.operator:
        case "contains":
            return right in left
        case "containsAny":
            return not left.isdisjoint(right)
        case "containsAll":
            return bool(left >= right)
        case "in":
            return not recipient.communities.isdisjoint(right)
        case _:  # ==
            return bool(left == right)


def narrowed(
    recipient: Recipient, read: Collection[str], asked: Iterable[Relation], facts: ClassFacts, question: Question
) -> Recipient:
    """The recipient with only those assurances that relations find: it looks the same to them, and is read much faster.

    As it is where assurances are read in another way: by themselves, `read`, or otherwise than by `contains`.
    """
    asking = [one for one in asked if "assured" in one.reads("principal")]
    if "assured" in read or any((one.operator, one.left) != ("contains", _ASSURED) for one in asking):
        return recipient
    wanted = {Assurance(**dict(_value(one.right, recipient, facts, question))) for one in asking}
    return msgspec.structs.replace(recipient, assured=recipient.assured.intersection(wanted))


def _operand(node: Any) -> Operand | None:
    if "Var" in node:
        return Operand(node["Var"]) if node["Var"] == "principal" else None
    if "." in node and "Var" in node["."]["left"]:
        variable, attribute = node["."]["left"]["Var"], node["."]["attr"]
        return Operand(variable, attribute) if variable != "context" or attribute in _OF_QUESTION else None
    if isinstance(node.get("Value"), str):
        return Operand(literal=node["Value"])
    if "Record" in node:
        parts = [(name, _operand(part)) for name, part in sorted(node["Record"].items())]
        known = tuple((name, part) for name, part in parts if part is not None)
        return Operand(record=known) if len(known) == len(parts) else None
    return None


def _reads(operand: Operand, variable: str) -> frozenset[str]:
    if operand.record:
        return frozenset().union(*(_reads(part, variable) for _, part in operand.record))
    return frozenset([operand.attribute] if operand.variable == variable else [])


def _value(operand: Operand, recipient: Recipient, facts: ClassFacts, question: Question) -> Any:
    if operand.record:
        return tuple((name, _value(part, recipient, facts, question)) for name, part in operand.record)
    match operand.variable:
        case "":
            return operand.literal
        case "principal":
            return _attribute(recipient, operand.attribute)
        case "resource":
            return _attribute(facts, operand.attribute)
        case _:
            return getattr(question, operand.attribute)


@lru_cache(4096)
def _records(held: frozenset[msgspec.Struct]) -> frozenset[tuple[tuple[str, Any], ...]]:
    return frozenset(tuple(sorted(msgspec.structs.asdict(one).items())) for one in held)


def _attribute(of: Recipient | ClassFacts, name: str) -> Any:
    """A value as relations compare it: members by name, records as sorted pairs."""
    match name:
        case "":
            assert isinstance(of, Recipient)  # noqa: S101 - for the type checker; no class is taken as a whole
            return of.name
        case "secrets":
            assert isinstance(of, ClassFacts)  # noqa: S101 - for the type checker; only classes have secrets
            return frozenset((("kind", kind), ("owner", of.owner)) for kind in of.secrecy)
        case "assured" | "entrusted":
            return _records(getattr(of, name))
        case _:
            return getattr(of, name)
