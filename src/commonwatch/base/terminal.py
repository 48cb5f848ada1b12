"""What a command says: text and tables for a person, one JSON value for a script, progress on standard error.

Each command calls `current()` and ends with `result`; a command that fails raises CommonwatchError or calls
`stop(code)`. Exit codes: 0 done, 1 some input was not admitted, 2 wrong use, 3 the node cannot work.
Text that came from outside is made harmless before it reaches a terminal (control characters, bidirectional overrides).
"""

from __future__ import annotations

import enum
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn, Protocol

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

_UNSEEN_WIDTH = 10_000


class Exit(enum.IntEnum):
    """Exit codes that scripts can rely on."""

    DONE = 0
    NOT_ALL_ADMITTED = 1
    WRONG_USE = 2
    NODE_UNABLE = 3


class Advance(Protocol):
    """Reports work as done; `total` may become known on the way."""

    def __call__(self, done: int, *, total: int | None = None) -> None: ...


@dataclass
class Terminal:
    """Where the running command writes."""

    json: bool = False

    def __post_init__(self) -> None:
        # Piped into another program a line is as long as it is: nothing is folded or cut at a width nobody sees.
        self._out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _UNSEEN_WIDTH)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    def print(self, text: str) -> None:
        """A line for a person; nothing in JSON mode."""
        if not self.json:
            self._out.print(Text(harmless(text)))

    def note(self, text: str) -> None:
        """A line beside the result, on standard error, in both modes."""
        self._err.print(Text(harmless(text)))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
        """A table for a person, or `empty` (which says what to do next) where there are no rows."""
        if self.json:
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(harmless(str(cell)) if cell is not None else "") for cell in row))
        self._out.print(table if table.row_count else Text(empty))

    def result(self, value: object) -> None:
        """The command's whole answer as one JSON value; nothing in text mode."""
        if self.json:
            sys.stdout.write(msgspec.json.encode(value).decode() + "\n")

    def stop(self, code: Exit) -> NoReturn:
        """End the command with this exit code."""
        sys.stdout.flush()
        raise SystemExit(int(code))

    @contextmanager
    def progress(self, label: str, total: int | None = None) -> Iterator[Advance]:
        """A bar with done, total, rate and time remaining on standard error; silent when nobody looks or in JSON mode."""
        if self.json or not self._err.is_terminal:
            yield lambda done, *, total=None: None
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}/s"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._err, transient=True) as bar:
            task = bar.add_task(label, total=total, rate="")

            def advance(done: int, *, total: int | None = None) -> None:
                speed = bar.tasks[0].speed
                bar.update(task, advance=done, total=total, rate=f"{speed:,.0f}" if speed else "")

            yield advance


def harmless(text: str) -> str:
    """The text with control characters, and format characters that reorder or hide text, shown as escapes."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co"} else f"\\u{ord(char):04x}"
        for char in text
    )


_current = Terminal()


def current() -> Terminal:
    """The terminal of the running command."""
    return _current


def use(terminal: Terminal) -> None:
    """Set by the command line's frame before the command runs, and by tests."""
    global _current
    _current = terminal
