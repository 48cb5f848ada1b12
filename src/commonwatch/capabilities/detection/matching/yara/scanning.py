"""Rules of many entries as one scanner; a rule that takes too long is found out and withdrawn, the others go on.

Each entry has a namespace of its own, so that neither equal names nor `global` rules of one author touch another's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from commonwatch.core.patterns.yara.reading import OUTSIDE, YaraReading, add, new_compiler


class Found(NamedTuple):
    """One rule that matched: its entry and its name."""

    entry: int
    rule: str


class Scanning:
    """The rules, compiled. Not for use by several threads at once."""

    def __init__(self, pairs: Iterable[tuple[int, YaraReading]], timeout_seconds: int) -> None:
        self.readings = {entry: reading for entry, reading in pairs if reading.rules}
        self.timeout_seconds = timeout_seconds
        self.withdrawn: dict[int, str] = {}  # entry -> why
        self._scanner: Any = None

    def scan(self, data: bytes, names: dict[str, str] | None = None) -> list[Found]:
        """Every rule that matches, by entry and name. `names` are values of the outside variables."""
        import yara_x

        while True:
            try:
                return list(_found(self._ready(), data, names or {}))
            except yara_x.TimeoutError:
                if not self._withdraw(data, names or {}):
                    return []  # all of them together took too long, none alone did

    def _ready(self) -> Any:
        if self._scanner is None:
            kept = [entry for entry in self.readings if entry not in self.withdrawn]
            self._scanner = self._compiled(kept)
        return self._scanner

    def _compiled(self, entries: Iterable[int]) -> Any:
        import yara_x

        compiler = new_compiler()
        for entry in entries:
            compiler.new_namespace(str(entry))
            add(compiler, self.readings[entry].text)
        scanner = yara_x.Scanner(compiler.build())
        scanner.set_timeout(self.timeout_seconds)
        scanner.max_matches_per_pattern(1_000)
        return scanner

    def _withdraw(self, data: bytes, names: dict[str, str]) -> bool:
        """Try each entry alone on what took too long; whether one was found that does."""
        import yara_x

        before = len(self.withdrawn)
        for entry in self.readings:
            if entry in self.withdrawn:
                continue
            try:
                list(_found(self._compiled([entry]), data, names))
            except yara_x.TimeoutError:
                self.withdrawn[entry] = f"A scan took longer than {self.timeout_seconds} s; the rule was withdrawn."
        self._scanner = None
        return len(self.withdrawn) > before


def _found(scanner: Any, data: bytes, names: dict[str, str]) -> Iterator[Found]:
    for name in OUTSIDE:
        scanner.set_global(name, names.get(name, ""))
    matching = scanner.scan(data).matching_rules
    yield from sorted(Found(int(rule.namespace), rule.identifier) for rule in matching)
