"""The plain limit of each database: nothing but the driver, the same columns and the same indexes."""

from __future__ import annotations

import sqlite3
import time
import uuid
from pathlib import Path

import psycopg

from bench import meter, objects
from commonwatch.base.journal import schema

PAGE = 1000


def sqlite_limits(folder: Path, count: int) -> tuple[float, float]:
    """Microseconds of CPU per object: indexed `executemany` in transactions of 1,000; select-and-join of stored bytes."""
    database = sqlite3.connect(folder / "limit.db", isolation_level=None)
    database.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-16000")
    for statement in schema.TABLES_SQLITE:
        database.execute(statement)
    raws = [objects.one(number) for number in range(count)]
    started = time.process_time()
    for first in range(0, count, PAGE):
        rows = [
            (
                first + i + 1,
                uuid.uuid5(uuid.NAMESPACE_OID, str(first + i)).bytes,
                i % 7,
                first + i,
                1,
                3,
                1,
                1,
                None,
                raw,
            )
            for i, raw in enumerate(raws[first : first + PAGE])
        ]
        places = [(1 << schema.SLOT_SHIFT | row[0], row[0], row[2], row[3], 63) for row in rows]
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO journal_version VALUES (?,?,?,?,?,?,?,?,?,?)", rows)
        database.executemany("INSERT INTO journal_placement VALUES (?,?,?,?,?)", places)
        database.execute("COMMIT")
    insert = (time.process_time() - started) / count * 1e6
    best = 1e9
    for _ in range(3):
        started = time.process_time()
        for first in range(0, count, PAGE):
            found = database.execute(
                "SELECT raw FROM journal_version WHERE seq > ? ORDER BY seq LIMIT ?", (first, PAGE)
            ).fetchall()
            assert len(b",".join([row[0] for row in found]))
        best = min(best, (time.process_time() - started) / count * 1e6)
    return insert, best


def postgresql_limits(url: str, server: list[int], count: int) -> tuple[float, float]:
    """The same on PostgreSQL: binary COPY into indexed tables, and a binary select; client and back end together."""
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("DROP SCHEMA IF EXISTS limits CASCADE")
        database.execute("CREATE SCHEMA limits")
        database.execute("SET search_path = limits")
        for statement in schema.TABLES_POSTGRESQL:
            database.execute(statement)
        raws = [objects.one(number) for number in range(count)]
        here, there = time.process_time(), _cpu(server)
        for first in range(0, count, PAGE):
            with database.transaction(), database.cursor() as cursor:
                with cursor.copy("COPY journal_version FROM STDIN (FORMAT BINARY)") as copy:
                    copy.set_types(["int8", "int8", "int4", "int4", "int4", "int2", "int2", "uuid", "text", "bytea"])
                    for i, raw in enumerate(raws[first : first + PAGE]):
                        seq = first + i + 1
                        copy.write_row(
                            (seq, seq, i % 7, 1, 1, 1, 3, uuid.uuid5(uuid.NAMESPACE_OID, str(seq)), None, raw)
                        )
                with cursor.copy("COPY journal_placement FROM STDIN (FORMAT BINARY)") as copy:
                    copy.set_types(["int8", "int8", "int8", "int4", "int2"])
                    for i in range(PAGE):
                        seq = first + i + 1
                        copy.write_row((1 << schema.SLOT_SHIFT | seq, seq, seq, i % 7, 63))
        insert = (time.process_time() - here + _cpu(server) - there) / count * 1e6
        here, there = time.process_time(), _cpu(server)
        with database.cursor(binary=True) as cursor:
            for first in range(0, count, PAGE):
                cursor.execute("SELECT raw FROM journal_version WHERE seq > %s ORDER BY seq LIMIT %s", (first, PAGE))
                assert len(b",".join([row[0] for row in cursor.fetchall()]))
        read = (time.process_time() - here + _cpu(server) - there) / count * 1e6
        database.execute("DROP SCHEMA limits CASCADE")
    return insert, read


def _cpu(server: list[int]) -> float:
    """Of the database server with its present back ends."""
    return meter.cpu_seconds([pid for root in server for pid in meter.family(root)])
