"""A long sequence in parts: databases take only so many values at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")

AT_ONCE = 500  # values in one statement: far below what any database takes, and enough that statements cost little


def parts(whole: Sequence[_T], size: int = AT_ONCE) -> Iterator[Sequence[_T]]:
    """As many of a sequence at once, in its order; the last part may be shorter."""
    return (whole[first : first + size] for first in range(0, len(whole), size))
