"""Before a command runs: the data folder, the schema, and what a first start leaves behind.

A database whose schema this version does not know is never touched: an older program would misread it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor

from commonwatch.base.clock import now_us
from commonwatch.base.config import NodeSettings
from commonwatch.base.journal.sequencer import close_sequencer
from commonwatch.base.keys.node import node_key
from commonwatch.base.parties.actions import By, create_community, create_member, join_community
from commonwatch.base.parties.authoring import member_key
from commonwatch.base.parties.models import HOME, MemberKind
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.actions import create_collection
from commonwatch.base.release.epochs import refresh
from commonwatch.base.release.models import Collection, Epoch
from commonwatch.base.release.recalls import RECALLS
from commonwatch.base.release.serving import ensure_role
from commonwatch.base.terminal import current
from commonwatch.core.errors import NodeUnable

MAIN = "main"  # the collection that imports go to where no other is named


def prepare() -> None:
    """Make the node ready for work, or raise NodeUnable saying why it cannot be."""
    configured: NodeSettings = settings.COMMONWATCH
    try:
        with _alone(configured.data):
            _check_schema()
            if not Collection.objects.exists():
                first_start()
            ensure_release()
            _ensure_keys()
            if connection.vendor == "postgresql" and not ensure_role():
                current().note(
                    "Pages are read without PostgreSQL's row security: this database's user may not use the role "
                    "commonwatch_serving (docs/operations.md, PostgreSQL)."
                )
    except DatabaseError as error:
        raise NodeUnable(
            "database",
            f"The database cannot be opened: {str(error).strip()}.",
            "Check database_url, or that the data folder is writable and its disk not full.",
        ) from None


def close() -> None:
    """Let the sequencer finish what was handed to it, then close the database."""
    close_sequencer()
    connections.close_all()


@contextmanager
def _alone(data: Path) -> Iterator[None]:
    """Two commands started at once on a new data folder: the second waits until the first has made the node."""
    with (data / "prepare.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _check_schema() -> None:
    executor = MigrationExecutor(connection)
    applied = set(executor.loader.applied_migrations)
    if unknown := sorted(f"{app}.{name}" for app, name in applied - set(executor.loader.disk_migrations)):
        raise NodeUnable(
            "schema-unknown",
            f"This database was written by a newer Commonwatch: it has {', '.join(unknown[:3])}, unknown here.",
            "Update the program, or restore a backup made with this version.",
        )
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        if applied:
            current().note("Bringing the database to this version's schema ...")
        call_command("migrate", verbosity=0, interactive=False)


@transaction.atomic
def first_start() -> None:
    """What a new node has: its own member, the community of that member's people and machines, one collection for them."""
    by = By("first start", now_us())
    people = "The people and machines of this node's own member"
    home = create_community(HOME, people, now_us=by.now_us, actor=by.actor)
    title = "This node's own member"
    create_member(HOME, title, MemberKind.CIVIL_SOCIETY, "", "", by, country_later=True)
    join_community(HOME, HOME, reason="It runs this node", by=by)
    create_collection(
        "Everything shared with this node",
        alias=MAIN,
        description="Where imports go that name no other collection",
        readers=[home],
        writers=[home],
        actor=by.actor,
        now_us=by.now_us,
    )


def _ensure_keys() -> None:
    """The keys of node and member. One that is lost stops only what it is needed for, which then says so."""
    with suppress(NodeUnable):
        node_key()
        member_key(own_member(), now_us())


def ensure_release() -> None:
    """The collection of recalls, and the first epoch: without one, nobody gets anything."""
    if not Collection.objects.filter(alias=RECALLS).exists():
        create_collection(
            "Recalls",
            alias=RECALLS,
            description="What was shared with you and is taken back; post a receipt here for each recall",
            readers=[],
            writers=[],
            for_all=True,
            actor="first start",
            now_us=now_us(),
        )
    if not Epoch.objects.exists():
        refresh(By("first start", now_us()), "First start")
