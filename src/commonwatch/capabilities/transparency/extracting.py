"""Extracts of this node's record for one partner: what passed between the two, opened and proven."""

from __future__ import annotations

import msgspec

from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.journal.driver import fetch
from commonwatch.base.parties.models import Member
from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.transparency import record
from commonwatch.capabilities.transparency.models import Opening
from commonwatch.core.merkle import leaves
from commonwatch.core.merkle.checkpoints import parse_checkpoint
from commonwatch.core.merkle.extracts import Extract, Opened
from commonwatch.core.merkle.proofs import inclusion_proof

KINDS = ("sent", "taken", "recall", "answer", "receipt")
_PARTNER = ("from", "to", "member")  # where a statement names the other side


def extract(partner: Member, now_us: int, since_us: int = 0) -> Extract:
    """Every leaf since then about what passed between this node and a partner, under the checkpoint that proofs are made from.

    Nobody else is named in it: a leaf is in if its statement names this partner as sender, recipient or member.
    """
    note = record.proving()
    size = parse_checkpoint(note.text).size
    read = record.reading_of(size)
    rows = Opening.objects.filter(kind__in=KINDS, number__lt=size, body__contains=partner.identity).order_by("number")
    found = []
    for row in rows:
        body = msgspec.json.decode(row.body)
        if partner.identity not in [body.get(name) for name in _PARTNER]:
            continue
        ((entry,),) = fetch("SELECT entry FROM transparency_leaf WHERE number = %s", [row.number])
        if leaves.decode_leaf(bytes(entry)).at * MICROSECONDS >= since_us:
            opening = leaves.Opening(row.kind, bytes(row.nonce), body)
            path = tuple(inclusion_proof(row.number, size, read))
            found.append(Opened(row.number, path, bytes(entry), opening))
    origin = record.origin()
    own = own_member().identity
    return Extract(origin, own, partner.identity, now_us // MICROSECONDS, note, tuple(found))
