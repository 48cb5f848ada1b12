"""The decay models that come with the program."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec

from commonwatch.capabilities.detection.indicators.weight import Decay


@cache
def decay_models() -> tuple[Decay, ...]:
    """Every model, in the order of the file."""
    text = files("commonwatch.capabilities.detection.indicators").joinpath("data/decay.json").read_bytes()
    return msgspec.json.decode(text, type=tuple[Decay, ...])
