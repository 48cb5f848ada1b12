"""What browsers get of others' libraries is what its manifest says, with a licence that lets us pass it on."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "src" / "commonwatch" / "console" / "static" / "vendor"


def test_every_vendored_file_is_the_one_in_the_manifest() -> None:
    said = json.loads((FOLDER / "manifest.json").read_text())
    there = {
        path.name: sha256(path.read_bytes()).hexdigest() for path in FOLDER.iterdir() if path.name != "manifest.json"
    }
    assert there == said["files"]
    assert {one["licence"] for one in said["libraries"]} <= {"MIT", "ISC", "0BSD", "Apache-2.0", "BSD-3-Clause"}
