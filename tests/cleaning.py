"""Empties the database between tests: only tables that hold something, by DELETE.

Django's flush truncates every table. On PostgreSQL that makes a new file for each table and index, used or not: two seconds a
test with our 150 tables, where a test writes into some ten.
"""

from __future__ import annotations

from functools import cache

from django.db import connection

# What `migrate` itself writes, the same for every test.
KEPT = frozenset({"django_migrations", "django_content_type", "auth_permission", "django_site"})
# Tables without a model of Django's, or with one that Django does not manage.
RAW = (
    *(f"journal_{name}" for name in ("act", "voucher", "placement", "version", "class", "type")),
    *(f"search_{name}" for name in ("doc", "text", "key", "edge", "class", "term")),
    "release_grant",
    "release_extra",
)


@cache
def _tables() -> tuple[str, ...]:
    managed = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return tuple(sorted({*managed, *RAW} - KEPT))


def empty_tables() -> None:
    """Delete every row but those of `migrate`; nothing else may be using the database."""
    filled = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in _tables())
    with connection.constraint_checks_disabled(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # there the line above defers nothing
            cursor.execute("SET session_replication_role = replica")
        cursor.execute(filled)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {name}")
        cursor.execute("UPDATE journal_head SET last_seq = 0")
    connection.close()
