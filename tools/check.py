"""Every check that needs no running node, fastest first. Runs all of them and says which failed."""

from __future__ import annotations

import os
import shutil
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
    ["python", "tools/messages.py", "check"],
    ["pytest", "-q", "tests/docs"],
]


# With node and npm: of what browsers get. Left out where they are missing, but not in CI.
SCRIPTS = [["node", "tools/vendor.mjs", "--check"], ["node", "tools/types.mjs"]]


def main() -> int:
    """0 if all passed."""
    failed = []
    if shutil.which("npm") or os.environ.get("CI"):
        failed += [" ".join(command) for command in SCRIPTS if not _passed(command)]
    failed += [" ".join(command) for command in CHECKS if not _passed([str(BIN / command[0]), *command[1:]])]
    print("\nAll checks passed." if not failed else "\nFailed: " + "; ".join(failed))
    return 1 if failed else 0


def _passed(command: list[str]) -> bool:
    print("·", Path(command[0]).name, *command[1:], flush=True)
    return subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
