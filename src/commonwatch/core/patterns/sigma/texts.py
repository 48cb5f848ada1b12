"""Whether a text reads as a rule's tokens say, in time proportional to the text (times the pattern, for `?`).

Case is ignored by comparing lower-case forms of both; the caller lowers the value once, since many leaves ask for it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from commonwatch.core.patterns.sigma.tree import ONE, RUN, Text, Tokens

Shape: TypeAlias = Literal["equals", "starts", "ends", "contains", "wild"]


class Form(NamedTuple):
    """A text leaf made ready: its shape, the one literal of a plain shape, else the segments between the runs."""

    shape: Shape
    literal: str
    segments: tuple[Tokens, ...]


@lru_cache(maxsize=100_000)
def form(leaf: Text) -> Form:
    """How a leaf is decided."""
    tokens = leaf.tokens if leaf.cased else tuple(t.lower() if isinstance(t, str) else t for t in leaf.tokens)
    literals = [token for token in tokens if isinstance(token, str)]
    if ONE not in tokens and len(literals) <= 1 and len(tokens) <= 3:
        literal = literals[0] if literals else ""
        first, last = tokens[:1] == (RUN,), tokens[-1:] == (RUN,)
        shape: Shape = "contains" if first and last else "ends" if first else "starts" if last else "equals"
        return Form(shape, literal, ())
    return Form("wild", max(literals, key=len, default=""), _segments(tokens))


def holds(leaf: Text, value: str, lowered: str) -> bool:
    """Whether the value (given twice: as it is, and in lower case) reads as the leaf says."""
    shape, literal, segments = form(leaf)
    text = value if leaf.cased else lowered
    if not leaf.field and shape != "wild":
        return literal in text  # a keyword stands anywhere in a field
    if shape == "contains":
        return literal in text
    if shape == "ends":
        return text.endswith(literal)
    if shape == "equals":
        return text == literal
    if shape == "starts":
        return text.startswith(literal)
    return _wild(segments if leaf.field else ((), *segments, ()), text)


def _segments(tokens: Tokens) -> tuple[Tokens, ...]:
    """The tokens between runs; an empty first or last segment says that the text may begin or end with anything."""
    result: list[list[str | int]] = [[]]
    for token in tokens:
        if token == RUN:
            result.append([])
        else:
            result[-1].append(token)
    return tuple(tuple(segment) for segment in result)


def _wild(segments: tuple[Tokens, ...], text: str) -> bool:
    """Leftmost fits decide: the first segment is anchored at the start, the last at the end."""
    first, last = segments[0], segments[-1]
    if not _fits(first, text, 0):
        return False
    if len(segments) == 1:
        return _width(first) == len(text)
    place, end = _width(first), len(text) - _width(last)
    if end < place or not _fits(last, text, end):
        return False
    for segment in segments[1:-1]:
        place = _find(segment, text, place, end)
        if place < 0:
            return False
        place += _width(segment)
    return True


def _width(segment: Tokens) -> int:
    return sum(len(token) if isinstance(token, str) else 1 for token in segment)


def _fits(segment: Tokens, text: str, place: int) -> bool:
    if place + _width(segment) > len(text):
        return False
    for token in segment:
        if isinstance(token, str):
            if not text.startswith(token, place):
                return False
            place += len(token)
        else:
            place += 1
    return True


def _find(segment: Tokens, text: str, place: int, end: int) -> int:
    """Where the segment fits first, wholly between place and end; -1 for nowhere."""
    if len(segment) == 1 and isinstance(segment[0], str):
        return text.find(segment[0], place, end)
    return next((at for at in range(place, end - _width(segment) + 1) if _fits(segment, text, at)), -1)
