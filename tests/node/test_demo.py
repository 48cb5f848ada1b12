"""The demo as a newcomer runs it: real processes, real HTTP, and everything it says has happened."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COMMONWATCH_", "DJANGO_"))
    }
    command = [sys.executable, "-m", "commonwatch", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=900)


def test_the_demo_tells_its_story_and_cleans_up(tmp_path: Path) -> None:
    data = str(tmp_path / "node")
    try:
        told = run("demo", "--data", data)
        assert told.returncode == 0, told.stdout + told.stderr
        assert "300 objects sent" in told.stdout and told.stdout.count("answered: complied") == 2
        assert "before the recall: 2 of them bad" in told.stdout and "after the recall: 1 of them bad" in told.stdout
        assert told.stdout.count("verified leaf") == 2
        assert "responding, severity high, 3 members" in told.stdout and "the same on all nodes" in told.stdout
        assert "telco-jp: refuse: Our analysts" in told.stdout and told.stdout.count(": confirm\n") == 1
        assert re.search(r"the chain of evidence-item--\S+ holds\n", told.stdout)
        assert "two are confirmed" in told.stdout and "NIS2: to the national CSIRT" in told.stdout
        for language in ("en", "ar"):
            paper = tmp_path / "node" / "demo" / "cert-at" / f"report-{language}.pdf"
            assert paper.read_bytes().startswith(b"%PDF-")
        assert "time to close:" in told.stdout
        again = run("demo", "--data", data)
        assert again.returncode == 2 and "demo --stop" in again.stderr
    finally:
        stopped = run("demo", "--stop", "--json", "--data", data)
    assert json.loads(stopped.stdout) == {"stopped": ["cert-at", "cert-sg", "telco-jp"]}
    assert not (tmp_path / "node" / "demo").exists()
