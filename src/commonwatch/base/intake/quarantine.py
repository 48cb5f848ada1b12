"""Retrying what was held: judged again like anything that arrives, and resolved in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, QuerySet

from commonwatch.base.audit.record import record
from commonwatch.base.intake.models import Source
from commonwatch.base.intake.receive import Channel, Report, Result, receive
from commonwatch.base.intake.sources import voucher_of
from commonwatch.base.journal import quarantine
from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.base.journal.values import Transaction
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.stix.split import split
from commonwatch.core.stix.values import Piece

Held = QuarantineEntry


@dataclass(frozen=True)
class Listed:
    """An entry with the name of the source that sent it."""

    entry: Held
    source_name: str


def page(
    *, reasons: Sequence[str] = (), everything: bool, limit: int, before: int | None = None
) -> tuple[list[Listed], int]:
    """The newest entries held for any of these reasons (of those before one), and how many match in all."""
    found = matching(reasons, everything=everything)
    older = found if before is None else found.filter(pk__lt=before)
    return _named(list(older.order_by("-pk").defer("raw")[:limit])), found.count()


def reasons_held(*, everything: bool) -> dict[str, int]:
    """Why entries are held, and how many for each reason; the commonest first."""
    counted = matching((), everything=everything).values_list("reason").annotate(number=Count("pk"))
    return dict(counted.order_by("-number", "reason"))


def entry(number: int) -> Listed:
    """One entry; raises NotFound."""
    held = Held.objects.filter(pk=number).first()
    if held is None:
        raise _unknown(number)
    return _named([held])[0]


def all_held(numbers: Sequence[int]) -> list[int]:
    """These entries, each once; raises NotFound or Conflict for the first that is not there or is resolved already."""
    wanted = dict.fromkeys(numbers)
    states = dict(Held.objects.filter(pk__in=wanted).values_list("pk", "state"))
    for number in wanted:
        _must_be_held(number, states.get(number))
    return list(wanted)


def retry(number: int, mended: bytes | None, *, actor: str, now_us: int) -> Result:
    """Judge an entry again, with `mended` in place of its bytes where given.

    The entry is marked admitted together with the object's own commit. A mended object that still does not pass is not
    kept: the entry stays as it was, and the result's findings say what is still wrong.
    """
    held = entry(number).entry
    _must_be_held(number, held.state)
    source = Source.objects.select_related("member").get(pk=held.source)
    channel = Channel(source.pk, source.default_marking, voucher_of(source), actor, tuple(held.slots))
    piece = _only_piece(mended) if mended is not None else Piece(bytes(held.raw), held.place, held.spec)

    def resolve(report: Report, _: Transaction) -> None:
        result = report.results[0]
        if result.is_in:
            quarantine.resolve_admitted(number, seq=result.seq, actor=actor, now_us=now_us)
            detail = {"entry": number, "mended": mended is not None}
            record(actor, "quarantine.admit", result.object_id, "done", detail, now_us=now_us)
        elif mended is not None:
            raise StillWrong(result)

    try:
        return receive([piece], channel, now_us, resolve).result().results[0]
    except StillWrong as still:
        return still.result


def drop(number: int, *, actor: str, reason: str, now_us: int) -> None:
    """Decide that an entry is not wanted, on record. Its bytes stay, so that the same ones are recognised when they come again."""
    with transaction.atomic():
        quarantine.drop(number, actor=actor, reason=reason, now_us=now_us)
        subject = Held.objects.values_list("object_id", flat=True).get(pk=number)
        detail = {"entry": number, "reason": reason}
        record(actor, "quarantine.drop", subject, "done", detail, now_us=now_us)


class StillWrong(Exception):
    """Rolls the transaction back when a mended object does not pass, so that no second entry appears."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.object_id)
        self.result = result


def _must_be_held(number: int, state: str | None) -> None:
    if state is None:
        raise _unknown(number)
    if state != Held.State.HELD:
        raise Conflict("quarantine-resolved", f"Entry {number} is {state} already.", "`quarantine show` has more.")


def _unknown(number: int) -> NotFound:
    return NotFound("quarantine-unknown", f"There is no quarantine entry {number}.", "See `quarantine list --all`.")


def _only_piece(body: bytes) -> Piece:
    """The single object in a mended file; raises InvalidInput where there is another number of them."""
    pieces = split(body).pieces
    if len(pieces) != 1:
        raise InvalidInput(
            "one-object", f"The mended file holds {len(pieces)} objects.", "Give one STIX object, alone or in a bundle."
        )
    return pieces[0]


def matching(reasons: Sequence[str], *, everything: bool) -> QuerySet[Held]:
    """Those held for any of these reasons; `everything`: also those dealt with."""
    found = Held.objects.all() if everything else Held.objects.filter(state=Held.State.HELD)
    return found.filter(reason__in=reasons) if reasons else found


def _named(entries: list[Held]) -> list[Listed]:
    names = dict(Source.objects.filter(pk__in={held.source for held in entries}).values_list("pk", "name"))
    return [Listed(held, names.get(held.source, "")) for held in entries]
