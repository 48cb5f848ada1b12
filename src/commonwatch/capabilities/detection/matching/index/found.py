"""What many values belong to, as columns: a line for each pair of a value, named by its place, and an entry."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
ANY_PORT = -1


class Found(NamedTuple):
    """Columns of one length. `ports` says on which port alone an endpoint is meant."""

    places: Numbers
    entries: Numbers
    ports: Numbers
    kinds: Numbers

    def at(self, places: Numbers) -> Found:
        """The same, where the values were a choice of others: `places` of those."""
        return self._replace(places=places[self.places])

    def only(self, kept: npt.NDArray[np.bool_]) -> Found:
        """Some of the lines."""
        return Found(*(column[kept] for column in self))


def found(lines: Sequence[tuple[int, int, int | None, int]]) -> Found:
    """From lines of place, entry, port (None for any) and kind."""
    plain = [(place, entry, ANY_PORT if port is None else port, kind) for place, entry, port, kind in lines]
    return Found(*np.array(plain, np.int64).reshape(-1, 4).T)


def joined(parts: Iterable[Found]) -> Found:
    """One after the other."""
    return Found(*map(np.concatenate, zip(found(()), *parts, strict=True)))
