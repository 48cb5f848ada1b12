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
    (?:\s++|/\*(?s:.*?)\*/|//[^\r\n]*+)*+
    (?: (?P<name>(?![hbt]')[A-Za-z_][A-Za-z0-9_-]*+)
    |   (?P<sign>==|!=|<>|<=|>=|[=<>()\[\]:,*]|\.(?![0-9]))
    |   (?P<string>'[^'\\]*(?:\\(?s:.)[^'\\]*)*')
    |   (?P<integer>[+-]?[0-9]++(?!\.[0-9]))
    |   (?P<float>[+-]?[0-9]*\.[0-9]+)
    |   (?P<octets>[hb]'[^']*')
    |   (?P<time>t'[^']*')
    )?+
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
    while (one := _WORD.match(text, place)) is not None:
        place = one.end()
        kind = one.lastgroup
        if kind is None:  # nothing but white space up to here
            break
        found.append(Word(kind, one[kind], one.start(kind)))
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
