"""Step 5 of intake: who says so. An author's signature is verified against that author's keys at the time of the signature.

1. An object without a signature stays what it is, a claim; looking for one is all that it costs. 2. A signature that holds is
noted with the version, one by a key that nobody on record has as well: who is met later may have written it.
3. A signature that does not hold, or may not be believed, puts the object into quarantine: as if unsigned would hide an attack.
4. Under a revoked key counts what is known to have existed before: what this node held already.

Bytes are never altered. Whether a further version may come without a signature is the journal's to say (`base.journal.appending`).
"""

from __future__ import annotations

import orjson

from commonwatch.base.journal import schema
from commonwatch.base.journal.reading import held_since
from commonwatch.base.parties.key_histories import key_ring
from commonwatch.core.signing.history import KeyRing
from commonwatch.core.signing.objects import Verdict, key_id_of, may_be_signed, verify_object
from commonwatch.core.stix.extensions import SIGNATURE_ID
from commonwatch.core.stix.values import Admissible, Finding

_MARKS = {"signed": schema.SIGNED, "unknown-key": schema.UNKNOWN_KEY, "unsigned": 0}
_REMEDIES = {
    "signature-malformed": "Have its author sign it again.",
    "not-the-author": "Only its author may sign it. Tell both that somebody else did.",
    "from-the-future": "Compare the clocks, then try again.",
    "key-not-in-use": "Have its author sign it with a key in use; `commonwatch party show` shows whose key it is.",
    "key-revoked": "Have its author publish it again, signed with its new key.",
    "altered": "Get it from its author: whoever passed it on changed it.",
}


class Authorship:
    """Verifies the signatures of one batch, with the keys that it names read once."""

    def __init__(self, now_us: int) -> None:
        self._now_us = now_us
        self._ring = KeyRing({})
        self._asked: set[str] = set()

    def marks(self, judgement: Admissible) -> int | Finding:
        """What is to be noted with the version, or why it is to be held."""
        raw = judgement.raw
        if not may_be_signed(raw):
            return 0
        value = orjson.loads(raw)
        verdict = verify_object(value, self._ring_for(key_id_of(value)), known_us=self._now_us, now_us=self._now_us)
        if (
            verdict.code == "key-revoked"
            and (since := held_since(judgement.head.uid, judgement.head.version, raw)) is not None
        ):
            verdict = verify_object(value, self._ring, known_us=since, now_us=self._now_us)
        return _MARKS[verdict.kind] if verdict.kind != "wrong" else _finding(verdict)

    def _ring_for(self, key_id: str) -> KeyRing:
        if key_id not in self._asked:
            self._asked.add(key_id)
            self._ring = KeyRing({**self._ring.by_id, **key_ring([key_id]).by_id})
        return self._ring


def _finding(verdict: Verdict) -> Finding:
    place = f"/extensions/{SIGNATURE_ID}"
    return Finding(verdict.code, "hold", place, verdict.sentence, _REMEDIES[verdict.code])
