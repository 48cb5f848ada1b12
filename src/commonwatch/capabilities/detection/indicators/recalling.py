"""Recalls addressed to this member: objects that it was asked to drop, by who may ask."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from commonwatch.base.parties.models import Member
from commonwatch.base.release.holding import held_entries
from commonwatch.capabilities.detection.indicators import rows
from commonwatch.capabilities.detection.models import Indicator, Recalled


def note(own: Member, seqs: Sequence[int], stamp: rows.Stamp) -> None:
    """Keep what these recall objects name. Whether their author may recall an object is decided with the object."""
    named: set[str] = set()
    for seq, held in held_entries(own.identity, own.pk, seqs).items():
        value = orjson.loads(held.raw) if held.raw else {}
        refs = value.get("object_refs")
        if value.get("recipient_ref") != own.identity or not isinstance(refs, list):
            continue
        wanted = [ref for ref in refs if isinstance(ref, str) and ref.startswith("indicator--")]
        by = str(value.get("created_by_ref", ""))
        Recalled.objects.bulk_create([Recalled(about=ref, by=by, seq=seq) for ref in wanted])
        named |= set(wanted)
    if named:
        rows.look_again(own, Indicator.objects.filter(stix_id__in=sorted(named)), stamp)
