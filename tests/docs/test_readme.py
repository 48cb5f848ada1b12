"""The terminal session in README, run as it stands: a node is started, fed, and emptied by a client we did not write."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.node.test_serve import ENVIRONMENT, serving

README = (Path(__file__).parents[2] / "README.md").read_text()
# What a reader fetches from the publishers stands in the shared folder under these names.
FILES = {
    "ics-attack-18.1.json": "intel/stix/attack-2.1/ics-attack-18.1.json",
    "vendor-feed/": "intel/stix/vendor-elastic",
}


def session() -> tuple[list[str], list[str]]:
    """The commands after `./run`, and the lines given to Python."""
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    text = "\n".join(blocks)
    return re.findall(r"^\$ \./run (\S.*?)$", text, re.MULTILINE), re.findall(r"^>>> (.*)$", text, re.MULTILINE)


def test_the_session_in_readme_works(shared: Path, tmp_path: Path) -> None:
    commands, lines = session()
    assert len(commands) >= 4 and len(lines) >= 3
    data = tmp_path / "node"
    secret = ""
    with serving(data) as (_, said):
        for command in commands:
            words = [str(shared / FILES[word]) if word in FILES else word for word in shlex.split(command)]
            run = [sys.executable, "-m", "commonwatch", *words, "--data", str(data)]
            done = subprocess.run(run, env=ENVIRONMENT, capture_output=True, text=True, check=False)
            assert done.returncode in (0, 1) and "Traceback" not in done.stderr, done.stderr
            if found := re.search(r"cw_\S+", done.stdout):
                secret = found[0]
        assert secret
        script = "\n".join(lines).replace("http://127.0.0.1:8080/", said["address"]).replace("cw_...", secret)
        *before, last = script.splitlines()
        program = "\n".join([*before, f"print({last})"])
        pulled = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert pulled.returncode == 0, pulled.stderr
    # The same number stands below the session.
    assert pulled.stdout.strip() == README.partition(last)[2].split()[0]


@pytest.mark.parametrize("word", ["git clone", "./run", "docs/operations.md"])
def test_the_two_commands_and_the_next_step_are_there(word: str) -> None:
    assert word in README
