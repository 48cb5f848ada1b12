"""A node for every test: own data folder, own database, and the shared real data."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

from tests.environment import DATA

# A slow machine is no fault of what is tested.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

SHARED = Path(os.environ.get("COMMONWATCH_SHARED", Path(__file__).parents[2] / "shared"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches the database: only that is run again on PostgreSQL."""
    for item in items:
        if "transactional_db" in getattr(item, "fixturenames", ()):
            item.add_marker("database")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data beside the project; what needs it is left out, aloud, where it is not."""
    if not (SHARED / "data").is_dir():
        pytest.skip(f"The shared real data is not at {SHARED}: set COMMONWATCH_SHARED.")
    return SHARED / "data"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """A file, not memory: threads and processes must see the same SQLite database, and WAL needs a file."""
    from django.conf import settings
    from django.db import connections

    database = connections.databases["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["TEST"]["NAME"] = str(DATA / "test.db")
    assert settings.COMMONWATCH.data == DATA


@pytest.fixture
def transactional_db(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """An empty, migrated database that threads may commit to: pytest-django's, but for how it is emptied."""
    from tests.cleaning import empty_tables

    with django_db_blocker.unblock():
        yield
        empty_tables()


@pytest.fixture
def node(transactional_db: None) -> Iterator[Path]:
    """A node's database; yields the data folder."""
    from django.core.cache import cache

    from commonwatch.base.journal.sequencer import close_sequencer
    from commonwatch.base.release import deciding, pages, served, serving, types
    from commonwatch.capabilities.exchange.taxii_server import adding

    serving.ensure_role()
    yield DATA
    close_sequencer()
    types.forget()
    deciding.forget()
    pages.forget()
    served.forget()
    for lines in (DATA / "served").glob("*.jsonl"):  # pages that were served to nobody but this test
        lines.unlink()
    (DATA / "last_backup.json").unlink(missing_ok=True)
    cache.clear()  # attempts to sign in, counted across tests
    shutil.rmtree(DATA / "detection" / "anomalies", ignore_errors=True)  # what this test's watch learned
    (DATA / "exports" / "overrides.json").unlink(missing_ok=True)  # values that this test let out
    adding.forget_channels()


@pytest.fixture
def vendor() -> str:
    """`sqlite` or `postgresql`: which database this run of the tests uses."""
    from django.db import connection

    return connection.vendor


@pytest.fixture
def ready(node: Path) -> Path:
    """The same, after its first start: member and community `home`, collection `main`."""
    from commonwatch.cli.node import ensure_release, first_start

    first_start()
    ensure_release()
    return node


@pytest.fixture
def keyed(ready: Path) -> Iterator[Path]:
    """The same, for tests that change the node's keys: they are gone again afterwards."""
    from commonwatch.base.keys.files import APPROVER, NODE, NODE_BEFORE, member_key_file

    yield ready
    for name in (NODE, NODE_BEFORE, APPROVER, member_key_file("home")):
        for file in (ready / name, (ready / name).with_suffix(".next")):
            file.unlink(missing_ok=True)


@pytest.fixture
def server(ready: Path) -> Iterator[str]:
    """The whole node over HTTP on a loopback port; yields its address."""
    import socket
    import threading

    import uvicorn

    from commonwatch.site.asgi import Shell

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(Shell(), loop="asyncio", http="httptools", log_config=None, lifespan="on")
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        while not running.started:
            pass
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        thread.join()
