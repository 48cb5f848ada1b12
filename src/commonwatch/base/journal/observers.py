"""Who hears of what a transaction of the sequencer adds, inside it: release decides new classes before anybody can ask.

An observer may append; it must not fail, for then nothing of the transaction is in.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from commonwatch.base.journal.values import ReleaseClass

if TYPE_CHECKING:
    from commonwatch.base.journal.appending import Appending


class Narrowed(msgspec.Struct, frozen=True, gc=False):
    """An older version whose release class is now that of later ones as well: who may not have these loses it."""

    seq: int
    kind: str
    uid: bytes
    before: int
    after: int


class Added(msgspec.Struct, frozen=True, gc=False):
    """What release must know of a transaction."""

    classes: Mapping[int, ReleaseClass]  # new ones, by number
    definitions: frozenset[bytes]  # UUIDs of marking-definitions admitted
    narrowed: tuple[Narrowed, ...]
    revoked: tuple[Narrowed, ...]  # versions whose object was revoked; `after` is 0


Observer = Callable[["Appending", Added], None]
observers: list[Observer] = []
