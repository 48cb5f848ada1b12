"""Our log, verified by Go's x/mod/sumdb, by sigstore for Python and by sigstore for Node. What is missing is left out aloud,
and in CI is a failure.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from commonwatch.core.merkle.hashing import leaf_hash
from commonwatch.core.merkle.proofs import inclusion_proof
from tests.core.merkle.served import serve_into
from tests.core.merkle.trees import LOG_KEY, Log, entry, log

FOREIGN = Path(__file__).parent / "foreign"
GO_SOURCES = Path("/usr/share/gocode")  # where Debian's golang-golang-x-mod-dev puts x/mod
NODE_MODULE = "@sigstore/verify@3.1.1"


def needed(present: bool, what: str) -> None:
    if not present:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"Not verified: install {what}.")


@pytest.fixture(scope="session")
def go_program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sources = GO_SOURCES / "src" / "golang.org" / "x" / "mod" / "sumdb"
    needed(shutil.which("go") is not None and sources.is_dir(), "golang-go and golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GO_SOURCES), "GOCACHE": str(folder / "cache")}
    built = ["go", "build", "-o", str(folder / "foreign"), str(FOREIGN / "main.go")]
    subprocess.run(built, check=True, env=environment)
    return folder / "foreign"


@pytest.mark.parametrize(("size", "old"), [(1, 1), (256, 255), (70_001, 65_537)])
def test_go_reads_our_tiles_and_verifies_every_leaf(go_program: Path, tmp_path: Path, size: int, old: int) -> None:
    serve_into(tmp_path, size, old)
    run = subprocess.run([go_program, tmp_path], capture_output=True, text=True, check=False)
    assert run.stdout == f"verified {size} of {size} leaves, consistent with {old}\n", run.stderr


def test_go_refuses_a_damaged_tile_and_a_forged_checkpoint(go_program: Path, tmp_path: Path) -> None:
    serve_into(tmp_path, 300, 200)
    tile = tmp_path / "tile" / "0" / "000"
    good = tile.read_bytes()
    tile.write_bytes(good[:-1] + b"\0")
    assert "REFUSED" in subprocess.run([go_program, tmp_path], capture_output=True, text=True, check=False).stdout
    tile.write_bytes(good)
    (tmp_path / "checkpoint").write_bytes((tmp_path / "checkpoint").read_bytes().replace(b"\n300\n", b"\n301\n"))
    assert "REFUSED" in subprocess.run([go_program, tmp_path], capture_output=True, text=True, check=False).stdout


def cases(made: Log) -> list[dict[str, Any]]:
    size = made.edge.size

    def text(raw: bytes) -> str:
        return base64.b64encode(raw).decode()

    return [
        {
            "entry": text(entry(index)),
            "index": index,
            "size": size,
            "root": text(made.edge.root),
            "path": [text(one) for one in inclusion_proof(index, size, made.read())],
            "checkpoint": made.note().encode().decode(),
        }
        for index in range(0, size, 7)
    ]


def test_sigstore_for_python_verifies_our_proofs_and_reads_our_checkpoint() -> None:
    # Internal modules, hence the pinned version: the public ones verify whole bundles of sigstore's own only.
    from sigstore._internal.merkle import verify_merkle_inclusion
    from sigstore._internal.rekor.checkpoint import LogCheckpoint, SignedNote
    from sigstore.errors import VerificationError

    made = log(1_457)
    for index in range(0, 1_457, 7):
        path = inclusion_proof(index, 1_457, made.read())
        proof = SimpleNamespace(log_index=index, tree_size=1_457, hashes=path, root_hash=made.edge.root)
        logged: Any = SimpleNamespace(_inner=SimpleNamespace(inclusion_proof=proof, canonicalized_body=entry(index)))
        verify_merkle_inclusion(logged)
        logged._inner.canonicalized_body = b"forged"
        with pytest.raises(VerificationError):
            verify_merkle_inclusion(logged)
    note = SignedNote.from_text(made.note().encode().decode())
    read = LogCheckpoint.from_text(note.note)
    assert (read.origin, read.log_size, read.log_hash) == (made.origin, 1_457, made.edge.root.hex())
    assert note.signatures[0].sig_hash == LOG_KEY.key_id
    assert hashlib.sha256(b"\0" + entry(0)).digest() == leaf_hash(entry(0))


def test_sigstore_for_node_verifies_our_proofs(tmp_path: Path) -> None:
    needed(shutil.which("node") is not None and shutil.which("npm") is not None, "nodejs and npm")
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", NODE_MODULE]
    got = subprocess.run(install, cwd=tmp_path, capture_output=True, text=True, check=False)
    needed(got.returncode == 0, f"{NODE_MODULE}, which npm could not: {got.stderr}")
    given = json.dumps(cases(log(1_457)))
    command = ["node", str(FOREIGN / "verify.mjs"), str(tmp_path)]
    run = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert run.stdout == f"verified {len(cases(log(1_457)))}\n", run.stderr
