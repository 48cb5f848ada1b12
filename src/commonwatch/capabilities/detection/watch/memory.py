"""What patterns over several events remember, kept with the positions of the watch that it comes from.

1. It is written in the transaction that stores the positions, pattern by pattern, and only what changed: after a restart no event
   is taken twice and none is missing.
2. A state is a form's number, a digest and bytes. What is of another form, broken, or of another pattern is dropped with a warning
   in `detection status`, and the pattern begins afresh; so does one whose state is larger than `MOST_BYTES`.
3. A pattern that is no longer in force loses its state; a change of one rule touches no other's.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max

from commonwatch.capabilities.detection.matching.matcher import Memory
from commonwatch.capabilities.detection.models import PatternMemory
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.times import format_time

if TYPE_CHECKING:
    from commonwatch.capabilities.detection.indicators.engine import Engine

FORM = 1
MOST_BYTES = 16 << 20
_AT_ONCE = 500
_SHOWN = 20
_DIGEST = 16
_Key = tuple[str, str, str]  # family, identity, name


class Memories:
    """The memories of one watch, by its name."""

    def __init__(self, engine: Engine, owner: str) -> None:
        self.engine, self.owner = engine, owner
        self._stored: set[_Key] = set()
        self._change = -1
        self._made = ""

    def resume(self, now_us: int) -> None:
        """Go on with what was stored, at the start and after the rows were numbered anew; otherwise nothing."""
        if self._made == self.engine.made:
            return
        self._made, self._change = self.engine.made, self.engine.change
        self._stored = set()
        rows = PatternMemory.objects.filter(owner=self.owner)
        here = {
            (family, identities.get(entry, ""), name): (matcher, entry)
            for family, matcher, identities in self.engine.remembering()
            for entry, name in matcher.patterns()
        }
        for row in list(rows):
            found = here.get((row.family, row.identity, row.name))
            if found is None:
                row.delete()
                continue
            self._stored.add((row.family, row.identity, row.name))
            if not row.state:
                continue
            matcher, entry = found
            try:
                matcher.resume(Memory(entry, row.name, _opened(bytes(row.state))))
                trouble = ""
            except InvalidInput as error:
                trouble = f"Begun afresh at {format_time(now_us, 0)}: {error}"
            if trouble != row.trouble:
                PatternMemory.objects.filter(pk=row.pk).update(
                    trouble=trouble, state=b"" if trouble else bytes(row.state)
                )

    def write(self, now_us: int) -> None:
        """What changed, in the caller's transaction."""
        self._forget_gone()
        rows: list[PatternMemory] = []
        for family, matcher, identities in self.engine.remembering():
            for one in matcher.memories():
                row = PatternMemory(
                    owner=self.owner, family=family, identity=identities[one.entry], name=one.name, updated_us=now_us
                )
                if len(one.state) > MOST_BYTES:
                    row.trouble = f"It is not kept over a restart: it remembers {len(one.state):,} bytes."
                else:
                    row.state = _sealed(one.state)
                rows.append(row)
        PatternMemory.objects.bulk_create(
            rows,
            batch_size=_AT_ONCE,
            update_conflicts=True,
            unique_fields=["owner", "family", "identity", "name"],
            update_fields=["state", "updated_us"],
        )
        for row in rows:
            if row.trouble:
                PatternMemory.objects.filter(
                    owner=self.owner, family=row.family, identity=row.identity, name=row.name
                ).update(trouble=row.trouble)
        self._stored |= {(row.family, row.identity, row.name) for row in rows}

    def settled(self) -> None:
        """The transaction is committed."""
        for _, matcher, _ in self.engine.remembering():
            matcher.kept()

    def _forget_gone(self) -> None:
        """Rule 3."""
        if self._change == self.engine.change:
            return
        self._change = self.engine.change
        here = {
            (family, identities.get(entry, ""), name)
            for family, matcher, identities in self.engine.remembering()
            for entry, name in matcher.patterns()
        }
        for family, identity, name in sorted(self._stored - here):
            PatternMemory.objects.filter(owner=self.owner, family=family, identity=identity, name=name).delete()
        self._stored &= here


def _sealed(state: bytes) -> bytes:
    return bytes([FORM]) + sha256(state).digest()[:_DIGEST] + state


def _opened(data: bytes) -> bytes:
    """Raises InvalidInput (rule 2)."""
    state = data[1 + _DIGEST :]
    if data[:1] != bytes([FORM]) or len(data) > MOST_BYTES + 1 + _DIGEST:
        raise InvalidInput("memory-unfit", "What was remembered is of another form.", "It begins afresh.")
    if sha256(state).digest()[:_DIGEST] != data[1 : 1 + _DIGEST]:
        raise InvalidInput("memory-unfit", "What was remembered is broken.", "It begins afresh.")
    return state


def status() -> dict[str, Any]:
    """How much is remembered, and what could not be."""
    sizes = PatternMemory.objects.exclude(state=b"").aggregate(patterns=Count("pk"), last=Max("updated_us"))
    troubled = PatternMemory.objects.exclude(trouble="").order_by("-updated_us")[:_SHOWN]
    return {
        "patterns": sizes["patterns"],
        "kept": "" if sizes["last"] is None else format_time(sizes["last"], 0),
        "troubles": [{"object": row.identity.split(" ")[0], "trouble": row.trouble} for row in troubled],
    }
