"""What every command that asks authorities says of their answers."""

from __future__ import annotations

from collections.abc import Sequence

from commonwatch.base.stamping.asking import authorities
from commonwatch.base.terminal import Exit, current


def say(came: Sequence[str], failed: Sequence[str]) -> None:
    """Tell who sits at the terminal which stamps came, and why others did not; they stay asked for."""
    current().print(f"{len(came)} stamps came.")
    for sentence in failed:
        current().note(f"MISSING: {sentence} It stays asked for.")
    if not authorities():
        current().note("No authority is set: see stamp_authorities.")
    current().result({"stamps": came, "missing": failed})
    if failed or not authorities():
        current().stop(Exit.NOT_ALL_ADMITTED)
