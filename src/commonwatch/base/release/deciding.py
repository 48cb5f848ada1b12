"""Decisions in bulk: the worlds of the current epoch, kept ready in the process, and classes decided in them.

A world is made once for each purpose that readers have. Making one costs some tens of milliseconds, deciding a further class
well under one.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from commonwatch.base.journal.driver import fetch
from commonwatch.base.release.models import Epoch, Recipient
from commonwatch.base.release.schema import GRANULAR_SHIFT, MAX_GRANULAR
from commonwatch.base.release.worlds import world
from commonwatch.core.parts import parts
from commonwatch.core.policy.classes import ClassAttributes, marking_uids
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.policy.handling import Handling, handling
from commonwatch.core.policy.masks import Deciding
from commonwatch.core.policy.world import World, resolved

Definitions = Mapping[str, Mapping[str, Any]]


class Grant(NamedTuple):
    """A row of `release_grant` without its `since`."""

    recipient: int
    klass: int
    code: int


class Worlds:
    """The worlds of one moment, by purpose, with what was decided in them."""

    def __init__(self, worlds: Mapping[str, World]) -> None:
        self.worlds = worlds
        self._deciding = {purpose: Deciding(one.book, one.recipients, one.question) for purpose, one in worlds.items()}

    @property
    def digest(self) -> str:
        """Of all of them, in sixteen characters."""
        digests = [one.digest[:16] for _, one in sorted(self.worlds.items())]
        return digests[0] if len(digests) == 1 else sha256("-".join(digests).encode()).hexdigest()[:16]

    @property
    def on(self) -> date:
        """The day they stand for."""
        return next(iter(self.worlds.values())).on

    def codes(self, purpose: str, attributes: ClassAttributes, definitions: Definitions) -> dict[int, int]:
        """For each way of giving a class (`schema`), the mask over the world's recipients who get it so."""
        parts = [self._part(purpose, part, definitions) for part in attributes.parts()]
        codes = parts[0]
        for part in parts[1:]:
            codes = _both(codes, part)
        granular = granular_of(attributes)
        if not granular or not codes:
            return codes
        if len(granular) > MAX_GRANULAR:
            keep = self._allowed(purpose, attributes.parts(), granular, definitions)
            return {code: mask & keep for code, mask in codes.items() if mask & keep}
        for number, marking in enumerate(granular):
            allowed = self._allowed(purpose, attributes.parts(), [marking], definitions)
            codes = _with_bit(codes, allowed, 1 << number + GRANULAR_SHIFT)
        return codes

    def _part(self, purpose: str, part: ClassAttributes, definitions: Definitions) -> dict[int, int]:
        masks = self._masks(purpose, part, handling(part.markings, definitions, part.default))
        return {code: mask for code, mask in enumerate(masks) if mask}

    def _masks(self, purpose: str, part: ClassAttributes, said: Handling) -> tuple[int, ...]:
        return self._deciding[purpose].masks(resolved(self.worlds[purpose], part, said))

    def _allowed(
        self, purpose: str, parts: Iterable[ClassAttributes], markings: Iterable[str], definitions: Definitions
    ) -> int:
        """Who may have an object that bore these granular markings as a whole."""
        mask = -1
        for part in parts:
            said = handling([*part.markings, *markings], definitions, part.default)
            full, pseudonymised, stripped = self._masks(purpose, part, said)
            mask &= full | pseudonymised | stripped
        return mask


def _both(first: Mapping[int, int], second: Mapping[int, int]) -> dict[int, int]:
    """Who gets both, each in the lesser variant."""
    found: dict[int, int] = {}
    for one, mask in first.items():
        for other, also in second.items():
            if mask & also:
                code = max(one, other)
                found[code] = found.get(code, 0) | mask & also
    return found


def _with_bit(codes: Mapping[int, int], allowed: int, bit: int) -> dict[int, int]:
    found: dict[int, int] = {}
    for code, mask in codes.items():
        if mask & allowed:
            found[code] = mask & allowed
        if mask & ~allowed:
            found[code | bit] = mask & ~allowed
    return found


def granular_of(attributes: ClassAttributes) -> list[str]:
    """The granular markings of a class, in the order of their bits."""
    return sorted({marking for part in attributes.parts() for marking in part.granular})


def withheld_of(attributes: ClassAttributes, code: int) -> frozenset[str]:
    """The granular markings whose parts a code withholds."""
    granular = granular_of(attributes)
    return frozenset(one for number, one in enumerate(granular) if code >> number + GRANULAR_SHIFT & 1)


def worlds_on(on: date, purposes: Iterable[str], files: Mapping[str, str] | None = None) -> Worlds:
    """The worlds of a day as things are on record now."""
    return Worlds({purpose: world(on, purpose, files) for purpose in sorted({*purposes, DEFAULT_PURPOSE})})


def grants_of(
    worlds: Worlds, classes: Mapping[int, ClassAttributes], numbers: Mapping[tuple[str, str], int]
) -> list[Grant]:
    """The grants of these classes. `numbers`: recipients' numbers by member's name and purpose."""
    definitions = definitions_of(classes.values())
    found: list[Grant] = []
    for purpose, one in worlds.worlds.items():
        by_bit = [numbers.get((recipient.name, purpose), 0) for recipient in one.recipients]
        for klass, attributes in classes.items():
            for code, mask in worlds.codes(purpose, attributes, definitions).items():
                for bit in _bits(mask):
                    if by_bit[bit]:
                        found.append(Grant(by_bit[bit], klass, code))
    return found


def definitions_of(classes: Iterable[ClassAttributes]) -> Definitions:
    """The marking-definitions held on which classes depend, by id."""
    uids = sorted(marking_uids(classes))
    found: dict[str, Mapping[str, Any]] = {}
    for some in parts(uids):
        for raw in _definitions(some):
            value = orjson.loads(raw)
            found[value["id"]] = value
    return found


def _definitions(uids: Sequence[bytes]) -> list[bytes]:
    marks = ",".join(["%s"] * len(uids))
    query = (
        "SELECT v.raw FROM journal_version v JOIN journal_type t ON t.id = v.type "
        f"WHERE t.name = 'marking-definition' AND v.uid IN ({marks}) AND length(v.raw) > 0 ORDER BY v.seq DESC"
    )
    keys: Sequence[Any] = uids if connection.vendor == "sqlite" else [UUID(bytes=uid) for uid in uids]
    return [bytes(row[0]) for row in fetch(query, keys)]


def _bits(mask: int) -> Iterable[int]:
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def recipient_numbers() -> dict[tuple[str, str], int]:
    """Every recipient's number by member's name (empty: the public) and purpose."""
    query = "SELECT m.name, r.purpose, r.id FROM release_recipient r LEFT JOIN parties_member m ON m.id = r.member_id"
    rows = fetch(query, [])
    return {(name or "", purpose): number for name, purpose, number in rows}


class _Current:
    """What this process holds ready of the epoch that serves."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.epoch = 0
        self.worlds: Worlds | None = None


_current = _Current()


def current_worlds() -> Worlds | None:
    """The worlds of the epoch that serves; None before the first."""
    latest = fetch("SELECT max(id) FROM release_epoch", [])[0][0]
    if latest is None:
        return None
    with _current.lock:
        if _current.worlds is None or _current.epoch != latest:
            purposes = Recipient.objects.values_list("purpose", flat=True).distinct()
            _current.worlds, _current.epoch = worlds_on(Epoch.objects.get(pk=latest).on, purposes), latest
        return _current.worlds


def keep_ready(epoch: int, worlds: Worlds) -> None:
    """An epoch was made in this process: its worlds need not be made again."""
    with _current.lock:
        _current.worlds, _current.epoch = worlds, epoch


def forget() -> None:
    """For a process whose database was replaced under it: a restore, or the next test."""
    with _current.lock:
        _current.worlds, _current.epoch = None, 0
