"""The policies in force, as one checked book: who may write which, what each looks at, and the digest of them all.

Layers by name: `handling/`, `law/` and `partnership/` are the partnership's; `agreement/<name>` is made from an agreement in
force; `member/<name>/` is a member's own, which may narrow anything and open only what that member owns. The first two are
gates of their own; the other three are the policy gate together. `obligation/` says what goes with a release.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Literal, TypeAlias

import cedarpy
import msgspec

from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.footprint import Footprint, Parties, Unreadable, may_fail, parties

Gate: TypeAlias = Literal["handling", "law", "policy", "obligation"]
GATES: tuple[Gate, ...] = ("handling", "law", "policy")
_GATE_OF: Mapping[str, Gate] = {
    "handling": "handling",
    "law": "law",
    "partnership": "policy",
    "agreement": "policy",
    "member": "policy",
    "obligation": "obligation",
}
_NEEDED = ("title", "law", "date", "explain")
SCHEMA_FILE = "schema.cedarschema"


class Policy(msgspec.Struct, frozen=True):
    """One policy. `form` is its JSON in Cedar's own encoding."""

    id: str
    gate: Gate
    effect: Literal["permit", "forbid"]
    annotations: Mapping[str, str]
    form: Mapping[str, Any]
    parties: Parties
    footprint: Footprint
    file: str

    def note(self, name: str) -> str:
        """An annotation, empty where it has none."""
        return self.annotations.get(name, "")


class PolicyBook(msgspec.Struct, frozen=True):
    """Every policy by id, in the order of ids: the order of files and policies means nothing."""

    policies: Mapping[str, Policy]
    digest: str  # SHA-256 over ids and forms, hexadecimal

    def of(self, gate: Gate) -> list[Policy]:
        """The policies of one gate."""
        return [policy for policy in self.policies.values() if policy.gate == gate]


def parse_book(files: Mapping[str, str], schema: str) -> PolicyBook:
    """Read and check policies by file name; raises InvalidInput naming file, policy and remedy.

    Checked: syntax; types against the schema; ids unique, in a known layer, each with title, law, date and explanation;
    a member's permits limited to what it owns.
    """
    found: dict[str, Policy] = {}
    parsed_schema = cedarpy.Schema.from_str(schema)
    for file, text in sorted(files.items()):
        for policy in _parse(file, text, parsed_schema):
            if policy.id in found:
                where = _place(file, policy.id)
                raise _wrong(
                    where, f"{where} stands in {found[policy.id].file} already.", "Give each policy its own id."
                )
            found[policy.id] = policy
    ordered = dict(sorted(found.items()))
    whole = json.dumps({name: policy.form for name, policy in ordered.items()}, sort_keys=True)
    return PolicyBook(ordered, sha256(whole.encode()).hexdigest())


def _parse(file: str, text: str, schema: cedarpy.Schema) -> list[Policy]:
    if not text.strip():
        return []
    try:
        forms = json.loads(cedarpy.policies_to_json_str(text))
    except ValueError as error:
        raise _wrong(file, f"{file} is no Cedar: {str(error).strip()}.", "Correct the syntax.") from None
    if forms["templates"]:
        raise _wrong(file, f"{file} holds templates.", "Write a policy for each case.")
    policies = {number: _policy(file, form) for number, form in forms["staticPolicies"].items()}
    checked = cedarpy.validate_policies(text, schema)
    if not checked:
        found = checked.errors[0]
        what = found.error.removeprefix(f"for policy `{found.policy_id}`, ")
        where = _place(file, policies[found.policy_id].id)
        raise _wrong(where, f"{where} does not fit the schema: {what}.", "See `policy schema`.")
    return list(policies.values())


def _policy(file: str, form: Mapping[str, Any]) -> Policy:
    annotations = {name: value or "" for name, value in form.get("annotations", {}).items()}
    name = annotations.get("id", "")
    where = _place(file, name)
    layer, _, rest = name.partition("/")
    gate = _GATE_OF.get(layer)
    if gate is None or not rest:
        known = "/, ".join(_GATE_OF)
        raise _wrong(where, f"{where} has the id {name!r}, which names no layer.", f"Begin it with {known}/.")
    needed = _NEEDED if gate != "obligation" else ("title", "law", "date", "obligation")
    if missing := [word for word in needed if not annotations.get(word)]:
        raise _wrong(
            where, f"{where} lacks @{missing[0]}.", "A reader must be able to ask why, by which law, since when."
        )
    action = form["action"]
    wanted = "oblige" if gate == "obligation" else "share"
    if action.get("op") != "==" or action["entity"]["id"] != wanted:
        sentence, remedy = f'{where} is not limited to Action::"{wanted}".', f'Write action == Action::"{wanted}".'
        raise _wrong(where, sentence, remedy)
    if form["resource"]["op"] not in ("All", "is") or "in" in form["resource"]:
        remedy = "Classes have no names: write a condition on their attributes."
        raise _wrong(where, f"{where} names one release class.", remedy)
    if gate == "obligation" and any(may_fail(condition["body"]) for condition in form["conditions"]):
        sentence = f"{where} computes, and so may fail when a release is already decided."
        raise _wrong(where, sentence, "Compare only.")
    try:
        limited, rest_of_it = parties(form)
    except Unreadable as error:
        remedy = "Ask for attributes of principal, resource and context that the schema has."
        raise _wrong(where, f"{where} {error}.", remedy) from None
    if layer == "member":
        _check_own(where, name, form, limited)
    return Policy(name, gate, form["effect"], annotations, form, limited, rest_of_it, file)


def _check_own(where: str, name: str, form: Mapping[str, Any], limited: Parties) -> None:
    """A member opens nobody else's data."""
    member = name.split("/")[1]
    if form["effect"] == "permit" and limited.owners != frozenset([member]):
        raise _wrong(
            where,
            f"{where} permits what {member} does not own.",
            f'A member narrows, or opens its own: add resource.owner == Member::"{member}" to the when clause.',
        )


def _place(file: str, policy: str) -> str:
    return f"{file}, policy {policy}" if policy else file


def _wrong(place: str, sentence: str, remedy: str) -> InvalidInput:
    return InvalidInput("policy-invalid", sentence, remedy, data={"place": place})
