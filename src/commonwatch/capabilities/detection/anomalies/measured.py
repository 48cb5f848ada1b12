"""How good each model is, as `python -m bench.anomalies` measured it at the threshold that the model set itself (docs/anomalies.md).

What is unusual to one entity is labelled nowhere: of the online model and of first contacts no figure is given.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model on one public set. Without a set it was never measured."""

    model: str
    set: str = ""
    false_alarms: float | None = None
    recall: float | None = None
    precision: float | None = None


@cache
def measured() -> tuple[Measured, ...]:
    """Every model, those of the live watch first."""
    data = resources.files("commonwatch.capabilities.detection.anomalies").joinpath("data/measured.json").read_bytes()
    return msgspec.json.decode(data, type=tuple[Measured, ...])
