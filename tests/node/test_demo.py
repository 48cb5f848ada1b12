"""The demo as a newcomer runs it: real processes, real HTTP, and everything it says has happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def run(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("COMMONWATCH_", "DJANGO_"))
    }
    command = [sys.executable, "-m", "commonwatch", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=400)


def test_the_demo_tells_its_story_and_cleans_up(tmp_path: Path) -> None:
    data = str(tmp_path / "node")
    try:
        told = run("demo", "--data", data)
        assert told.returncode == 0, told.stdout + told.stderr
        assert "300 objects sent" in told.stdout and told.stdout.count("answered: complied") == 2
        again = run("demo", "--data", data)
        assert again.returncode == 2 and "demo --stop" in again.stderr
    finally:
        stopped = run("demo", "--stop", "--json", "--data", data)
    assert json.loads(stopped.stdout) == {"stopped": ["cert-at", "cert-sg", "telco-jp"]}
    assert not (tmp_path / "node" / "demo").exists()
