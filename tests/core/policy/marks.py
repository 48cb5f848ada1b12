"""Markings for the tests, as they are written outside."""

from __future__ import annotations

from typing import Any
from uuid import NAMESPACE_OID, uuid5

from commonwatch.core.policy.handling import Handling, handling
from commonwatch.core.stix.extensions import HandlingExtension, handling_marking
from commonwatch.core.stix.markings import TLP1, TLP2

CLEAR, GREEN, AMBER, STRICT, RED = TLP2.values()
WHITE = TLP1["TLP:WHITE"]
FRANCE = "identity--11111111-1111-4111-8111-111111111111"
JAPAN = "identity--22222222-2222-4222-8222-222222222222"
KENYA = "identity--33333333-3333-4333-8333-333333333333"
IEP_EXTENSION = "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a"


def marking(**parts: Any) -> dict[str, Any]:
    """A marking-definition under an id of its own."""
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{uuid5(NAMESPACE_OID, repr(parts))}",
        "created": "2026-11-23T00:00:00.000Z",
        **parts,
    }


def ours(**content: Any) -> dict[str, Any]:
    return handling_marking(HandlingExtension(**content))


def iep(**policy: Any) -> dict[str, Any]:
    return marking(definition_type="iep", definition={"iep_version": "2.0", **policy})


def statement(text: str) -> dict[str, Any]:
    return marking(definition_type="statement", definition={"statement": text})


def read(*markings: str | dict[str, Any], default: str = "") -> Handling:
    """Handling of markings given as ids or as definitions."""
    held = {part["id"]: part for part in markings if isinstance(part, dict)}
    return handling([part if isinstance(part, str) else part["id"] for part in markings], held, default)
