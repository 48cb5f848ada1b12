"""Cases in which the specification's text decides, with what stix2-matcher says about each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.core.patterns.stix.observed import bundle, oasis, ours

SETTLED = json.loads((Path(__file__).parents[3] / "vectors" / "patterns" / "settled.json").read_text())


@pytest.mark.parametrize("case", SETTLED, ids=lambda case: case["case"])
def test_the_text_decides(case: dict[str, Any]) -> None:
    assert ours(case["pattern"], bundle(*case["observed"])) == case["text"], case["why"]


@pytest.mark.parametrize("case", SETTLED, ids=lambda case: case["case"])
def test_what_is_written_about_stix2_matcher_is_so(case: dict[str, Any]) -> None:
    assert oasis(case["pattern"], bundle(*case["observed"])) == case["oasis"]


def test_the_departures_are_counted() -> None:
    assert sum(case["oasis"] != case["text"] for case in SETTLED) == 34
    assert all(case["clause"].startswith("9.") and case["why"] for case in SETTLED)
