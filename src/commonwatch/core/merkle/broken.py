"""Why something does not prove what it should: a value, for whoever has to act on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Broken:
    """One reason. `code` is a stable word, `sentence` is for a person."""

    code: str
    sentence: str
