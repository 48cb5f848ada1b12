"""Whoever waits for others to write is told by a number, on both databases."""

from __future__ import annotations

import threading
from pathlib import Path

from django.db import connection

from commonwatch.base.journal.followers import written
from commonwatch.base.journal.models import FollowerState


def test_the_number_changes_once_somebody_else_has_committed_and_not_before(node: Path) -> None:
    def write() -> None:
        FollowerState.objects.create(name="another", version=1)
        connection.close()

    before = written()
    assert written() == before
    other = threading.Thread(target=write)
    other.start()
    other.join()
    assert written() != before
