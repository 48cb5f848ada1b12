"""Three programs that we did not write, and how each is asked about a log of ours. One that is missing is named: left out aloud here,
a failure in CI.

Go's x/mod/sumdb (the program `foreign/main.go`), sigstore for Python, @sigstore/verify for Node (`foreign/verify.mjs`).
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from commonwatch.core.merkle.notes import VerifierKey

FOREIGN = Path(__file__).parent / "foreign"
GO_SOURCES = Path("/usr/share/gocode")  # where Debian's golang-golang-x-mod-dev puts x/mod
NODE_MODULE = "@sigstore/verify@3.1.1"
_ED25519_DER = bytes.fromhex("302a300506032b6570032100")  # RFC 8410


@dataclass(frozen=True)
class Case:
    """One leaf, to be verified in one log."""

    entry: bytes
    index: int
    size: int
    root: bytes
    path: tuple[bytes, ...]
    checkpoint: bytes
    key: VerifierKey


def needed(present: bool, what: str) -> None:
    """Whether a program is there; without it the test says so, and in CI fails."""
    if not present:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"Not verified: install {what}.")


def go(folder: Path) -> str:
    """What Go says of the log in a folder: every leaf, the tiles, the consistency with `old`, the cosignature."""
    run = subprocess.run([_go_program(), folder], capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


def sigstore_for_node(cases: Sequence[Case]) -> str:
    """What @sigstore/verify says: `verified N`, or why not."""
    given = json.dumps([_json(one) for one in cases])
    command = ["node", str(FOREIGN / "verify.mjs"), str(_node_modules())]
    run = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    return run.stdout + run.stderr


def sigstore_for_python(cases: Sequence[Case]) -> str:
    """What sigstore says: `verified N`, or why not."""
    needed(importlib.util.find_spec("sigstore") is not None, "sigstore (./run check does)")
    # Internal modules, hence the pinned version: the public ones verify whole bundles of sigstore's own only.
    from sigstore._internal.merkle import verify_merkle_inclusion
    from sigstore._internal.rekor.checkpoint import verify_checkpoint
    from sigstore.errors import VerificationError

    for one in cases:
        proof = SimpleNamespace(
            log_index=one.index,
            tree_size=one.size,
            hashes=list(one.path),
            root_hash=one.root,
            checkpoint=SimpleNamespace(envelope=one.checkpoint.decode()),
        )
        inner = SimpleNamespace(
            inclusion_proof=proof, canonicalized_body=one.entry, log_id=SimpleNamespace(key_id=one.key.key_id)
        )
        logged: Any = SimpleNamespace(_inner=inner)
        ring: Any = SimpleNamespace(verify=_keyring(one.key))
        try:
            verify_checkpoint(ring, logged)
            verify_merkle_inclusion(logged)
        except VerificationError as error:
            return f"REFUSED: {error}"
    return f"verified {len(cases)}\n"


def damaged(case: Case) -> dict[str, Case]:
    """The case with one byte changed, by what was changed."""
    text = case.checkpoint.decode()
    body, _, lines = text.partition("\n\n")
    at = lines.index(" ", 2) + 20
    signed = lines[:at] + ("A" if lines[at] != "A" else "B") + lines[at + 1 :]
    root = base64.b64encode(case.root).decode()
    size, other = f"\n{case.size}\n", f"\n{case.size + 1}\n"
    return {
        "entry": replace(case, entry=_changed(case.entry)),
        "path": replace(case, path=(_changed(case.path[0]), *case.path[1:])),
        "root": replace(case, checkpoint=text.replace(root, base64.b64encode(_changed(case.root)).decode()).encode()),
        "checkpoint": replace(case, checkpoint=text.replace(size, other, 1).encode()),
        "signature": replace(case, checkpoint=f"{body}\n\n{signed}".encode()),
    }


def _changed(raw: bytes) -> bytes:
    return raw[:-1] + bytes([raw[-1] ^ 1])


def _json(one: Case) -> dict[str, Any]:
    def text(raw: bytes) -> str:
        return base64.b64encode(raw).decode()

    return {
        "entry": text(one.entry),
        "index": one.index,
        "size": one.size,
        "root": text(one.root),
        "path": [text(part) for part in one.path],
        "checkpoint": one.checkpoint.decode(),
        "key": text(_ED25519_DER + one.key.raw),
        "key_id": text(one.key.key_id),
        "name": one.key.name,
    }


def _keyring(key: VerifierKey) -> Callable[..., None]:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from sigstore.errors import VerificationError

    def verify(*, key_id: bytes, signature: bytes, data: bytes) -> None:
        try:
            Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, data)
        except InvalidSignature:
            raise VerificationError("keyring: invalid signature") from None

    return verify


@cache
def _go_program() -> Path:
    sources = GO_SOURCES / "src" / "golang.org" / "x" / "mod" / "sumdb"
    needed(shutil.which("go") is not None and sources.is_dir(), "golang-go and golang-golang-x-mod-dev")
    folder = Path(tempfile.mkdtemp(prefix="commonwatch-go-"))
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GO_SOURCES), "GOCACHE": str(folder / "cache")}
    subprocess.run(
        ["go", "build", "-o", str(folder / "foreign"), str(FOREIGN / "main.go")], check=True, env=environment
    )
    return folder / "foreign"


@cache
def _node_modules() -> Path:
    needed(shutil.which("node") is not None and shutil.which("npm") is not None, "nodejs and npm")
    folder = Path(tempfile.mkdtemp(prefix="commonwatch-node-"))
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", NODE_MODULE]
    got = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False)
    needed(got.returncode == 0, f"{NODE_MODULE}, which npm could not: {got.stderr}")
    return folder
