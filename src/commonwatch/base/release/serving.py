"""PostgreSQL's own guard on the read path: pages are read as a role that sees only what its recipient is granted.

1. The tables that hold shared objects have row security: who is not their owner sees the rows of the classes granted to the
recipient that the transaction names, and without one nothing. A query that forgets the join with grants finds no row more.
2. The node's database user owns the tables, so that writers and followers are not concerned: row security forced upon an owner
would also forbid COPY, by which objects come in. Pages therefore change to the role `commonwatch_serving` for their one statement.
3. The role belongs to the server, not to one database, and takes the right to create roles: the node makes it where its user
has that right; otherwise an administrator of the server makes it once (docs/operations.md), and until then pages are read without.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import DatabaseError, connection, transaction

from commonwatch.base.journal.driver import fetch, fetch_within

log = logging.getLogger(__name__)

ROLE = "commonwatch_serving"
SETTING = "commonwatch.recipient"
# What the role may read. Rooms above that answer by it add their own tables (`base.search`).
readable = ["journal_version", "journal_placement", "journal_type", "release_grant", "release_extra"]
_WHO = f"(SELECT nullif(current_setting('{SETTING}', true), ''))::integer"
# Hashed once for each statement: measured, a page costs the same with it as without; asked row by row, half as much again.
GRANTED = f"class IN (SELECT g.class FROM release_grant g WHERE g.recipient = {_WHO})"
_POLICIES = {
    "journal_version": GRANTED,
    "journal_placement": GRANTED,
    "release_extra": f"recipient = {_WHO}",
}
GUARD = [
    statement
    for table, condition in _POLICIES.items()
    for statement in (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY served ON {table} FOR SELECT USING ({condition})",
    )
]
UNGUARD = [
    statement
    for table in _POLICIES
    for statement in (f"DROP POLICY served ON {table}", f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
]
_MEMBER = "SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = %s AND pg_has_role(current_user, oid, 'MEMBER'))"
_MAY_MAKE = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"


def served(recipient: int | None, query: str, parameters: Sequence[Any]) -> list[Any]:
    """All rows of a query, read for a recipient; None for who runs the node."""
    local = guarding(recipient)
    return fetch_within(local, query, parameters) if local else fetch(query, parameters)


def guarding(recipient: int | None) -> dict[str, str]:
    """The settings under which a statement is read for a recipient; none for who runs the node, and where there is no guard."""
    if recipient is None or connection.vendor == "sqlite" or not guarded():
        return {}
    return {"role": ROLE, SETTING: str(recipient)}


@lru_cache(maxsize=1)
def guarded() -> bool:
    """Whether pages are read as the serving role. Found out once in a process."""
    return connection.vendor == "postgresql" and _is_member() and _may_read()


def forget() -> None:
    """For a process whose database was replaced under it: a restore, or the next test."""
    guarded.cache_clear()


def ensure_role() -> bool:
    """Make the role and its rights, as far as the database's user may; whether pages are guarded."""
    if connection.vendor != "postgresql":
        return False
    if not _is_member() and bool(fetch(_MAY_MAKE, [])[0][0]):
        _try(f"CREATE ROLE {ROLE} NOLOGIN")  # may be there: another node's on the same server
        _try(f"GRANT {ROLE} TO CURRENT_USER")
    if _is_member() and not _may_read():
        _try(f"GRANT SELECT ON {', '.join(readable)} TO {ROLE}")
    guarded.cache_clear()
    return guarded()


def _is_member() -> bool:
    return bool(fetch(_MEMBER, [ROLE])[0][0])


def _may_read() -> bool:
    rights = " AND ".join(f"has_table_privilege('{ROLE}', '{table}', 'SELECT')" for table in readable)
    return bool(fetch(f"SELECT {rights}", [])[0][0])


def _try(statement: str) -> None:
    """What another process may be doing at the same moment, or have done; the look afterwards tells."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        log.debug("%s: %s", statement, error)
