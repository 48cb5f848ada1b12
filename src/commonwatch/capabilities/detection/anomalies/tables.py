"""Rows of features: numbers and words, as a batch model learns them. Numbers that are absent are zero, words are empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from commonwatch.core.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class Table:
    """`numbers` is rows by number features, `words` rows by word features."""

    number_names: tuple[str, ...]
    word_names: tuple[str, ...]
    numbers: np.ndarray[Any, Any]
    words: np.ndarray[Any, Any]

    def __len__(self) -> int:
        return len(self.numbers)

    def rows(self, which: np.ndarray[Any, Any]) -> Table:
        """Some of the rows: a mask or places."""
        return Table(self.number_names, self.word_names, self.numbers[which], self.words[which])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of all features, numbers first."""
        return self.number_names + self.word_names


@dataclass(frozen=True)
class Coding:
    """Words by their place in each feature's list of known ones; -1 is any other."""

    known: Sequence[Sequence[str]]

    def codes(self, words: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Rows of places."""
        import numpy as np

        found = np.full(words.shape, -1, dtype=float)
        for column, known in enumerate(self.known):
            for place, word in enumerate(known):
                found[words[:, column] == word, column] = place
        return found


def encoded(rows: Table, coding: Coding) -> np.ndarray[Any, Any]:
    """Numbers, and words by their places."""
    import numpy as np

    return np.hstack([rows.numbers, coding.codes(rows.words)])


def table(number_names: Sequence[str], word_names: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    """From rows of numbers, then words; raises InvalidInput at the first row that does not fit."""
    import numpy as np

    split, width = len(number_names), len(number_names) + len(word_names)
    for at, row in enumerate(rows):
        if len(row) != width:
            raise InvalidInput("row-width", f"Row {at + 1} has {len(row)} values of {width}.", "Give every feature.")
    try:
        numbers = np.array([row[:split] for row in rows], dtype=float).reshape(len(rows), split)
    except (ValueError, TypeError) as problem:
        raise InvalidInput("row-not-numbers", f"A number is none: {problem}.", "Give numbers first.") from problem
    words = np.array([[str(word) for word in row[split:]] for row in rows], dtype=str)
    return Table(
        tuple(number_names), tuple(word_names), np.nan_to_num(numbers), words.reshape(len(rows), len(word_names))
    )
