"""The policy files in force: those shipped with the program, and those that were activated on this node, on record for ever."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from commonwatch.base.release.models import PolicySet
from commonwatch.core import policy

RULES = Path(policy.__file__).parent / "rules"
SCHEMA = (RULES / "schema.cedarschema").read_text()


@lru_cache(maxsize=1)
def shipped_files() -> Mapping[str, str]:
    """The partnership's policies, by file name."""
    return {path.name: path.read_text() for path in sorted(RULES.glob("*.cedar"))}


def own_files() -> Mapping[str, str]:
    """The node's own policies in force, by file name: members' own, and stricter rules of this node."""
    latest = PolicySet.objects.order_by("-pk").first()
    return latest.files if latest is not None else {}


def policy_files(own: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """All of them; with these as the node's own where given."""
    return {**shipped_files(), **(own_files() if own is None else own)}
