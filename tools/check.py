"""Every check that needs no running node, fastest first. Runs all of them and says which failed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
ENVIRONMENT = {
    **os.environ,
    "DJANGO_SETTINGS_MODULE": "commonwatch.site.settings",
    "COMMONWATCH_DATA": tempfile.mkdtemp(prefix="commonwatch-check-"),
}
CHECKS = [
    ["ruff", "format", "--check", "."],
    ["ruff", "check", "."],
    ["lint-imports"],
    ["mypy", "-p", "commonwatch"],
    ["mypy", "tests", "tools", "bench"],
    ["deptry", "src"],
    ["djlint", "src", "--lint", "--quiet"],
    ["django-admin", "makemigrations", "--check", "--dry-run"],
    ["pytest", "-q", "tests/docs"],
]


def main() -> int:
    """0 if all passed."""
    failed = []
    for command in CHECKS:
        print("·", " ".join(command), flush=True)
        if subprocess.run([BIN / command[0], *command[1:]], cwd=ROOT, env=ENVIRONMENT, check=False).returncode:
            failed.append(" ".join(command))
    print("\nAll checks passed." if not failed else "\nFailed: " + "; ".join(failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
