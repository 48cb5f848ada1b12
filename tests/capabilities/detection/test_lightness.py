"""A node that watches nothing loads none of the heavy libraries: not to serve, not to work, not to show help or the API."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HEAVY = ("polars", "duckdb", "pyarrow", "numpy", "hyperscan", "sklearn", "yara_x", "sigma", "xxhash", "evtx", "nats")
PROGRAM = f"""
import sys, threading
import django
django.setup()
from commonwatch.api import composing
from commonwatch.cli import commands, node, worker
node.prepare()
stop = threading.Event()
threading.Timer(1.5, stop.set).start()
worker.run(stop)
node.close()
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_a_worker_without_telemetry_every_command_s_help_and_every_route_load_no_heavy_library(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "COMMONWATCH_DATA": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "commonwatch.site.settings",
    }
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"
