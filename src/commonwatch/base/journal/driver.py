"""The driver under Django's connection, for SQL whose cost is the driver's own: bulk rows, pages, look-ups.

It shares Django's transaction, and its errors come out as Django's, so that callers need to know one kind only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import connections


def fetch(query: str, parameters: Sequence[Any]) -> list[Any]:
    """All rows of a query with %s for each parameter; PostgreSQL answers in binary."""
    wrapper = _wrapper()
    if wrapper.connection is None:
        wrapper.ensure_connection()
    with wrapper.wrap_database_errors:
        if wrapper.vendor == "sqlite":
            found: list[Any] = wrapper.connection.execute(_marked(query), parameters).fetchall()
            return found
        with _cursor(wrapper.connection) as cursor:
            rows: list[Any] = cursor.execute(query, parameters, binary=True).fetchall()
            return rows


def fetch_within(local: Mapping[str, str], query: str, parameters: Sequence[Any]) -> list[Any]:
    """PostgreSQL: the same with settings (`role` among them) that hold for this one statement.

    Both go out together and are one transaction, which ends the settings; inside a longer one they are taken back.
    """
    wrapper = _wrapper()
    if wrapper.connection is None:
        wrapper.ensure_connection()
    sets = f"SELECT {', '.join(['set_config(%s, %s, true)'] * len(local))}"
    with wrapper.wrap_database_errors:
        with wrapper.connection.pipeline():
            _cursor(wrapper.connection).execute(sets, [part for pair in local.items() for part in pair])
            found = _cursor(wrapper.connection).execute(query, parameters, binary=True)
        rows: list[Any] = found.fetchall()
        if wrapper.in_atomic_block:
            back = [part for name in local for part in (name, "none" if name == "role" else "")]
            _cursor(wrapper.connection).execute(sets, back)
        return rows


def execute(statement: str, parameters: Sequence[Any]) -> None:
    """One statement without rows to answer, %s for each parameter; inside a transaction."""
    execute_many(statement, [parameters])


def execute_many(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """The same statement for each row of parameters; inside a transaction."""
    wrapper = _wrapper()
    with wrapper.wrap_database_errors:
        if wrapper.vendor == "sqlite":
            wrapper.connection.executemany(_marked(statement), rows)
            return
        with _cursor(wrapper.connection) as cursor:
            cursor.executemany(statement, rows)


def copy_in(statement: str, data: bytes) -> None:
    """PostgreSQL's bulk insert, from data in its binary COPY format."""
    wrapper = _wrapper()
    with wrapper.wrap_database_errors, _cursor(wrapper.connection) as cursor, cursor.copy(statement) as copy:
        copy.write(data)


def _wrapper() -> Any:
    """This thread's connection itself: each look through `django.db.connection` costs as much as a small query."""
    return connections["default"]


@lru_cache(maxsize=1024)
def _marked(query: str) -> str:
    """The query as SQLite wants it."""
    return query.replace("%s", "?")


def _cursor(driver: Any) -> Any:
    """Django's own cursors bind parameters on the client, which rules binary answers out."""
    import psycopg  # late: a node on SQLite does without

    return psycopg.Cursor(driver)
