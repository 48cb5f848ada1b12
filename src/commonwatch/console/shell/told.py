"""What the rooms below say (errors, findings, reasons of rules, advice), in the language of the reader.

Those rooms know no languages: they make English sentences, which the command line, the API and the record show as they are. Their patterns
are collected from the source (`sentences.json`, by `tools/messages.py`); here a sentence is found again by its pattern, and said in
the pattern's translation with the same values. Sentences that were put after one another, or behind a place (`line 3: …`), are found one
by one. A sentence that none fits stays English, and is marked as such. A page whose sentences hold words of a list gives what says
those (`words`): a value that is one is said as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from django import forms
from django.utils import translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from commonwatch.core.errors import CommonwatchError

PATTERNS = Path(__file__).parent.parent / "below" / "sentences.json"
LONGEST = 2_000  # characters of a sentence that is looked for
MOST = 8  # sentences after one another that are looked for one by one
_NEXT = re.compile(r"(?<=[.!?]) (?=\S)")  # where one may end and another begin
_HOLE = re.compile(r"%\(v(\d+)\)s")
_ISOLATED = "\u2068{}\u2069"  # a value keeps its own direction, and changes none around it


Words = Callable[[str], str]


def _as_it_is(value: str) -> str:
    return value


class _Pattern(NamedTuple):
    text: str
    pieces: tuple[str, ...]  # between its values

    @property
    def order(self) -> tuple[bool, int]:
        """Of two that fit, the one that says more by itself; last of all those that begin and end in a value, and may fit inside others."""
        return not (self.pieces[0] or self.pieces[-1]), -sum(map(len, self.pieces))

    def values(self, sentence: str) -> list[str] | None:
        """What stands in its holes; None where it does not fit. In one pass from left to right, whatever the sentence holds."""
        first, last = self.pieces[0], self.pieces[-1]
        if not sentence.startswith(first) or not sentence.endswith(last):
            return None
        found, at, end = [], len(first), len(sentence) - len(last)
        for piece in self.pieces[1:-1]:
            there = sentence.find(piece, at, end)
            if there < 0:
                return None
            found.append(sentence[at:there])
            at = there + len(piece)
        return [*found, sentence[at:end]] if at <= end else None


class _Said(NamedTuple):
    text: str
    is_ours: bool = True  # in the active language


def told(sentence: str) -> str:
    """The sentence in the active language; as it is where that is English, or where nobody has translated it."""
    return " ".join(one.text for one in _in_language(sentence))


def error_told(error: CommonwatchError) -> str:
    """What is wrong and what to do, for a form."""
    return f"{told(error.sentence)} {told(error.advice)}".strip()


class RefusalsOn:
    """While this lasts, what an action refuses is said on the form; what comes after it was done has to stand inside."""

    def __init__(self, form: forms.Form) -> None:
        self._form = form

    def __enter__(self) -> None:
        """Nothing is prepared."""

    def __exit__(self, kind: object, problem: BaseException | None, trace: object) -> bool:
        if not isinstance(problem, CommonwatchError):
            return False
        self._form.add_error(None, error_told(problem))
        return True


def sentence(value: object, words: Words = _as_it_is) -> SafeString:
    """The same on a page; what stays English says so to programs that read aloud."""
    said = _in_language(str(value or ""), words)
    return format_html_join(" ", "{}", ((one.text if one.is_ours else _english(one.text),) for one in said))


def _english(text: str) -> SafeString:
    return format_html('<bdi lang="en">{}</bdi>', text)


def _in_language(sentence: str, words: Words = _as_it_is) -> list[_Said]:
    if not sentence or (translation.get_language() or "en").partition("-")[0] == "en":
        return [_Said(sentence)]
    if len(sentence) > LONGEST:
        return [_Said(sentence, is_ours=False)]
    found = _found(sentence)
    whole = _translated(found, words)
    if found is not None and whole and not any(map(_NEXT.search, found[1])):
        return [_Said(whole)]
    several = _one_by_one(sentence, words)  # a value may have taken what goes on behind it
    if all(one.is_ours for one in several):
        return several
    if whole:
        return [_Said(whole)]
    return several if any(one.is_ours for one in several) else [_Said(sentence, is_ours=False)]


def _one_by_one(sentence: str, words: Words) -> list[_Said]:
    """The sentences that stand after one another; where one has several in its pattern, as few as it needs."""
    pieces = _NEXT.split(sentence)
    if len(pieces) > MOST:
        return [_Said(sentence, is_ours=False)]
    said, at = [], 0
    while at < len(pieces):
        for end in range(at + 1, len(pieces) + 1):
            if one := _translated_here(" ".join(pieces[at:end]), words):
                said.append(_Said(one))
                at = end
                break
        else:
            said.append(_Said(pieces[at], is_ours=False))
            at += 1
    return said


def _translated_here(sentence: str, words: Words) -> str:
    """The same, also behind the place of which it speaks."""
    if said := _translated(_found(sentence), words):
        return said
    place, _, rest = sentence.partition(": ")
    said = _translated(_found(rest), words) if rest else ""
    return f"{_ISOLATED.format(words(place))}: {said}" if said else ""


def _translated(found: tuple[_Pattern, Sequence[str]] | None, words: Words, *, is_value: bool = False) -> str:
    """What the pattern's translation says; empty where there is none.

    A value may be a sentence itself; its own values are not looked into, because others choose them and could nest them without end.
    """
    if found is None:
        return ""
    pattern, values = found
    said = gettext(pattern.text)
    if said == pattern.text:
        return ""
    if not is_value:
        values = [_translated(_found(value), words, is_value=True) or words(value) for value in values]
    told_values = [_ISOLATED.format(value) for value in values]
    return _HOLE.sub(lambda hole: told_values[int(hole[1]) - 1], said)


def _found(sentence: str) -> tuple[_Pattern, Sequence[str]] | None:
    plain, holed = _patterns()
    if sentence in plain:
        return plain[sentence], ()
    fitting = ((pattern, values) for pattern in holed if (values := pattern.values(sentence)) is not None)
    return next(fitting, None)


@cache
def _patterns() -> tuple[dict[str, _Pattern], list[_Pattern]]:
    """Those without values, and those with, the more telling first."""
    every = list(_read())
    holed = [one for one in every if len(one.pieces) > 1]
    holed.sort(key=lambda one: one.order)
    return {one.text: one for one in every if len(one.pieces) == 1}, holed


def _read() -> Iterator[_Pattern]:
    for text in json.loads(PATTERNS.read_text(encoding="utf-8")):
        yield _Pattern(text, tuple(_HOLE.split(text)[::2]))
