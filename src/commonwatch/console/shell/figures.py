"""Charts and maps: a title, a sentence that says what is to be seen, and a real table, around which scripts draw.

Who cannot see a drawing, prints it, or has no scripts loses nothing: the sentence and the table are the figure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Chart:
    """Numbers over something. `head` names the rows, then each series; a row is its label and a number for each series.

    Labels of kind `line` are days or moments as ISO writes them; `heat` shows series against rows by depth of colour.
    """

    title: Any
    sentence: Any
    head: Sequence[Any]
    rows: Sequence[Sequence[Any]]
    kind: Literal["line", "bar", "heat"] = "line"

    template = "console/shell/chart.html"


@dataclass(frozen=True)
class WorldMap:
    """Numbers of countries, as points. A row is a country's code of two letters, its name and its number.

    Points and not coloured areas: no border is drawn as anybody's claim.
    """

    title: Any
    sentence: Any
    value: Any  # what the number is
    rows: Sequence[tuple[str, Any, int]]

    template = "console/shell/map.html"
