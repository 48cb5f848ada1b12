"""Retrying what was held: judged again like anything that arrives, and resolved in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass

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


def page(*, reason: str, everything: bool, limit: int) -> tuple[list[Listed], int]:
    """The newest entries, and how many match in all."""
    found = Held.objects.order_by("-pk")
    if not everything:
        found = found.filter(state=Held.State.HELD)
    if reason:
        found = found.filter(reason=reason)
    return _named(list(found.defer("raw")[:limit])), found.count()


def entry(number: int) -> Listed:
    """One entry; raises NotFound."""
    held = Held.objects.filter(pk=number).first()
    if held is None:
        raise NotFound("quarantine-unknown", f"There is no quarantine entry {number}.", "See `quarantine list --all`.")
    return _named([held])[0]


def retry(number: int, mended: bytes | None, *, actor: str, now_us: int) -> Result:
    """Judge an entry again, with `mended` in place of its bytes where given.

    The entry is marked admitted together with the object's own commit. A mended object that still does not pass is not
    kept: the entry stays as it was, and the result's findings say what is still wrong.
    """
    held = entry(number).entry
    if held.state != Held.State.HELD:
        raise Conflict("quarantine-resolved", f"Entry {number} is {held.state} already.", "`quarantine show` has more.")
    source = Source.objects.select_related("member").get(pk=held.source)
    channel = Channel(source.pk, source.default_marking, voucher_of(source), actor, tuple(held.slots))
    piece = _only_piece(mended) if mended is not None else Piece(bytes(held.raw), held.place, held.spec)

    def resolve(report: Report, _: Transaction) -> None:
        result = report.results[0]
        if result.is_in:
            quarantine.resolve_admitted(number, seq=result.seq, actor=actor, now_us=now_us)
        elif mended is not None:
            raise StillWrong(result)

    try:
        return receive([piece], channel, now_us, resolve).result().results[0]
    except StillWrong as still:
        return still.result


class StillWrong(Exception):
    """Rolls the transaction back when a mended object does not pass, so that no second entry appears."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.object_id)
        self.result = result


def _only_piece(body: bytes) -> Piece:
    """The single object in a mended file; raises InvalidInput where there is another number of them."""
    pieces = split(body).pieces
    if len(pieces) != 1:
        raise InvalidInput(
            "one-object", f"The mended file holds {len(pieces)} objects.", "Give one STIX object, alone or in a bundle."
        )
    return pieces[0]


def _named(entries: list[Held]) -> list[Listed]:
    names = dict(Source.objects.filter(pk__in={held.source for held in entries}).values_list("pk", "name"))
    return [Listed(held, names.get(held.source, "")) for held in entries]
