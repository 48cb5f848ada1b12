"""Handling by name: TLP 2.0 and the legacy TLP 1 definitions that every STIX program knows by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# TLP 2.0: STIX extension definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d. TLP 1: STIX 2.1, section 7.2.1.4.
TLP2 = {
    "TLP:CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "TLP:GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "TLP:AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "TLP:AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "TLP:RED": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}
TLP1 = {
    "TLP:WHITE": "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9",
    "TLP:GREEN": "marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da",
    "TLP:AMBER": "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
    "TLP:RED": "marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed",
}
MARKING_IDS: Mapping[str, str] = {**TLP2, "TLP:WHITE": TLP1["TLP:WHITE"]}
_STRICTNESS = ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]
_LEVEL = {TLP1["TLP:WHITE"]: 0} | {
    marking: _STRICTNESS.index(name) for table in (TLP2, TLP1) for name, marking in table.items() if name in _STRICTNESS
}
# The TLP names that a definition under a well-known id may carry, in TLP 1 and TLP 2.0 spelling.
_MEANING = {marking: name for table in (TLP1, TLP2) for name, marking in table.items()}
_SAME = {"TLP:CLEAR": "TLP:WHITE"}


def strictest(marking_ids: Iterable[str]) -> str | None:
    """The strictest TLP 2.0 name among these marking ids; None where none of them is a TLP marking."""
    levels = [_LEVEL[marking] for marking in marking_ids if marking in _LEVEL]
    return _STRICTNESS[max(levels)] if levels else None


def redefines(definition: Mapping[str, Any]) -> str | None:
    """What a marking-definition under a well-known id claims instead of what the id means; None if it means the same.

    TLP:CLEAR under the id of TLP:WHITE is a mere renaming and no redefinition.
    """
    meaning = _MEANING.get(str(definition.get("id")))
    if meaning is None:
        return None
    claims = _claims(definition)
    wrong = sorted(claim for claim in claims if _SAME.get(claim, claim) != _SAME.get(meaning, meaning))
    return wrong[0] if wrong else None


def renames(definition: Mapping[str, Any]) -> bool:
    """Whether it gives TLP:WHITE's id the name TLP:CLEAR."""
    return definition.get("id") == TLP1["TLP:WHITE"] and "TLP:CLEAR" in _claims(definition)


def _claims(definition: Mapping[str, Any]) -> set[str]:
    found = {str(definition["name"]).upper()} if isinstance(definition.get("name"), str) else set()
    inner = definition.get("definition")
    if isinstance(inner, dict) and isinstance(inner.get("tlp"), str):
        found.add("TLP:" + inner["tlp"].upper().removeprefix("TLP:"))
    extensions = definition.get("extensions")
    if isinstance(extensions, dict):
        for extension in extensions.values():
            if isinstance(extension, dict) and isinstance(extension.get("tlp_2_0"), str):
                found.add("TLP:" + extension["tlp_2_0"].upper())
    return {claim for claim in found if claim.startswith("TLP:")}
