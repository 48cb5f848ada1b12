"""Sealed content in a backup: every piece of the store under its SHA-256, as in a store that is a folder. Nothing is opened."""

from __future__ import annotations

from pathlib import Path

from commonwatch.capabilities.evidence.store import digest_of, fetched, opened
from commonwatch.capabilities.evidence.store.folder import FolderStore
from commonwatch.core.errors import NodeUnable


class SealedContent:
    """What this room keeps beside the database (`base.journal.backup.Beside`)."""

    def save(self, folder: Path) -> dict[str, int]:
        """Copy every piece, compared with its name; raises IntegrityError for one that was altered."""
        store, copy = opened(), FolderStore(folder)
        count = size = 0
        for digest in store.digests():
            raw = fetched(store, digest)
            copy.put(digest, raw)
            count, size = count + 1, size + len(raw)
        return {"pieces": count, "bytes": size}

    def load(self, folder: Path, saved: dict[str, int]) -> None:
        """Put every piece into the store that the settings name; what is there already stays."""
        store, copy = opened(), FolderStore(folder)
        count = 0
        for digest in copy.digests():
            raw = copy.get(digest)
            if digest_of(raw) != digest:
                raise _damaged(f"The piece {digest[:16]} in the backup is not what was written.")
            store.put(digest, raw)
            count += 1
        if count != saved["pieces"]:
            raise _damaged(f"The backup has {count:,} of {saved['pieces']:,} pieces of sealed content.")


def _damaged(sentence: str) -> NodeUnable:
    return NodeUnable(
        "backup-damaged",
        sentence,
        "Use another backup, or have it handed over again: see `commonwatch evidence check`.",
    )
