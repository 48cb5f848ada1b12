"""Type names and their numbers in the journal. Types are only ever added, so what is known stays known."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

_numbers: dict[str, int] = {}
_names: dict[int, str] = {}


def type_numbers(names: Sequence[str]) -> tuple[int, ...]:
    """The numbers of those names that occur in the journal at all."""
    if any(name not in _numbers for name in names):
        _refresh()
    return tuple(_numbers[name] for name in names if name in _numbers)


def type_name(number: int) -> str:
    """The name behind a number from the journal."""
    if number not in _names:
        _refresh()
    return _names[number]


def forget() -> None:
    """For a process whose database was replaced under it: a restore, or the next test."""
    _numbers.clear()
    _names.clear()


def _refresh() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, name FROM journal_type")
        for number, name in cursor.fetchall():
            _numbers[name] = number
            _names[number] = name
