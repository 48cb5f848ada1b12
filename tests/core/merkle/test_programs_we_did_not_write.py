"""Our log, verified by Go's x/mod/sumdb, by sigstore for Python and by sigstore for Node; and refused by each when one byte differs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from commonwatch.core.merkle.checkpoints import cosign
from commonwatch.core.merkle.hashing import leaf_hash
from commonwatch.core.merkle.notes import COSIGNATURE, parse_note, verifier_key
from commonwatch.core.merkle.proofs import inclusion_proof
from commonwatch.core.signing.keys import SigningKey
from tests.core.merkle.programs import Case, damaged, go, needed, sigstore_for_node, sigstore_for_python
from tests.core.merkle.served import serve_into
from tests.core.merkle.trees import LOG_KEY, Log, entry, log

WITNESS = SigningKey(b"\x02" * 32)
WITNESS_KEY = verifier_key("witness.example", COSIGNATURE, WITNESS.public.raw)
Program = Callable[[Sequence[Case]], str]


def cases(made: Log) -> list[Case]:
    size = made.edge.size
    return [
        Case(
            entry(index),
            index,
            size,
            made.edge.root,
            tuple(inclusion_proof(index, size, made.read())),
            made.note().encode(),
            LOG_KEY,
        )
        for index in range(0, size, 7)
    ]


def cosigned_into(folder: Path) -> None:
    note = parse_note((folder / "checkpoint").read_bytes())
    note = note.adding([cosign(note.text, WITNESS_KEY.name, WITNESS, 1_790_000_000)])
    (folder / "checkpoint").write_bytes(note.encode())
    (folder / "cosigner").write_text(WITNESS_KEY.text)


@pytest.mark.parametrize(("size", "old"), [(1, 1), (256, 255), (70_001, 65_537)])
def test_go_reads_our_tiles_and_verifies_every_leaf(tmp_path: Path, size: int, old: int) -> None:
    serve_into(tmp_path, size, old)
    assert go(tmp_path) == f"verified {size} of {size} leaves, consistent with {old}\n"


def test_go_verifies_a_cosignature(tmp_path: Path) -> None:
    serve_into(tmp_path, 300, 200)
    cosigned_into(tmp_path)
    assert go(tmp_path) == "verified 300 of 300 leaves, consistent with 200\n"
    (tmp_path / "cosigner").write_text(verifier_key("witness.example", COSIGNATURE, LOG_KEY.raw).text)
    assert "REFUSED" in go(tmp_path)


@pytest.mark.parametrize(
    "name", ["tile/0/000", "tile/entries/000", "checkpoint", "old", "the signature", "the cosignature"]
)
def test_go_refuses_a_log_with_one_byte_changed(tmp_path: Path, name: str) -> None:
    serve_into(tmp_path, 300, 200)
    cosigned_into(tmp_path)
    file = tmp_path / (name if name[:3] != "the" else "checkpoint")
    raw = bytearray(file.read_bytes())
    places = {
        "checkpoint": raw.find(b"\n300\n") + 1,
        "old": raw.find(b"\n200\n") + 1,
        "the signature": raw.find(b"\n\n") + 50,
        "the cosignature": len(raw) - 10,
    }
    at = places.get(name, len(raw) - 1)
    raw[at] ^= 1
    file.write_bytes(raw)
    assert "REFUSED" in go(tmp_path)


@pytest.mark.parametrize("program", [sigstore_for_python, sigstore_for_node])
def test_sigstore_verifies_our_proofs_and_our_checkpoint(program: Program) -> None:
    made = cases(log(1_457))
    assert program(made) == f"verified {len(made)}\n"
    assert hashlib.sha256(b"\0" + entry(0)).digest() == leaf_hash(entry(0))


@pytest.mark.parametrize("program", [sigstore_for_python, sigstore_for_node])
@pytest.mark.parametrize("part", ["entry", "path", "root", "checkpoint", "signature"])
def test_sigstore_refuses_a_proof_with_one_byte_changed(program: Program, part: str) -> None:
    good = cases(log(1_457))[3]
    assert program([good]) == "verified 1\n"
    assert "REFUSED" in program([damaged(good)[part]])


def test_a_program_that_is_missing_is_named_and_in_ci_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="Not verified: install golang-go"):
        needed(False, "golang-go")
    monkeypatch.delenv("CI")
    with pytest.raises(pytest.skip.Exception, match="Not verified: install golang-go"):
        needed(False, "golang-go")
