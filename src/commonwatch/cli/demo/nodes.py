"""The demo's nodes: real processes with real data folders, worked with by the command line as a person would."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commonwatch.core.errors import NodeUnable

START_SECONDS = 180.0
PID_FILE = "demo.pid"
LOG_FILE = "demo.log"


@dataclass(frozen=True)
class DemoNode:
    """One node: its member's name, where that is, its folder and port."""

    name: str
    title: str
    country: str
    kind: str
    folder: Path
    port: int
    settings: Mapping[str, str] = field(default_factory=dict)  # beside those of every node here, by name in capitals

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def run(self, *words: str, given: bytes | None = None, fine: tuple[int, ...] = (0,)) -> Any:
        """A command on this node; its answer as a value. Raises NodeUnable where it fails."""
        command = [sys.executable, "-m", "commonwatch", *words, "--json", "--data", str(self.folder)]
        done = subprocess.run(command, capture_output=True, input=given, env=self._environment(), check=False)
        if done.returncode not in fine:
            said = (done.stderr or done.stdout).decode(errors="replace").strip()
            raise NodeUnable("demo-step", f"{self.name}: {' '.join(words[:3])} failed: {said[-500:]}", "See its log.")
        return json.loads(done.stdout) if done.stdout.strip() else None

    def start(self) -> None:
        """Start serving in the background and wait until it answers."""
        with (self.folder / LOG_FILE).open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "commonwatch", "serve", "--port", str(self.port), "--data", str(self.folder)],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env=self._environment(),
                start_new_session=True,
            )
        (self.folder / PID_FILE).write_text(str(process.pid))
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise NodeUnable("demo-start", f"{self.name} did not start.", f"See {self.folder / LOG_FILE}.")

    def _environment(self) -> Mapping[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("COMMONWATCH_", "DJANGO_"))}
        own = {"PUBLIC_URL": self.url, "OUTBOUND_NETWORKS": "127.0.0.0/8", "WEB_PROCESSES": "1"}
        return {**kept, **{f"COMMONWATCH_{name}": value for name, value in {**own, **self.settings}.items()}}


def stop(folder: Path) -> list[str]:
    """Stop every node that a demo left running; their names."""
    stopped = []
    for file in sorted(folder.glob(f"*/{PID_FILE}")):
        try:
            os.killpg(int(file.read_text()), signal.SIGTERM)
            stopped.append(file.parent.name)
        except (ProcessLookupError, ValueError):
            pass
        file.unlink()
    return stopped


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
