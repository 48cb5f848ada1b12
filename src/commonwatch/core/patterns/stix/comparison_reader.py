"""Reads one comparison, and holds the place in the words: what the parser of whole patterns stands on.

1. `path [NOT] operator constant`, and `[NOT] EXISTS path` (9.6.1).
2. Before `<` `>` `<=` `>=` no boolean; after IN a list of constants of one type, whole and broken numbers being one;
   after LIKE, MATCHES, ISSUBSET, ISSUPERSET a string, which for the last two is an address or a network.
3. A path is a type, a colon, and names joined by full stops, with `[n]` and `[*]` for lists (9.7). Names with other
   characters stand in quotes; a bare name with a hyphen can only be meant as quoted.
4. Names of hash algorithms that are misspelt in one known way (`SHA256`, `sha1`, `md5`) are put right, and said.
"""

from __future__ import annotations

import ipaddress
from typing import NoReturn

from commonwatch.core.patterns.stix import limits
from commonwatch.core.patterns.stix.constants import CONSTANT_KINDS, constant, string
from commonwatch.core.patterns.stix.lexer import Word, words
from commonwatch.core.patterns.stix.problems import Problem, Repair, Stop
from commonwatch.core.patterns.stix.syntax import EVERY, Comparison, Constant, Instant, Operator, Path, Step

_SIGNS = {
    "=": Operator.EQUAL,
    "==": Operator.EQUAL,
    "!=": Operator.UNEQUAL,
    "<>": Operator.UNEQUAL,
    "<": Operator.LESS,
    ">": Operator.GREATER,
    "<=": Operator.AT_MOST,
    ">=": Operator.AT_LEAST,
}
_ORDERED = frozenset({Operator.LESS, Operator.GREATER, Operator.AT_MOST, Operator.AT_LEAST})
_NETWORKS = frozenset({Operator.SUBSET, Operator.SUPERSET})
_WORDS = ("IN", "LIKE", "MATCHES", "ISSUBSET", "ISSUPERSET")
_HASHES = ("MD5", "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512", "SHA3-224", "SHA3-256", "SHA3-384", "SHA3-512")
_PROPER = {name.replace("-", ""): name for name in (*_HASHES, "SSDEEP", "TLSH")}


class ComparisonReader:
    """The words, the place in them, and the reading of one comparison."""

    def __init__(self, text: str, repairs: list[Repair]) -> None:
        self.text = text
        self.repairs = repairs
        self.words = words(text)
        self.at = 0
        self.word = self.words[0]
        self.depth = 0
        self.terms = 0

    def stop(self, code: str, sentence: str, clause: str, remedy: str) -> NoReturn:
        """End the reading at the word that comes next."""
        raise Stop(Problem(code, self.word.place, sentence, clause, remedy))

    def take(self) -> Word:
        """The next word; the place moves past it, never past the end."""
        taken = self.word
        if self.at + 1 < len(self.words):
            self.at += 1
            self.word = self.words[self.at]
        return taken

    def sign(self, sign: str) -> bool:
        """Whether the next word is that sign; taken if so."""
        if self.word.kind == "sign" and self.word.text == sign:
            self.take()
            return True
        return False

    def keyword(self, keyword: str) -> bool:
        """Whether the next word is that keyword; taken if so."""
        word = self.word
        if word.kind != "name" or word.text.upper() != keyword:
            return False
        if word.text != keyword:
            self.repairs.append(Repair("pattern-keyword", word.place, f"{word.text} is read as {keyword}."))
        self.take()
        return True

    def one_keyword(self, keywords: tuple[str, ...]) -> str | None:
        """Which of the keywords comes next, taken, or None."""
        return next(filter(self.keyword, keywords), None) if self.word.kind == "name" else None

    def expect(self, sign: str, clause: str) -> None:
        """Take that sign, or end the reading."""
        if not self.sign(sign):
            found = self.word.text[:40] or "the end"
            code = {"]": "pattern-bracket-missing", ")": "pattern-parenthesis-missing"}.get(
                sign, "pattern-sign-missing"
            )
            self.stop(code, f"{sign} is missing before {found}.", clause, f"Write {sign} there.")

    def expect_keyword(self, keyword: str, clause: str) -> None:
        """Take that keyword, or end the reading."""
        if not self.keyword(keyword):
            self.stop("pattern-keyword-missing", f"{keyword} is missing.", clause, f"Write {keyword} there.")

    def enter(self) -> None:
        """Go into a parenthesis."""
        self.depth += 1
        if self.depth > limits.MOST_NESTED:
            self.stop(
                "pattern-too-deep",
                f"Parentheses are nested more than {limits.MOST_NESTED} deep.",
                "9.4",
                "Take out those that change nothing.",
            )

    def leave(self) -> None:
        """Come out of a parenthesis."""
        self.depth -= 1

    def count_term(self) -> None:
        """Count a comparison or a constant of a list."""
        self.terms += 1
        if self.terms > limits.MOST_TERMS:
            self.stop("pattern-too-many", f"More than {limits.MOST_TERMS:,} terms.", "9.4", "Split the pattern.")

    def comparison(self) -> Comparison:
        """One comparison."""
        self.count_term()
        place = self.word.place
        negated = self.word.kind == "name" and self.words[self.at + 1].text.upper() == "EXISTS" and self.keyword("NOT")
        if self.word.text.upper() == "EXISTS" and self.words[self.at + 1].text != ":":
            self.expect_keyword("EXISTS", "9.6.1")
            return Comparison(self._path(), Operator.EXISTS, (), negated, place)
        path = self._path()
        negated = self.keyword("NOT")
        operator = self._operator()
        return Comparison(path, operator, self._constants(operator), negated, place)

    def _operator(self) -> Operator:
        if self.word.kind == "sign" and self.word.text in _SIGNS:
            return _SIGNS[self.take().text]
        found = self.one_keyword(_WORDS)
        if found is None:
            self.stop(
                "pattern-operator",
                f"{self.word.text[:40] or 'The end'} is no comparison operator.",
                "9.6.1",
                f"Use one of {' '.join(Operator)}.",
            )
        return Operator(found)

    def _constants(self, operator: Operator) -> tuple[Constant, ...]:
        if operator is Operator.IN:
            return self._list()
        place = self.word
        value = self._constant()
        if operator in _ORDERED and isinstance(value, bool):
            raise Stop(Problem("pattern-order", place.place, "True and false have no order.", "9.6.1", "Use = or !=."))
        if operator in (Operator.LIKE, Operator.MATCHES) or operator in _NETWORKS:
            if not isinstance(value, str):
                raise Stop(
                    Problem("pattern-string", place.place, f"{operator} needs a string.", "9.6.1", "Put it in quotes.")
                )
            if operator in _NETWORKS:
                _check_network(value, place)
        return (value,)

    def _constant(self) -> Constant:
        if self.word.kind not in CONSTANT_KINDS:
            self.stop(
                "pattern-constant", "A constant is missing.", "9.2", "Write a text in single quotes, or a number."
            )
        return constant(self.take(), self.repairs)

    def _list(self) -> tuple[Constant, ...]:
        self.expect("(", "9.6.1")
        place = self.word
        found: list[Constant] = []
        while not self.sign(")"):
            if found:
                self.expect(",", "9.6.1")
            self.count_term()
            found.append(self._constant())
        if len(set(map(_sort, found))) > 1:
            raise Stop(
                Problem("pattern-list-mixed", place.place, "A list mixes types.", "9.6.1", "Use constants of one type.")
            )
        return tuple(found)

    def _path(self) -> Path:
        if self.word.kind != "name":
            self.stop(
                "pattern-path",
                f"An object path is missing before {self.word.text[:40] or 'the end'}.",
                "9.7",
                "Write type:property, such as ipv4-addr:value.",
            )
        kind = self.take().text
        self.expect(":", "9.7")
        steps: list[Step] = [self._name(())]
        while (step := self._step(steps)) is not None:
            steps.append(step)
            if len(steps) > limits.MOST_STEPS:
                self.stop("pattern-path-long", f"A path has more than {limits.MOST_STEPS} steps.", "9.7", "Shorten it.")
        return Path(kind, tuple(steps))

    def _step(self, steps: list[Step]) -> Step | None:
        if self.sign("."):
            return self._name(tuple(steps))
        return self._index() if self.sign("[") else None

    def _name(self, before: tuple[Step, ...]) -> str:
        word = self.take()
        if word.kind == "string":
            name = string(word, self.repairs)
        elif word.kind == "name":
            name = word.text
            if "-" in name:
                self.repairs.append(Repair("pattern-name-bare", word.place, f"{name} is read as '{name}'."))
        else:
            raise Stop(
                Problem("pattern-path", word.place, "A property name is missing.", "9.7.1", "Write type:property.")
            )
        return self._hash_name(name, word) if before and before[-1] == "hashes" else name

    def _hash_name(self, name: str, word: Word) -> str:
        proper = _PROPER.get(name.upper().replace("-", "").replace("_", ""), name)
        if proper != name:
            self.repairs.append(Repair("pattern-hash-name", word.place, f"The hash {name} is read as '{proper}'."))
        return proper

    def _index(self) -> int:
        if self.sign("*"):
            index = EVERY
        else:
            word = self.take()
            if word.kind != "integer" or not word.text.isdigit() or len(word.text) > 9:
                raise Stop(
                    Problem("pattern-index", word.place, "A list index is missing.", "9.7.2", "Write [0] or [*].")
                )
            index = int(word.text)
        self.expect("]", "9.7.2")
        return index


def _sort(value: Constant) -> type:
    """The type that a list must have throughout."""
    return float if type(value) is int else Instant if isinstance(value, Instant) else type(value)


def _check_network(text: str, word: Word) -> None:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise Stop(
            Problem(
                "pattern-network",
                word.place,
                f"{word.text[:60]} is neither an address nor a network.",
                "9.6.1",
                "Write it as '198.51.100.0/24' or '2001:db8::/32'.",
            )
        ) from None
