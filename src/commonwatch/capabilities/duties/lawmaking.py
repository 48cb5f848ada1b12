"""Putting in a list of law that a lawyer edited: which open clocks move is said first; undoing moves them back.

The list stands in the database and not in a file, so that it and the clocks that follow it change in one transaction, in every process.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.base.parties.actions import By
from commonwatch.capabilities.duties.clockwork import Move, moves
from commonwatch.capabilities.duties.keeping import refresh
from commonwatch.capabilities.duties.law import DUTIES, HOLIDAYS, calendars, duties_list, in_use, shipped, where
from commonwatch.capabilities.duties.models import CONFIRMED, PROPOSED, Duty, LawList, Step
from commonwatch.capabilities.duties.writing import given_reason
from commonwatch.core.errors import CommonwatchError, Conflict, InvalidInput
from commonwatch.core.law.duties import Duties, Regime, examine_duties, parse_duties
from commonwatch.core.law.working_days import Calendars, parse_calendars

MOST_MOVES = 1_000  # that are listed


class Change(msgspec.Struct, frozen=True):
    """What a list would change: instruments, and clocks that run."""

    kind: str
    as_of: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    moves: tuple[Move, ...]


@dataclass(frozen=True)
class _Lists:
    duties: Duties
    calendars: Calendars


def examine(kind: str, raw: bytes) -> list[tuple[str, str]]:
    """Every mistake of a list: place and what is wrong."""
    if kind == DUTIES and (found := examine_duties(raw)):
        return found
    try:
        _with(kind, raw)
    except CommonwatchError as error:
        return [("$", error.sentence)]
    return []


def preview(kind: str, raw: bytes) -> Change:
    """What putting the list in would change. Writes nothing; raises InvalidInput."""
    return _change(kind, _with(kind, raw))


def put_in(kind: str, raw: bytes, reason: str, by: By) -> Change:
    """Use the list from now on; the clocks of open duties follow."""
    lists = _with(kind, raw)
    why = given_reason(reason)
    as_of = (lists.duties if kind == DUTIES else lists.calendars).as_of.isoformat()
    with transaction.atomic():
        change = _change(kind, lists)
        row = LawList.objects.create(
            kind=kind, raw=raw.decode(), as_of=as_of, actor=by.actor, reason=why, at_us=by.now_us
        )
        record(by.actor, "duty.law", f"{kind} {row.pk}", "done", _counts(change), now_us=by.now_us)
        _follow(change, f"The list of {kind} of {as_of} is in use: {why}", by)
    return change


def preview_undo(kind: str) -> Change:
    """What taking the last list back would change; raises Conflict where the shipped one is in use."""
    return _change(kind, _with(kind, _before(kind)))


def undo(kind: str, reason: str, by: By) -> Change:
    """Take the last list back; the one before it is in use again, and clocks move back."""
    lists, why, row = _with(kind, _before(kind)), given_reason(reason), in_use(kind)
    assert row is not None  # noqa: S101 - `_before` made sure
    with transaction.atomic():
        change = _change(kind, lists)
        LawList.objects.filter(pk=row.pk).update(undone_us=by.now_us)
        record(by.actor, "duty.law-undone", f"{kind} {row.pk}", "done", _counts(change), now_us=by.now_us)
        _follow(change, f"The list of {kind} of {row.as_of} is taken back: {why}", by)
    return change


def _before(kind: str) -> bytes:
    rows = LawList.objects.filter(kind=kind, undone_us=None).order_by("-pk")[:2]
    if not rows:
        raise Conflict("law-shipped", "The shipped list is in use.", "There is nothing to take back.")
    return rows[1].raw.encode() if len(rows) == 2 else shipped(kind)


def _with(kind: str, raw: bytes) -> _Lists:
    if b"\0" in raw or b"\\u0000" in raw:
        raise InvalidInput("nul-character", "It holds the character NUL.", "Leave it out.", status=422)
    if kind == DUTIES:
        return _Lists(parse_duties(raw), calendars())
    if kind == HOLIDAYS:
        found = parse_calendars(raw)
        for place in found.places:
            where(place, found)  # a zone that nobody knows would stop clocks later
        return _Lists(duties_list(), found)
    raise InvalidInput(
        "law-kind", f"There is no list of {kind[:40]}.", "The lists are duties and holidays.", status=422
    )


def _change(kind: str, lists: _Lists) -> Change:
    before, after = duties_list().by_id(), lists.duties.by_id()
    as_of = (lists.duties if kind == DUTIES else lists.calendars).as_of.isoformat()
    found: list[Move] = []
    for duty in Duty.objects.filter(state=CONFIRMED).order_by("pk"):
        if len(found) < MOST_MOVES:
            found += moves(duty, _law(duty, after), lists.duties, lists.calendars)
    return Change(
        kind,
        as_of,
        tuple(name for name in after if name not in before),
        tuple(name for name, regime in after.items() if name in before and before[name] != regime),
        tuple(name for name in before if name not in after),
        tuple(found),
    )


def _follow(change: Change, said: str, by: By) -> None:
    """Give open duties the law of the list in use, and their clocks what follows from it."""
    known, moved = duties_list().by_id(), {one.duty for one in change.moves}
    for duty in Duty.objects.filter(state__in=(PROPOSED, CONFIRMED)).order_by("pk"):
        duty.law = msgspec.to_builtins(_law(duty, known))
        duty.save(update_fields=["law"])
        if duty.state == CONFIRMED:
            refresh(duty, by.now_us)
        if duty.pk in moved:
            Step.objects.create(duty=duty, at_us=by.now_us, actor=by.actor[:200], what="law", said=said)


def _law(duty: Duty, known: Mapping[str, Regime]) -> Regime:
    found = known.get(duty.regime)
    return found or msgspec.convert(duty.law, Regime)


def _counts(change: Change) -> dict[str, object]:
    return {
        "as_of": change.as_of,
        "added": len(change.added),
        "changed": len(change.changed),
        "removed": len(change.removed),
        "moved": len(change.moves),
    }
