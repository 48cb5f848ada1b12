"""A partnership to be filled with nodes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.federation.nodes import World


@pytest.fixture
def world(ready: Path, tmp_path: Path, vendor: str) -> Iterator[World]:
    """No nodes yet; each is a copy of a node after its first start."""
    assert vendor == "sqlite", "many nodes in one process need a database file each"
    name = connection.settings_dict["NAME"]
    connection.close()
    template = tmp_path / "template.db"
    import sqlite3

    with sqlite3.connect(name) as source, sqlite3.connect(template) as copy:
        source.backup(copy)
    yield World(tmp_path, template)
    shutil.rmtree(tmp_path, ignore_errors=True)
