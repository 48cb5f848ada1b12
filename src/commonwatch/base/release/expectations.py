"""Expectations of the policies in force: what should come of asking for an object, compared with what does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from commonwatch.base.release.explain import Asking, held_object
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.facts import DEFAULT_PURPOSE


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One case. An empty `variant` is not compared."""

    object: str
    to: str
    outcome: str
    purpose: str = DEFAULT_PURPOSE
    variant: str = ""


def expectations(raw: bytes) -> list[Expectation]:
    """Read a list of expectations; raises InvalidInput with the place of what is wrong."""
    try:
        return msgspec.json.decode(raw, type=list[Expectation])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "expectations-unreadable",
            f"The expectations cannot be read: {error}.",
            'Give a list of {"object", "to", "outcome"}, and "purpose" and "variant" where they matter.',
        ) from None


def tested(cases: Sequence[Expectation]) -> list[dict[str, Any]]:
    """Each case with what came of it, and whether that was expected."""
    asking: dict[str, Asking] = {}
    found = []
    for case in cases:
        asked = asking.get(case.purpose) or asking.setdefault(case.purpose, Asking(case.purpose))
        explained = asked.explain(held_object(case.object), case.to)
        got = {"outcome": explained.outcome, "variant": explained.decision.variant or ""}
        passed = case.outcome == got["outcome"] and case.variant in ("", got["variant"])
        found.append({**msgspec.structs.asdict(case), "got": got, "passed": passed})
    return found
