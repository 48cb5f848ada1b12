"""Every further place where a removed value stands: in another property, in a URL, escaped, in other case.

Values are found by their first two characters and their length, so the cost grows with the text, not with the number of
values. A value of five characters or more is found inside words too, a number of nine digits or more inside numbers; a
shorter one only as a word of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from commonwatch.core.policy.folding import Folded, fold, lowered

_LONG = 256  # longer values are looked for in pieces of this length
_INSIDE_WORDS = 5
_INSIDE_NUMBERS = 9
# Our own words are no values of anybody.
_OURS = "[withheld] https://withheld.invalid/ withheld@withheld.invalid p-@pseudonym.invalid person p-"
# The strings of a STIX pattern; one that is not closed runs to the end. What stands in quotes after a dot is a name.
_STRINGS = re.compile(r"\.'(?:[^'\\]|\\.)*+'|'(?P<string>(?:[^'\\]|\\.)*+)(?:'|\Z)", re.DOTALL)
_NAME = re.compile(r"[a-z][a-z0-9_-]*|[A-Z]{2,}[0-9]{0,3}")


class Hit(NamedTuple):
    """A place in a text, and what is to stand there; the empty string stands for the placeholder of the place."""

    start: int
    end: int
    instead: str


class Sweep:
    """Removed values and what stands for each."""

    def __init__(self) -> None:
        self._heads: dict[str, dict[int, dict[str, str]]] = {}
        self._starts: re.Pattern[str] | None = None

    def add(self, value: str, instead: str) -> None:
        """Look for this value as well, if it says enough to be told from other words."""
        text = fold(value).text.strip()
        letters = sum(map(str.isalnum, text))
        if letters < 2 or (len(text) < _INSIDE_WORDS and not any(map(str.isalpha, text))) or text in _OURS:
            return
        for piece in (*_pieces(text), *_pieces(lowered(value).strip())):
            if len(piece) > 1:  # one sign may stand for several letters
                self._heads.setdefault(piece[:2], {}).setdefault(len(piece), {}).setdefault(piece, instead)
        self._starts = None

    def swept(self, text: str, placeholder: str) -> str:
        """The text without any of the values."""
        hits = self.hits(text)
        return spliced(text, hits, placeholder) if hits else text

    def swept_pattern(self, pattern: str, placeholder: str) -> str:
        """The same for a STIX pattern, which stays one: what comes in holds no quote and no stroke.

        Outside its strings a mere word is the name of a property or an operator.
        """
        parts: list[str] = []
        done = 0
        for found in _STRINGS.finditer(pattern):
            start, end = found.span("string")
            if start >= 0:
                parts += (self._outside(pattern[done:start], placeholder), self.swept(found["string"], placeholder))
                done = end
        return "".join([*parts, self._outside(pattern[done:], placeholder)])

    def hits(self, text: str) -> list[Hit]:
        """Where in a text the values stand."""
        if not self._heads:
            return []
        folded = fold(text)
        found = list(self._hits(folded))
        if folded.starts is not None:  # what came before a value may have changed how its first sign was read
            found = apart([*found, *self._hits(Folded(lowered(text)))])
        return found

    def _outside(self, text: str, placeholder: str) -> str:
        hits = [hit for hit in self.hits(text) if _NAME.fullmatch(text, hit.start, hit.end) is None]
        return spliced(text, hits, placeholder)

    def _hits(self, folded: Folded) -> Iterator[Hit]:
        text, at = folded.text, 0
        starts = self._starting()
        while (found := starts.search(text, at)) is not None:
            at = found.start()
            longest, said = 0, ""
            for length, values in self._heads.get(text[at : at + 2], {}).items():
                instead = values.get(text[at : at + length]) if length > longest else None
                if instead is not None and (_is_long(text[at : at + length]) or _is_word(text, at, at + length)):
                    longest, said = length, instead
            if longest:
                yield Hit(*folded.span(at, at + longest), said)
            at += longest or 1

    def _starting(self) -> re.Pattern[str]:
        if self._starts is None:
            first, second = ("".join(sorted({re.escape(head[place]) for head in self._heads})) for place in (0, 1))
            self._starts = re.compile(f"[{first}](?=[{second}])")
        return self._starts


def apart(hits: Iterable[Hit]) -> list[Hit]:
    """In order and without overlaps: of two that overlap, what stands for the larger stands for both."""
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit.start, -hit.end)):
        if kept and hit.start < kept[-1].end:
            before = kept.pop()
            larger = before if before.end - before.start >= hit.end - hit.start else hit
            hit = Hit(before.start, max(before.end, hit.end), larger.instead)
        kept.append(hit)
    return kept


def spliced(text: str, hits: Iterable[Hit], placeholder: str) -> str:
    """The text with other words in these places, which are in order and overlap no more than by a sign they share."""
    parts: list[str] = []
    done = 0
    for start, end, instead in hits:
        parts += (text[done : max(done, start)], instead or placeholder)
        done = max(done, end)
    return "".join([*parts, text[done:]])


def _pieces(text: str) -> Iterator[str]:
    """Pieces of a long value, the last one up to twice as long, so that none is too short to be told from other text."""
    at = 0
    while len(text) - at >= 2 * _LONG:
        yield text[at : at + _LONG]
        at += _LONG
    yield text[at:]


def _is_long(value: str) -> bool:
    if any(map(str.isalpha, value)):
        return len(value) >= _INSIDE_WORDS
    return sum(map(str.isalnum, value)) >= _INSIDE_NUMBERS


def _is_word(text: str, start: int, end: int) -> bool:
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
