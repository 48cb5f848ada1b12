"""`parse`: a text to a pattern, with every repair said, or to the problem that hides it.

Beyond what the reader of words puts right by itself, one repair is tried where reading failed: an opening bracket that is
missing at the very start. It is certain only if the text names a known object type there, has no other bracket but the last
one and can then be read to its end. A missing closing bracket is never certain: the pattern may have been cut.
"""

from __future__ import annotations

from commonwatch.core.patterns.stix.parser import Parser
from commonwatch.core.patterns.stix.problems import Reading, Repair, Stop
from commonwatch.core.stix.tables import OBSERVABLES


def parse(text: str) -> Reading:
    """Read a pattern. Never raises: a problem is part of the answer."""
    reading = _read(text, ())
    if reading.problem is not None and reading.problem.code == "pattern-bracket-missing" and _lacks_bracket(text):
        start = Repair("pattern-bracket-missing", 0, "The opening bracket that is missing at the start is read there.")
        mended = _read("[" + text.lstrip(), (start,))
        if mended.pattern is not None:
            return mended
    return reading


def _read(text: str, repaired: tuple[Repair, ...]) -> Reading:
    repairs = list(repaired)
    try:
        pattern = Parser(text, repairs).pattern()
    except Stop as stop:
        return Reading(None, stop.problem)
    return Reading(pattern, None, tuple(repairs))


def _lacks_bracket(text: str) -> bool:
    kind = text.lstrip().partition(":")[0]
    return kind in OBSERVABLES and text.rstrip().endswith("]")
