"""What release says of the classes that indicators are in, kept beside them and brought up to date with the world."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from commonwatch.base.parties.models import Member
from commonwatch.base.release.holding import Terms, epoch, terms_of
from commonwatch.capabilities.detection.models import Index, ReleaseTerms


def ensure_terms(own: Member, classes: Iterable[int]) -> dict[int, ReleaseTerms]:
    """The terms of these classes, looked up where they are new; inside a transaction."""
    wanted = set(classes)
    known = ReleaseTerms.objects.in_bulk(sorted(wanted))
    missing = terms_of(own.pk, wanted - set(known))
    made = ReleaseTerms.objects.bulk_create([_row(klass, terms) for klass, terms in sorted(missing.items())])
    return {**known, **{row.klass: row for row in made}}


def refresh_terms(own: Member) -> list[int]:
    """Look every class up again; those whose terms are others now."""
    known = ReleaseTerms.objects.in_bulk()
    changed = []
    for klass, terms in terms_of(own.pk, known).items():
        row, now = known[klass], _row(klass, terms)
        if any(getattr(row, name) != getattr(now, name) for name in _FIELDS):
            now.save(force_update=True)
            changed.append(klass)
    return changed


def world_moved() -> bool:
    """Whether members, agreements or policies have changed since the indicators were last looked at."""
    return epoch() != index_row().epoch


def index_row() -> Index:
    """How far indicators have come."""
    return Index.objects.get_or_create(pk=1, defaults={"made": uuid4().hex})[0]


def held_index() -> Index:
    """The same, held until the transaction ends: whoever changes indicators takes the next numbers alone."""
    index_row()
    return Index.objects.select_for_update().get(pk=1)


_FIELDS = ("granted", "tlp", "pap", "obligations", "author", "voucher", "owner")


def _row(klass: int, terms: Terms) -> ReleaseTerms:
    return ReleaseTerms(
        klass=klass,
        granted=terms.granted,
        tlp=terms.tlp,
        pap=terms.pap,
        obligations=list(terms.obligations),
        author=terms.author,
        voucher=terms.voucher,
        owner=terms.owner,
    )
