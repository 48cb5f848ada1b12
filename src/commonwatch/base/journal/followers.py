"""Followers: code that applies entries in order under its own cursor, and commits its rows together with it.

1. A follower that raises stops alone: its state keeps the entry and the error, everything it had applied before stays.
2. A person mends the cause and resumes it, or tells it to skip that entry, which is recorded.
3. A follower with a new version, or one told to, is reset and reads again from entry 0.
4. Several threads and processes may advance the same follower: each run of entries is applied once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from django.db import DatabaseError, connection, transaction

from commonwatch.base.clock import now_us
from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.models import FollowerSkip, FollowerState
from commonwatch.base.journal.reading import entries, last_seq
from commonwatch.base.journal.values import Entry
from commonwatch.core.errors import Conflict, NotFound

_SKIPPED = "SELECT seq FROM journal_follower_skip WHERE follower = %s AND seq >= %s AND seq <= %s"

log = logging.getLogger(__name__)


class Follower(Protocol):
    """What a follower is. `version` goes up when its rows have to be made anew."""

    name: str
    version: int

    def apply(self, entries: Sequence[Entry]) -> None:
        """Write this run of entries into the follower's own tables. Runs inside the transaction of its cursor."""

    def reset(self) -> None:
        """Empty the follower's own tables."""


def advance(follower: Follower, most: int) -> bool:
    """Apply up to `most` further entries; whether there were any. A stopped follower stays where it is."""
    state = _state(follower)
    if state.failed_at is not None:
        return False
    waiting = entries(state.cursor, most)
    if not waiting:
        return False
    try:
        _apply(follower, state.cursor, waiting)
    except DatabaseError:
        raise  # the database is the node's trouble, not this follower's
    except Exception:  # noqa: BLE001 - whatever a follower does wrong must not stop the others
        _apply_one_by_one(follower, state.cursor, waiting)
    return True


def catch_up(follower: Follower, most: int) -> None:
    """Apply all that is waiting, up to `most` at a time. One query where nothing is."""
    state = FollowerState.objects.filter(name=follower.name).values_list("cursor", "version").first()
    if state is None or state[0] < last_seq() or state[1] != follower.version:
        while advance(follower, most):
            pass


def resume(name: str) -> None:
    """Let a stopped follower try again from where it stopped."""
    if not FollowerState.objects.filter(name=name, failed_at__isnull=False).update(failed_at=None, failure=""):
        raise Conflict("follower-runs", f"No stopped follower is called {name}.", "See `commonwatch status`.")


def skip(name: str, *, actor: str, reason: str) -> int:
    """Pass over the entry at which a follower stopped, on record; returns that entry."""
    with transaction.atomic():
        state = FollowerState.objects.filter(name=name).first()
        if state is None or state.failed_at is None:
            raise Conflict("follower-runs", f"No stopped follower is called {name}.", "See `commonwatch status`.")
        seq = state.failed_at
        FollowerSkip.objects.create(follower=name, seq=seq, actor=actor, reason=reason, skipped_us=now_us())
        FollowerState.objects.filter(name=name).update(cursor=seq, failed_at=None, failure="", updated_us=now_us())
    return seq


def rebuild(follower: Follower) -> None:
    """Empty a follower's tables and let it read from entry 0. Entries that were skipped stay skipped."""
    with transaction.atomic():
        follower.reset()
        FollowerState.objects.update_or_create(
            name=follower.name,
            defaults={
                "version": follower.version,
                "cursor": 0,
                "failed_at": None,
                "failure": "",
                "updated_us": now_us(),
            },
        )


def ask_for_rebuild(name: str) -> None:
    """Mark a follower for a rebuild by whoever runs it: a version that no code has makes it start again."""
    state_of(name)
    FollowerState.objects.filter(name=name).update(version=-1)


def end() -> int:
    """The journal's last entry: cheap enough to be asked for many times a second."""
    return last_seq()


def written() -> int:
    """A number that is another one once somebody else has committed anything: cheaper than to look for what."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA data_version")
        else:
            cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def states() -> list[FollowerState]:
    """Every follower's state, by name."""
    return list(FollowerState.objects.order_by("name"))


def state_of(name: str) -> FollowerState:
    """One follower's state; raises NotFound."""
    state = FollowerState.objects.filter(name=name).first()
    if state is None:
        raise NotFound("follower-unknown", f"No follower is called {name}.", "See `commonwatch status`.")
    return state


def _state(follower: Follower) -> FollowerState:
    state, made = FollowerState.objects.get_or_create(name=follower.name, defaults={"version": follower.version})
    if not made and state.version != follower.version:
        rebuild(follower)
        state = state_of(follower.name)
    return state


def _apply(follower: Follower, after: int, run: Sequence[Entry]) -> None:
    """Apply the entries that come after this one, unless somebody else has meanwhile."""
    skipped = {seq for (seq,) in fetch(_SKIPPED, [follower.name, run[0].seq, run[-1].seq])}
    with transaction.atomic():
        if FollowerState.objects.select_for_update().get(name=follower.name).cursor != after:
            return
        follower.apply([entry for entry in run if entry.seq not in skipped] if skipped else run)
        FollowerState.objects.filter(name=follower.name).update(cursor=run[-1].seq, updated_us=now_us())


def _apply_one_by_one(follower: Follower, after: int, run: Sequence[Entry]) -> None:
    """Find the entry at fault, keeping what comes before it."""
    for entry in run:
        try:
            _apply(follower, after, [entry])
        except DatabaseError:
            raise
        except Exception as error:  # noqa: BLE001 - kept for the person who has to mend it
            failure = f"{type(error).__name__}: {error}"
            FollowerState.objects.filter(name=follower.name).update(
                failed_at=entry.seq, failure=failure, updated_us=now_us()
            )
            log.error("Follower %s stopped at entry %s: %s", follower.name, entry.seq, failure)
            return
        after = entry.seq
