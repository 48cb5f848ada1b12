"""What is handed over to prove one leaf: the proof, the leaf, a page in plain words, and steps to check it without us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from commonwatch.capabilities.transparency import explaining, keeping, record, stamps, trusting
from commonwatch.capabilities.transparency.sources import JOURNAL
from commonwatch.core.errors import NotFound
from commonwatch.core.merkle.leaves import Opening


@dataclass(frozen=True)
class Handed:
    """The files by what follows on the proof's name (nothing for the proof itself), and by whom it is cosigned and stamped."""

    files: Mapping[str, bytes]
    opening: Opening
    cosigned: tuple[str, ...]
    stamped: tuple[str, ...]


def handed(number: int, name: str) -> Handed:
    """Everything about this leaf, for a proof file of this name; raises NotFound."""
    entry, opened, proof = record.proof(number)
    keys = [*keeping.log_keys(record.origin()), *trusting.policy().witnesses.values()]
    stamped = stamps.stamped_proof(number)
    files = {
        "": proof.encode(),
        ".leaf": entry,
        ".html": explaining.page(name, entry, opened, proof, keys, stamped).encode(),
        ".sh": explaining.script(name, opened, proof, keys, stamped).encode(),
    }
    if stamped is not None:
        files[".stamps"] = stamped.encode()
    cosigned = tuple(one.name for one in explaining.signers_of(proof, keys) if one.when)
    return Handed(files, opened, cosigned, tuple(stamped.answers) if stamped is not None else ())


def proof_of_entry(seq: int) -> tuple[bytes, bytes] | None:
    """Leaf and proof that an entry of the journal was logged; None where it is not logged yet, or was erased."""
    for number in record.numbers_of(JOURNAL, seq):
        try:
            entry, _, proof = record.proof(number)
        except NotFound:
            continue
        return entry, proof.encode()
    return None
