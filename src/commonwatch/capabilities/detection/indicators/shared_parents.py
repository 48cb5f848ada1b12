"""Names below which anybody can have a name of their own, as they come with the program."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def shared_parents() -> frozenset[str]:
    """Every name of the list."""
    text = files("commonwatch.capabilities.detection.indicators").joinpath("data/shared_parents.txt").read_text()
    return frozenset(line.strip() for line in text.splitlines() if line and not line.startswith("#"))
