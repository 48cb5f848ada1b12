"""What is handed over to prove one leaf: the proof, the leaf, a page in plain words, and steps to check it without us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from commonwatch.capabilities.transparency import explaining, keeping, record, trusting
from commonwatch.capabilities.transparency.sources import JOURNAL
from commonwatch.core.errors import NotFound
from commonwatch.core.merkle.leaves import Opening


@dataclass(frozen=True)
class Handed:
    """The files by what follows on the proof's name (nothing for the proof itself), and by whom it is cosigned."""

    files: Mapping[str, bytes]
    opening: Opening
    cosigned: tuple[str, ...]


def handed(number: int, name: str) -> Handed:
    """Everything about this leaf, for a proof file of this name; raises NotFound."""
    entry, opened, proof = record.proof(number)
    keys = [*keeping.log_keys(record.origin()), *trusting.policy().witnesses.values()]
    files = {
        "": proof.encode(),
        ".leaf": entry,
        ".html": explaining.page(name, entry, opened, proof, keys).encode(),
        ".sh": explaining.script(name, opened, proof, keys).encode(),
    }
    return Handed(files, opened, tuple(one.name for one in explaining.signers_of(proof, keys) if one.when))


def proof_of_entry(seq: int) -> tuple[bytes, bytes] | None:
    """Leaf and proof that an entry of the journal was logged; None where it is not logged yet, or was erased."""
    for number in record.numbers_of(JOURNAL, seq):
        try:
            entry, _, proof = record.proof(number)
        except NotFound:
            continue
        return entry, proof.encode()
    return None
