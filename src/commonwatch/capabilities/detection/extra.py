"""Whether this node has what matching telemetry needs."""

from __future__ import annotations

from importlib.util import find_spec

from commonwatch.core.errors import NodeUnable

_NEEDED = ("pyarrow", "polars", "duckdb", "numpy", "hyperscan")


def need_extra() -> None:
    """Raise NodeUnable where what detection needs is not installed."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise NodeUnable(
            "extra-missing",
            f"Matching telemetry needs {', '.join(missing)}, which this node does not have.",
            "./run install detection",
        )
