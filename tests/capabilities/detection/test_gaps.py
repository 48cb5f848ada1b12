"""What can never match a kind of log says so, with the reason, instead of silently never matching."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.capabilities.detection.indicators.gaps import gaps
from commonwatch.core.errors import NotFound
from tests.base.release.nodes import indicator
from tests.capabilities.detection.intel import brought, domain

DIGEST = "e" * 64


def test_each_reason_is_counted_with_examples(ready: Path) -> None:
    hashes = f"[file:hashes.'SHA-256' = '{DIGEST}']"
    odd = "[process:command_line LIKE '%evil%']"
    brought(domain(1, "evil.example"), indicator(2, "GREEN", pattern=hashes), indicator(3, "GREEN", pattern=odd))
    found = {one.reason: (one.count, one.examples) for one in gaps("zeek-dns")}
    assert len(found) == 2
    assert all(count == 1 for count, _ in found.values())
    assert {examples for _, examples in found.values()} == {("number 2",), ("number 3",)}
    assert "number 1" not in str(gaps("windows"))


def test_a_mapping_that_is_not_there_is_said(ready: Path) -> None:
    with pytest.raises(NotFound, match="no mapping zeek-none"):
        gaps("zeek-none")
