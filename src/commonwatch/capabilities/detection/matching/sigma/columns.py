"""What the values of one column say to the text leaves of all rules at once.

1. A leaf asks for a whole value (looked up in a dictionary), or contains a literal: one scan with hyperscan over the
   lower-cased value finds all literals, and what hyperscan found is decided exactly where the leaf asks for more.
2. What a value said is remembered, since telemetry repeats itself; the memory is bounded and then begun anew.
3. Everything here is a set of leaf numbers. Leaves that need more than a literal (regular expressions, networks,
   numbers) are asked only when the rest of their rule already holds: see `execution`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any, NamedTuple

from commonwatch.core.patterns.sigma import texts
from commonwatch.core.patterns.sigma.tree import Text

MAX_REMEMBERED = 50_000
MAX_REMEMBERED_LENGTH = 2_048
# Below this many literals, asking Python for each is quicker than a scan.
_FEW = 6


class Said(NamedTuple):
    """What one value said: the leaves that hold, and the units that must now be looked at, by their `where`."""

    leaves: frozenset[int]
    units: dict[int, tuple[int, ...]]


class Scanner:
    """The leaves of one column, made ready."""

    def __init__(self, leaves: Iterable[tuple[int, Text]]) -> None:
        whole: dict[str, list[int]] = defaultdict(list)
        literals: dict[str, list[tuple[int, Text | None]]] = defaultdict(list)
        self.rest: list[tuple[int, Text]] = []
        for number, leaf in leaves:
            shape, literal, _ = texts.form(leaf)
            plain = not leaf.cased and shape != "wild"
            if plain and shape == "equals" and leaf.field:
                whole[literal].append(number)
            elif literal:
                certain = plain and (shape == "contains" or not leaf.field)
                literals[literal.lower()].append((number, None if certain else leaf))
            else:
                self.rest.append((number, leaf))
        self.whole = {text: tuple(numbers) for text, numbers in whole.items()}
        self.asked: tuple[tuple[tuple[int, Text | None], ...], ...] = tuple(map(tuple, literals.values()))
        self.literals = tuple(literals)
        self.database = _database(self.literals) if len(self.literals) > _FEW else None
        self.lock = Lock()  # hyperscan's scratch space is for one scan at a time

    def leaves(self, value: str) -> frozenset[int]:
        """The leaves that hold for a present value."""
        lowered = value.lower()
        holding = list(self.whole.get(lowered, ()))
        for position in self._found(lowered):
            for number, leaf in self.asked[position]:
                if leaf is None or texts.holds(leaf, value, lowered):
                    holding.append(number)
        holding.extend(number for number, leaf in self.rest if texts.holds(leaf, value, lowered))
        return frozenset(holding)

    def _found(self, lowered: str) -> Sequence[int]:
        """Positions of the literals that occur."""
        if self.database is None:
            return [position for position, literal in enumerate(self.literals) if literal in lowered]
        found: list[int] = []
        data = lowered.encode("utf-8", "surrogatepass")
        with self.lock:
            self.database.scan(data, match_event_handler=_note, context=found)
        return found


def _note(position: int, _start: int, _end: int, _flags: int, found: list[int]) -> None:
    found.append(position)


def _database(literals: Sequence[str]) -> Any:
    import hyperscan

    encoded = [literal.encode("utf-8", "surrogatepass") for literal in literals]
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=["".join(f"\\x{byte:02x}" for byte in literal).encode() for literal in encoded],
        ids=list(range(len(encoded))),
        elements=len(encoded),
        flags=hyperscan.HS_FLAG_SINGLEMATCH,
    )
    return database
