"""The rows of indicators: made from entries as this member has them, and looked at again when something about them changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from django.db.models import QuerySet

from commonwatch.base.parties.models import Member
from commonwatch.base.release.holding import HeldEntry, held_entries
from commonwatch.capabilities.detection.indicators.reading import Reading, read_indicator
from commonwatch.capabilities.detection.indicators.standing import Known, standing
from commonwatch.capabilities.detection.indicators.terms import ensure_terms
from commonwatch.capabilities.detection.models import Indicator, IndicatorValue, Recalled, ReleaseTerms, State
from commonwatch.capabilities.detection.rewriting import rewrite
from commonwatch.core.parts import AT_ONCE, parts

FIELDS = (
    "author",
    "version_us",
    "seq",
    "terms",
    "state",
    "reason",
    "generation",
    "change",
    "name",
    "pattern_type",
    "pattern",
    "category",
    "confidence",
    "valid_from_us",
    "valid_until_us",
)


@dataclass
class Stamp:
    """What changed rows are marked with: `change` counts up, `generation` is the entry that is being applied."""

    change: int
    generation: int

    def next(self) -> int:
        """The next change."""
        self.change += 1
        return self.change


def take(own: Member, seqs: Sequence[int], stamp: Stamp) -> None:
    """Entries that are indicators, in order."""
    if not seqs:
        return
    held = held_entries(own.identity, own.pk, seqs)
    terms = ensure_terms(own, {one.klass for one in held.values()})
    latest: dict[tuple[str, str], HeldEntry] = {}
    for seq in seqs:
        one = held[seq]
        key = (one.id, terms[one.klass].voucher)
        if key not in latest or latest[key].version_us <= one.version_us:
            latest[key] = one
    known = {(row.stix_id, row.voucher): row for row in _with_ids({one for one, _ in latest})}
    taken = []
    for (identity, voucher), one in latest.items():
        row = known.get((identity, voucher))
        if row is not None and row.version_us > one.version_us:
            continue
        taken.append(_Taken(row or Indicator(stix_id=identity, voucher=voucher), one))
    _write(own, taken, terms, stamp)
    _siblings(own, taken, stamp)


@dataclass
class _Taken:
    row: Indicator
    held: HeldEntry


def look_again(own: Member, which: QuerySet[Indicator], stamp: Stamp) -> None:
    """Rows whose entry, class or terms changed: read anew, and written where they differ."""
    numbers = list(which.values_list("pk", flat=True))
    for some in parts(numbers):
        found = list(Indicator.objects.filter(pk__in=some))
        held = held_entries(own.identity, own.pk, [row.seq for row in found])
        terms = ensure_terms(own, {one.klass for one in held.values()})
        _write(own, [_Taken(row, held[row.seq]) for row in found if row.seq in held], terms, stamp)


def _write(own: Member, taken: Sequence[_Taken], terms: dict[int, ReleaseTerms], stamp: Stamp) -> None:
    recalled = _recalled([one.row.stix_id for one in taken])
    authors = _by_author([one.row.stix_id for one in taken])
    fresh: list[Indicator] = []
    again: list[Indicator] = []
    values: dict[tuple[str, str], Reading] = {}
    for one in taken:
        reading = read_indicator(one.held.raw) if one.held.raw else Reading()
        row, its = one.row, terms[one.held.klass]
        row.author = its.author or reading.author
        row.terms, row.seq, row.version_us = its, one.held.seq, one.held.version_us
        row.state, row.reason = standing(
            Known(
                erased=one.held.erased,
                placed=one.held.placed,
                revoked=one.held.revoked,
                recalled=any(by in (its.author, its.voucher) and upto > row.seq for by, upto in recalled[row.stix_id]),
                superseded=row.voucher != row.author
                and authors.get((row.stix_id, row.author), row.version_us) > row.version_us,
                granted=its.granted,
                unexecutable=reading.unexecutable,
            )
        )
        _fill(row, reading)
        row.generation, row.change = stamp.generation, stamp.next()
        values[row.stix_id, row.voucher] = reading
        (again if row.pk else fresh).append(row)
    Indicator.objects.bulk_create(fresh, batch_size=AT_ONCE)
    rewrite(again, FIELDS)
    if again:
        IndicatorValue.objects.filter(indicator__in=[row.pk for row in again]).delete()
    IndicatorValue.objects.bulk_create(
        [
            IndicatorValue(indicator=row, kind=value.kind, text=value.text, digest=digest(value.kind, value.text))
            for row in (*fresh, *again)
            for value in values[row.stix_id, row.voucher].values
        ],
        batch_size=AT_ONCE * 4,
    )


def _fill(row: Indicator, reading: Reading) -> None:
    row.name = reading.name
    row.pattern_type, row.pattern = reading.pattern_type, reading.pattern
    row.category, row.confidence = reading.category, reading.confidence
    row.valid_from_us, row.valid_until_us = reading.valid_from_us, reading.valid_until_us


def _siblings(own: Member, taken: Iterable[_Taken], stamp: Stamp) -> None:
    """Other vouchers' rows of these objects: their author's own voice may have overtaken them, or narrowed their class."""
    numbers = {one.row.pk for one in taken}
    others = [row.pk for row in _with_ids({one.row.stix_id for one in taken}) if row.pk not in numbers]
    if others:
        look_again(own, Indicator.objects.filter(pk__in=others), stamp)


def _with_ids(ids: Iterable[str]) -> list[Indicator]:
    found: list[Indicator] = []
    for some in parts(sorted(ids)):
        found += Indicator.objects.filter(stix_id__in=some)
    return found


def _recalled(ids: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """Who recalled these objects, and up to which entry."""
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    if Recalled.objects.exists():
        for some in parts(ids):
            for one in Recalled.objects.filter(about__in=some):
                found[one.about].append((one.by, one.seq))
    return found


def _by_author(ids: Sequence[str]) -> dict[tuple[str, str], int]:
    """The versions that authors brought of their own objects, by object and author."""
    return {
        (row.stix_id, row.author): row.version_us
        for row in _with_ids(set(ids))
        if row.author and row.author == row.voucher
    }


def digest(kind: str, text: str) -> int:
    """What a value is found by."""
    return int.from_bytes(blake2b(f"{kind} {text}".encode(), digest_size=8).digest(), "big", signed=True)


def in_force() -> QuerySet[Indicator]:
    """What matchers are to know."""
    return Indicator.objects.filter(state=State.IN_FORCE)
