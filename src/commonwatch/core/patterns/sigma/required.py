"""Which leaves an event must satisfy for a condition to hold at all: the rarest such set is what a matcher looks for first.

`required` answers with leaves of which at least one holds in every event that meets the condition. Which set it is only
decides how much is looked at, never what is found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from commonwatch.core.patterns.sigma.tree import ONE, RUN, All, Any, Text, Tree


class Required(NamedTuple):
    """Leaves of which one must hold, and the share of events in which that is expected."""

    share: float
    leaves: frozenset[Text]


Share: TypeAlias = Callable[[Text], float]


def required(tree: Tree, share: Share) -> Required | None:
    """The rarest set by the given shares; None where a condition may hold without any text."""
    if isinstance(tree, Text):
        return (
            Required(share(tree), frozenset((tree,))) if any(isinstance(token, str) for token in tree.tokens) else None
        )
    if isinstance(tree, All):
        found = [one for part in tree.parts if (one := required(part, share)) is not None]
        return min(found, key=lambda one: (one.share, len(one.leaves)), default=None)
    if isinstance(tree, Any) and tree.parts:
        every = [required(part, share) for part in tree.parts]
        known = [one for one in every if one is not None]
        if len(known) < len(every):
            return None
        return Required(sum(one.share for one in known), frozenset().union(*(one.leaves for one in known)))
    return None


def guess(leaf: Text) -> float:
    """A share from the look of a leaf alone: long texts are rare, whole values rarer than parts of them."""
    longest = max((len(token) for token in leaf.tokens if isinstance(token, str)), default=0)
    loose = 1.0 if RUN in leaf.tokens or ONE in leaf.tokens else 0.25
    return float(loose * 0.75 ** min(longest, 40))
