"""The driver under Django's connection, for SQL whose cost is the driver's own: bulk rows, pages, look-ups.

It shares Django's transaction, and its errors come out as Django's, so that callers need to know one kind only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection


def fetch(query: str, parameters: Sequence[Any]) -> list[Any]:
    """All rows of a query with %s for each parameter; PostgreSQL answers in binary."""
    connection.ensure_connection()
    driver: Any = connection.connection
    with connection.wrap_database_errors:
        if connection.vendor == "sqlite":
            found: list[Any] = driver.execute(query.replace("%s", "?"), parameters).fetchall()
            return found
        with _cursor(driver) as cursor:
            rows: list[Any] = cursor.execute(query, parameters, binary=True).fetchall()
            return rows


def insert_many(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """SQLite's bulk insert, with ? for each value."""
    driver: Any = connection.connection
    with connection.wrap_database_errors:
        driver.executemany(statement, rows)


def copy_in(statement: str, data: bytes) -> None:
    """PostgreSQL's bulk insert, from data in its binary COPY format."""
    with connection.wrap_database_errors, _cursor(connection.connection) as cursor, cursor.copy(statement) as copy:
        copy.write(data)


def _cursor(driver: Any) -> Any:
    """Django's own cursors bind parameters on the client, which rules binary answers out."""
    import psycopg  # late: a node on SQLite does without

    return psycopg.Cursor(driver)
