"""A log as files, the way it is served, for programs that we did not write."""

from __future__ import annotations

from pathlib import Path

from commonwatch.core.merkle.tiles import ENTRIES, tiles_between
from tests.core.merkle.trees import LOG_KEY, Log, entry, log


def serve_into(folder: Path, size: int, old: int) -> Log:
    """Write tiles, bundles, checkpoint, an earlier checkpoint and the key of a log of `size` leaves."""
    whole = log(size)
    for tile in tiles_between(0, size):
        path = folder / tile.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(whole.tile(tile))
        if tile.level == 0:
            bundle = tile._replace(level=ENTRIES)
            path = folder / bundle.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(whole.tile(bundle))
    (folder / "checkpoint").write_bytes(whole.note().encode())
    (folder / "old").write_bytes(Log([entry(number) for number in range(old)]).note().encode())
    (folder / "vkey").write_text(LOG_KEY.text + "\n")
    return whole
