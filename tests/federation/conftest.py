"""A partnership to be filled with nodes."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, connections

from commonwatch.base.journal.sequencer import close_sequencer
from tests.federation.nodes import Files, OnServer, World


@pytest.fixture
def world(ready: Path, tmp_path: Path, vendor: str) -> Iterator[World]:
    """No nodes yet; each is a copy of a node after its first start."""
    close_sequencer()
    name = str(connection.settings_dict["NAME"])
    connections.close_all()
    if vendor == "sqlite":
        template = tmp_path / "template.db"
        with sqlite3.connect(name) as source, sqlite3.connect(template) as copy:
            source.backup(copy)
        made = World(tmp_path, Files(str(template)))
        yield made
        made.end()
    else:
        import psycopg

        given = connection.settings_dict
        where = {"host": given["HOST"], "port": given["PORT"], "user": given["USER"], "password": given["PASSWORD"]}
        with psycopg.connect(dbname="postgres", autocommit=True, **where) as beside:
            databases = OnServer(name, lambda text: beside.execute(text.encode()))
            made = World(tmp_path, databases)
            yield made
            made.end()
            connections.close_all()
            databases.clear()
    shutil.rmtree(tmp_path, ignore_errors=True)
