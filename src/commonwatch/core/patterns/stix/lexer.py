"""The words of a pattern: one regular expression, one pass.

Strings end at the first quote that no backslash escapes. White space and comments (`/* .. */`, `// ..`) vanish. The last
word is always END.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from commonwatch.core.patterns.stix.limits import LONGEST
from commonwatch.core.patterns.stix.problems import Problem, Stop


class Word(NamedTuple):
    """A word of a pattern: its kind, its text, and the characters before it."""

    kind: str
    text: str
    place: int


END = "END"
_WORD = re.compile(
    r"""
      (?P<space>\s+|/\*(?s:.*?)\*/|//[^\r\n]*)
    | (?P<string>'[^'\\]*(?:\\(?s:.)[^'\\]*)*')
    | (?P<octets>[hb]'[^']*')
    | (?P<time>t'[^']*')
    | (?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    | (?P<float>[+-]?[0-9]*\.[0-9]+)
    | (?P<integer>[+-]?[0-9]+)
    | (?P<sign>==|!=|<>|<=|>=|[=<>()\[\]:.,*])
    """,
    re.VERBOSE,
)


def words(text: str) -> list[Word]:
    """All words of a text, or `Stop` with the first character that starts none."""
    if len(text) > LONGEST:
        raise Stop(
            Problem(
                "pattern-too-long", LONGEST, f"The pattern is longer than {LONGEST:,} characters.", "9.3", "Split it."
            )
        )
    found: list[Word] = []
    place = 0
    match = _WORD.match
    while (one := match(text, place)) is not None:
        kind = one.lastgroup or ""
        if kind != "space":
            found.append(Word(kind, one.group(), place))
        place = one.end()
    if place < len(text):
        raise Stop(_strange(text, place))
    found.append(Word(END, "", len(text)))
    return found


def _strange(text: str, place: int) -> Problem:
    if text[place] == "'":
        return Problem(
            "pattern-quote-open",
            place,
            "A string in the pattern is not closed.",
            "9.2",
            "Close it with a single quote.",
        )
    return Problem(
        "pattern-character",
        place,
        f"The character {text[place]!r} has no place here.",
        "9.3",
        "Take it out; strings stand in single quotes.",
    )
