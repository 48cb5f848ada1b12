"""Loaded before anything else (`-p tests.environment`): each test process has a data folder of its own.

Django reads its settings before conftest files are collected, so this cannot stand there.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

DATA = Path(tempfile.mkdtemp(prefix="commonwatch-test-"))
os.environ["COMMONWATCH_DATA"] = str(DATA)
