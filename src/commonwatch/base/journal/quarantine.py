"""Resolving what is held: dropped by a person, or admitted after mending. Entries are put in by the sequencer."""

from __future__ import annotations

from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.core.errors import Conflict, NotFound

State = QuarantineEntry.State


def drop(number: int, *, actor: str, reason: str, now_us: int) -> None:
    """Decide that an entry is not wanted. Its bytes stay, so that the same ones are recognised when they come again."""
    _resolve(number, State.DROPPED, actor, reason, now_us)


def resolve_admitted(number: int, *, seq: int, actor: str, now_us: int) -> None:
    """An entry's content was admitted as journal entry `seq`."""
    _resolve(number, State.ADMITTED, actor, f"journal entry {seq}", now_us)


def _resolve(number: int, state: QuarantineEntry.State, actor: str, resolution: str, now_us: int) -> None:
    changed = QuarantineEntry.objects.filter(pk=number, state=State.HELD).update(
        state=state, resolved_by=actor, resolution=resolution, resolved_us=now_us
    )
    if changed:
        return
    if QuarantineEntry.objects.filter(pk=number).exists():
        raise Conflict("quarantine-resolved", f"Entry {number} is resolved already.", "`quarantine show` has more.")
    raise NotFound("quarantine-unknown", f"There is no quarantine entry {number}.", "See `quarantine list --all`.")
