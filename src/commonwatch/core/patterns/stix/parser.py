"""From words to tree: operator by operator, as deep as the parentheses and no deeper.

1. Inside brackets NOT belongs to its comparison, AND binds before OR (9.6).
2. Between brackets AND binds before OR, OR before FOLLOWEDBY (9.5.2).
3. A qualifier binds to the nearest expression before it: one bracket, or what parentheses hold. Each kind of qualifier
   stands at most once on one expression (9.5.1).
4. AND inside a bracket joins comparisons of one object type: no object has two (9.6). That is a problem of the pattern,
   since it can never match.
5. Keywords are upper-case. In other letters, where nothing but the keyword can stand, they are read and said.

Parentheses are bounded (`MOST_NESTED`), terms and brackets counted: the cost is linear whatever the text.
"""

from __future__ import annotations

from collections.abc import Callable

from commonwatch.core.patterns.stix import limits
from commonwatch.core.patterns.stix.comparison_reader import ComparisonReader
from commonwatch.core.patterns.stix.constants import instant, string
from commonwatch.core.patterns.stix.lexer import END, Word
from commonwatch.core.patterns.stix.problems import Problem, Repair, Stop
from commonwatch.core.patterns.stix.syntax import (
    AllOf,
    AnyOf,
    Between,
    Bracket,
    Comparison,
    Either,
    Expression,
    Instant,
    Pattern,
    Repeats,
    Sequence,
    Test,
    Together,
    Within,
)

_QUALIFIERS = ("WITHIN", "REPEATS", "START")


class Parser(ComparisonReader):
    """Reads one pattern; used once."""

    def __init__(self, text: str, repairs: list[Repair]) -> None:
        super().__init__(text, repairs)
        self.brackets: list[Bracket] = []

    def pattern(self) -> Pattern:
        """The whole text as a pattern."""
        if self.word.kind == END:
            self.stop("pattern-empty", "The pattern is empty.", "9.3", "Write at least one comparison in brackets.")
        root = self._sequence()
        if self.word.kind != END:
            self.stop(
                "pattern-rest",
                f"{self.word.text} does not continue the pattern.",
                "9.4",
                "Join brackets with AND, OR or FOLLOWEDBY, and close what is open.",
            )
        return Pattern(self.text, root, tuple(self.brackets))

    def _sequence(self) -> Expression:
        parts = self._joined(self._either, "FOLLOWEDBY")
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _either(self) -> Expression:
        parts = self._joined(self._together, "OR")
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _together(self) -> Expression:
        parts = self._joined(self._qualified, "AND")
        return parts[0] if len(parts) == 1 else Together(tuple(parts))

    def _joined(self, part: Callable[[], Expression], keyword: str) -> list[Expression]:
        parts = [part()]
        while self.keyword(keyword):
            parts.append(part())
        return parts

    def _qualified(self) -> Expression:
        expression = self._primary()
        seen: set[str] = set()
        while (kind := self.one_keyword(_QUALIFIERS)) is not None:
            if kind in seen:
                self.stop("pattern-qualifier-twice", f"{kind} stands twice.", "9.5.1", "Keep one, or use parentheses.")
            seen.add(kind)
            expression = self._qualifier(kind, expression)
        return expression

    def _primary(self) -> Expression:
        if self.sign("("):
            self.enter()
            expression = self._sequence()
            self.expect(")", "9.4")
            self.leave()
            return expression
        if not self.sign("["):
            self.stop(
                "pattern-bracket-missing",
                f"A bracket is missing before {self.word.text or 'the end'}.",
                "9.5",
                "Write each observation in brackets, such as [ipv4-addr:value = '198.51.100.1'].",
            )
        test = self._any_of()
        self.expect("]", "9.5")
        bracket = Bracket(len(self.brackets), test)
        self.brackets.append(bracket)
        if len(self.brackets) > limits.MOST_BRACKETS:
            self.stop("pattern-too-many", f"More than {limits.MOST_BRACKETS:,} brackets.", "9.5", "Split the pattern.")
        return bracket

    def _qualifier(self, kind: str, expression: Expression) -> Expression:
        if kind == "WITHIN":
            return Within(expression, self._seconds())
        if kind == "REPEATS":
            return Repeats(expression, self._times())
        start = self._instant()
        self.expect_keyword("STOP", "9.5.1")
        place = self.word
        stop = self._instant()
        if stop <= start:
            raise Stop(
                Problem(
                    "pattern-window", place.place, "STOP is not after START.", "9.5.1", "Write the earlier time first."
                )
            )
        return Between(expression, start.microseconds, stop.microseconds)

    def _seconds(self) -> int:
        word = self.take()
        seconds = float(word.text) if word.kind in ("integer", "float") else 0.0
        if not 0 < seconds <= limits.LONGEST_WITHIN_SECONDS:
            raise Stop(
                Problem(
                    "pattern-within",
                    word.place,
                    "WITHIN has no usable number of seconds.",
                    "9.5.1",
                    f"Write more than 0 and up to {limits.LONGEST_WITHIN_SECONDS} SECONDS.",
                )
            )
        self.expect_keyword("SECONDS", "9.5.1")
        return round(seconds * 1_000_000)

    def _times(self) -> int:
        word = self.take()
        if word.kind != "integer" or len(word.text) > 9 or int(word.text) < 1:
            raise Stop(
                Problem(
                    "pattern-repeats", word.place, "REPEATS has no usable count.", "9.5.1", "Write REPEATS 5 TIMES."
                )
            )
        self.expect_keyword("TIMES", "9.5.1")
        return int(word.text)

    def _instant(self) -> Instant:
        word = self.take()
        if word.kind == "string":  # so STIX 2.0 wrote it
            string(word, self.repairs)
            self.repairs.append(Repair("pattern-time-bare", word.place, "A time without its t is read as a time."))
        elif word.kind != "time":
            raise Stop(
                Problem(
                    "pattern-time", word.place, "A timestamp is missing.", "9.5.1", "Write t'2026-11-23T08:00:00.000Z'."
                )
            )
        return instant(word)

    def _any_of(self) -> Test:
        tests = [self._all_of()]
        while self.keyword("OR"):
            tests.append(self._all_of())
        return tests[0] if len(tests) == 1 else AnyOf(_flat(tests, AnyOf))

    def _all_of(self) -> Test:
        place = self.word
        tests = [self._one_test()]
        while self.keyword("AND"):
            tests.append(self._one_test())
        if len(tests) == 1:
            return tests[0]
        joined = AllOf(_flat(tests, AllOf))
        self._check_types(joined, place)
        return joined

    def _one_test(self) -> Test:
        if self.sign("("):
            self.enter()
            test = self._any_of()
            self.expect(")", "9.6")
            self.leave()
            return test
        return self.comparison()

    def _check_types(self, joined: AllOf, place: Word) -> None:
        if not frozenset.intersection(*map(_types, joined.tests)):
            raise Stop(
                Problem(
                    "pattern-types-mixed",
                    place.place,
                    "AND inside a bracket joins different object types, and no object has two.",
                    "9.6",
                    "Give each type a bracket of its own: [..] AND [..].",
                )
            )


def _flat(tests: list[Test], kind: type[AllOf | AnyOf]) -> tuple[Test, ...]:
    flat: list[Test] = []
    for test in tests:
        flat.extend(test.tests if isinstance(test, AllOf | AnyOf) and isinstance(test, kind) else (test,))
    return tuple(flat)


def _types(test: Test) -> frozenset[str]:
    """Object types for which a test could hold."""
    if isinstance(test, Comparison):
        return frozenset({test.path.type})
    parts = list(map(_types, test.tests))
    return frozenset.union(*parts) if isinstance(test, AnyOf) else frozenset.intersection(*parts)
