"""Answers to recalls: `receipt` objects, read from the journal as they come. Only the recipient of a recall can answer it."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from commonwatch.base.journal.schema import seq_to_us
from commonwatch.base.journal.values import Act, Entry
from commonwatch.base.release.models import Recall

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
                Recall.objects.filter(
                    recall=value.get("recall_ref"), member__identity=value.get("created_by_ref")
                ).update(answer=value["answer"], receipt=value["id"], answered_us=seq_to_us(entry.seq))

    def reset(self) -> None:
        """Forget the answers, before a rebuild from entry 0."""
        Recall.objects.update(answer="", receipt="", answered_us=None)
