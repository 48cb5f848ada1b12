"""The driver under Django's connection, for SQL whose cost is the driver's own: bulk rows, pages, look-ups.

It shares Django's transaction, and its errors come out as Django's, so that callers need to know one kind only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from time import monotonic
from typing import Any

from django.db import OperationalError, connections

_STEPS = 20_000  # of SQLite's machine between two looks at the clock: well under a millisecond
_QUERY_CANCELED = "57014"
_BATCH = 5_000
_AS_BEFORE = {"role": "none", "statement_timeout": "0", "enable_bitmapscan": "off"}  # `site.settings` has the last


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
            back = [part for name in local for part in (name, _AS_BEFORE.get(name, ""))]
            _cursor(wrapper.connection).execute(sets, back)
        return rows


class TimeUp(Exception):
    """A query was ended because its time was up. Nothing is wrong with the database."""


def fetch_timed(seconds: float, local: Mapping[str, str], query: str, parameters: Sequence[Any]) -> list[Any]:
    """All rows of a query that may take so long; raises TimeUp. `local`: settings as for `fetch_within`, for PostgreSQL only."""
    try:
        if _wrapper().vendor == "sqlite":
            return _fetch_until(monotonic() + seconds, query, parameters)
        limit = str(max(int(seconds * 1000), 1))
        return fetch_within({**local, "statement_timeout": limit}, query, parameters)
    except OperationalError as error:
        if _ended(error):
            raise TimeUp from None
        raise


def batches_timed(seconds: float, query: str, parameters: Sequence[Any]) -> Iterator[list[Any]]:
    """SQLite: the same, a few thousand rows at a time, so that memory stays what it is however many there are."""
    wrapper = _wrapper()
    wrapper.ensure_connection()
    driver, deadline = wrapper.connection, monotonic() + seconds
    driver.set_progress_handler(lambda: monotonic() > deadline, _STEPS)
    try:
        with wrapper.wrap_database_errors:
            cursor = driver.execute(_marked(query), parameters)
            while batch := cursor.fetchmany(_BATCH):
                yield batch
    except OperationalError as error:
        if _ended(error):
            raise TimeUp from None
        raise
    finally:
        driver.set_progress_handler(None, 0)


def _fetch_until(deadline: float, query: str, parameters: Sequence[Any]) -> list[Any]:
    wrapper = _wrapper()
    wrapper.ensure_connection()
    driver = wrapper.connection
    driver.set_progress_handler(lambda: monotonic() > deadline, _STEPS)
    try:
        return fetch(query, parameters)
    finally:
        driver.set_progress_handler(None, 0)


def _ended(error: OperationalError) -> bool:
    """Whether it is the time limit that ended the query."""
    cause = error.__cause__
    return str(cause) == "interrupted" or getattr(cause, "sqlstate", None) == _QUERY_CANCELED


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


def insert_many(table: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows into these columns (with PostgreSQL's type of each, there by binary COPY); inside a transaction."""
    names = ", ".join(columns)
    wrapper = _wrapper()
    if wrapper.vendor == "sqlite":
        execute_many(f"INSERT INTO {table} ({names}) VALUES ({', '.join(['%s'] * len(columns))})", rows)
        return
    into = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
    with wrapper.wrap_database_errors, _cursor(wrapper.connection) as cursor, cursor.copy(into) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)


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
