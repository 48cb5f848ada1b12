"""The report on real intelligence is what the program gives today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_report_is_what_importing_the_real_files_gives(shared: Path) -> None:
    run = [sys.executable, str(ROOT / "tools" / "intelligence_report.py"), str(shared / "intel")]
    made = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert made == (ROOT / "docs" / "intelligence-report.md").read_text()
