"""Arrivals for tests of the journal: object `number`, with whatever matters to the test."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import md5, sha256

from commonwatch.base.journal.sequencer import Sequencer
from commonwatch.base.journal.values import Arrival, Batch, Receipt, ReleaseClass

EPOCH = 1_700_000_000_000_000


def arrival(
    number: int,
    *,
    version: int = 1,
    spec: int = 21,
    revoked: bool = False,
    author: str = "",
    name: str = "",
    spaced: bool = False,
) -> Arrival:
    """One arrival; `version` counts seconds."""
    uid = md5(str(number).encode(), usedforsecurity=False).digest()
    attributes = json.dumps({"author": author})
    content = {"n": number, "v": version, "s": spec, "r": revoked, "a": author, "name": name}
    raw = json.dumps(content, indent=1 if spaced else None).encode()
    return Arrival(
        f"indicator--{uid.hex()}",
        "indicator",
        uid,
        spec,
        EPOCH + version * 1_000_000,
        3,
        revoked,
        author or None,
        ReleaseClass(sha256(attributes.encode()).digest(), attributes),
        raw,
    )


@contextmanager
def running() -> Iterator[Sequencer]:
    """A sequencer of its own."""
    sequencer = Sequencer()
    try:
        yield sequencer
    finally:
        sequencer.close()


def appended(arrivals: Sequence[Arrival], slots: tuple[int, ...] = (), source: int = 1) -> Receipt:
    """Append one batch."""
    with running() as sequencer:
        return sequencer.append(Batch(arrivals, source, "test", slots))
