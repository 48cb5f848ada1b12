"""Pins what pyproject.toml asks for, with hashes: requirements.txt, one file for each extra, and the one for development.

The development file has everything and is made first; the others are held to its versions, so that they fit together.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXTRAS = ("detection", "assistance", "learning", "cluster", "print")
COMPILE = ["-m", "uv", "pip", "compile", "--quiet", "--generate-hashes", "--no-emit-index-url", "--no-header"]


def compile_to(name: str, *options: str) -> None:
    """One file of pins."""
    command = [sys.executable, *COMPILE, "--python-version", "3.11", *options, "pyproject.toml", "-o", name]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": ".tools"}, check=True)


def main() -> None:
    """All of them."""
    everything = "requirements-dev.txt"
    compile_to(everything, "--all-extras", "--group", "dev")
    compile_to("requirements.txt", "-c", everything)
    for extra in EXTRAS:
        compile_to(f"requirements-{extra}.txt", "--extra", extra, "-c", everything)


if __name__ == "__main__":
    main()
