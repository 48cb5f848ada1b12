"""Which copy of an object is the first, the current, the highest specification: the flags of its placements.

Pure, and computed from the set of copies alone, so that the order of their arrival cannot matter. A revocation is final:
where any copy revokes the object, the earliest such version is the current one, whatever came later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from commonwatch.base.journal import schema


class Copy(NamedTuple):
    """What flags depend on: `spec` is 0 or 1 as in the schema."""

    version: int
    spec: int
    revoked: bool


def flags_of(copies: Sequence[Copy]) -> list[int]:
    """The flags of each copy of one object in one collection, in the order given."""
    if len(copies) == 1:
        return [schema.ALONE | copies[0].spec]
    top: dict[int, int] = {}
    for copy in copies:
        top[copy.version] = max(top.get(copy.version, 0), copy.spec)
    first, last = _ends(copies)
    of_spec = {spec: _ends([c for c in copies if c.spec == spec]) for spec in {c.spec for c in copies}}
    flags = []
    for copy in copies:
        flag = copy.spec
        if copy.spec == top[copy.version]:
            flag |= schema.TOP
            flag |= schema.FIRST if copy.version == first else 0
            flag |= schema.LAST if copy.version == last else 0
        spec_first, spec_last = of_spec[copy.spec]
        flag |= schema.FIRST_OF_SPEC if copy.version == spec_first else 0
        flag |= schema.LAST_OF_SPEC if copy.version == spec_last else 0
        flags.append(flag)
    return flags


def _ends(copies: Sequence[Copy]) -> tuple[int, int]:
    """The first and the current version."""
    versions = [copy.version for copy in copies]
    revoked = [copy.version for copy in copies if copy.revoked]
    return min(versions), min(revoked) if revoked else max(versions)
