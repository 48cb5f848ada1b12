"""Answers to recalls: `receipt` objects, read from the journal as they come. Only the recipient of a recall can answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.schema import seq_to_us
from commonwatch.base.journal.values import Act, Entry
from commonwatch.base.release.models import Recall, Recalled
from commonwatch.base.release.recalls import OBJECTS

_ANSWERED = "SELECT r.id FROM release_recall r JOIN parties_member m ON m.id = r.member_id WHERE r.recall = %s AND m.identity = %s"
ANSWERS = ("complied", "refused", "partly")


class ReceiptFollower:
    """Notes the latest answer to each recall."""

    name = "receipts"
    version = 1

    def apply(self, entries: Sequence[Entry]) -> None:
        """Note the answers among these entries."""
        for entry in entries:
            if isinstance(entry, Act) or entry.type != "receipt" or not entry.raw:
                continue
            value = orjson.loads(entry.raw)
            if value.get("answer") in ANSWERS:
                _note(value, seq_to_us(entry.seq))

    def reset(self) -> None:
        """Forget the answers, before a rebuild from entry 0."""
        Recall.objects.update(answer="", receipt="", answered_us=None)
        Recalled.objects.update(kept=False)


def _note(receipt: Mapping[str, Any], at_us: int) -> None:
    recall = fetch(_ANSWERED, [str(receipt.get("recall_ref")), str(receipt.get("created_by_ref"))])
    if not recall:  # most that come by are answers of ours
        return
    answered = Recall.objects.filter(pk=recall[0][0])
    answered.update(answer=receipt["answer"], receipt=receipt["id"], answered_us=at_us)
    named = Recalled.objects.filter(recall__recall=receipt["recall_ref"])
    named.update(kept=receipt["answer"] == "refused")
    if receipt["answer"] == "partly":
        kept = [str(one) for one in receipt.get("kept_refs") or ()]
        named.filter(object__in=kept[:OBJECTS]).update(kept=True)
