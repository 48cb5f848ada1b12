"""Who wrote an object, as far as that can be known: its author's signature, judged by the keys on record today.

What intake found stays noted beside it (`at_intake`): a key may have become known since, or been revoked. The version counts as
known from when this node admitted it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from commonwatch.base.journal import schema
from commonwatch.base.parties.key_histories import key_ring
from commonwatch.core.signing.objects import author_of, key_id_of, standing, verify_object
from commonwatch.core.stix.times import format_time


class Authorship(msgspec.Struct, frozen=True):
    """What is known of who wrote an object version. `kind`: signed, unsigned, unknown-key or wrong."""

    kind: str
    sentence: str
    relayed: bool  # brought by another member than its author
    author: str
    key: str
    signed: str
    at_intake: str


def authorship(value: Mapping[str, Any], *, marks: int, brought_by: str, seq: int, now_us: int) -> Authorship:
    """Of a held version: its parsed bytes, its marks, the identity of the member that brought it, and its entry."""
    at_intake = "signed" if marks & schema.SIGNED else "unknown-key" if marks & schema.UNKNOWN_KEY else "unsigned"
    verdict = verify_object(value, key_ring([key_id_of(value)]), known_us=schema.seq_to_us(seq), now_us=now_us)
    found = standing(verdict, brought_by)
    sentence = found.sentence
    if not author_of(value):
        sentence = "It names no author: nobody can have signed it."
    elif verdict.kind == "unsigned" and at_intake == "signed":
        sentence = "These bytes are not signed; a copy of the same content came later, signed by its author."
    elif verdict.kind != at_intake:
        sentence = f"{sentence} When it came, it was taken as {at_intake}."
    signed = format_time(verdict.signed_us, 6) if verdict.signed_us is not None else ""
    return Authorship(verdict.kind, sentence, found.relayed, verdict.author, verdict.key_id, signed, at_intake)
