"""What the partnership says of indicators: sightings, and opinions for or against, as far as this member may see them.

A sighting with count 0 says that it was not seen, which MISP and others send for a false positive; so does an opinion that
disagrees. A member counts once for each object, by the latest it said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from commonwatch.base.parties.models import Member
from commonwatch.base.release.holding import HeldEntry, Terms, held_entries, terms_of
from commonwatch.capabilities.detection.indicators.rows import Stamp
from commonwatch.capabilities.detection.models import Indicator, Saying
from commonwatch.core.stix.times import parse_time

AGAINST = frozenset({"disagree", "strongly-disagree"})
FOR = frozenset({"agree", "strongly-agree"})


def take(own: Member, seqs: Sequence[int], stamp: Stamp) -> None:
    """Entries that are sightings or opinions, in order."""
    if not seqs:
        return
    held = held_entries(own.identity, own.pk, seqs)
    terms = terms_of(own.pk, {one.klass for one in held.values()})
    about: set[str] = set()
    for seq in seqs:
        about |= _take(held[seq], terms[held[seq].klass])
    _changed(about, stamp)


def look_again(own: Member, seqs: Sequence[int], stamp: Stamp) -> None:
    """Something was done to these entries: what is erased, or stands in no collection, is not said any more."""
    known = list(Saying.objects.filter(seq__in=seqs).values_list("seq", flat=True))
    gone = [seq for seq, one in held_entries(own.identity, own.pk, known).items() if not one.raw]
    _drop(gone, stamp)


def refresh(own: Member, stamp: Stamp) -> None:
    """Grants changed: drop what this member may not see any more."""
    look_again(own, sorted(set(Saying.objects.values_list("seq", flat=True))), stamp)


def _drop(seqs: Sequence[int], stamp: Stamp) -> None:
    which = Saying.objects.filter(seq__in=seqs)
    about = set(which.values_list("about", flat=True))
    which.delete()
    _changed(about, stamp)


def _take(held: HeldEntry, terms: Terms) -> set[str]:
    """The indicators that this one speaks of, or spoke of."""
    before = Saying.objects.filter(said_id=held.id)
    about = set(before.values_list("about", flat=True))
    if before.filter(version_us__gt=held.version_us).exists():
        return set()
    before.delete()
    if held.raw and not held.revoked:
        said = list(_said(held, orjson.loads(held.raw), terms))
        Saying.objects.bulk_create(said)
        about |= {one.about for one in said}
    return about


def _said(held: HeldEntry, value: Mapping[str, Any], terms: Terms) -> Iterator[Saying]:
    """Who says it is the author where a member brought it itself, else who brought it: a claim is no voice."""
    by = terms.voucher
    if value.get("type") == "sighting":
        count = value.get("count", 1)
        number = count if isinstance(count, int) and 0 <= count <= 999_999_999 else 1
        kind = Saying.Kind.SIGHTING if number else Saying.Kind.FALSE_POSITIVE
        refs: Any = [value.get("sighting_of_ref")]
        first, last = _us(value.get("first_seen")), _us(value.get("last_seen"))
    else:
        opinion = value.get("opinion")
        if opinion not in AGAINST | FOR:
            return
        kind = Saying.Kind.FALSE_POSITIVE if opinion in AGAINST else Saying.Kind.CONFIRMATION
        number, refs, first, last = 1, value.get("object_refs"), None, None
    for ref in dict.fromkeys(refs if isinstance(refs, list) else []):
        if isinstance(ref, str) and ref.startswith("indicator--"):
            yield Saying(
                said_id=held.id,
                about=ref,
                kind=kind,
                by=by,
                count=number,
                first_us=first,
                last_us=last,
                version_us=held.version_us,
                seq=held.seq,
            )


def _us(text: object) -> int | None:
    found = parse_time(text) if isinstance(text, str) else None
    return found[0] if found else None


def _changed(about: set[str], stamp: Stamp) -> None:
    """An indicator of which something else is said weighs otherwise: matchers' memories of its weight are out of date."""
    for identity in sorted(about):
        for row in Indicator.objects.filter(stix_id=identity):
            Indicator.objects.filter(pk=row.pk).update(change=stamp.next(), generation=stamp.generation)
