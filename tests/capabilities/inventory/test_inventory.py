"""The inventory: what is counted, when something is erased, and after a rebuild."""

from __future__ import annotations

from pathlib import Path

from commonwatch.base.journal import acts, followers
from commonwatch.capabilities.exchange.inventory import InventoryFollower, counts_by_type
from tests.base.intake.test_quarantine import take
from tests.capabilities.partners import indicator


def test_admissions_count_up_and_erasures_down(ready: Path) -> None:
    follower = InventoryFollower()
    take(*(indicator(n) for n in range(5)), indicator(1, version=2))
    malware = {"type": "malware", "spec_version": "2.1", "id": "malware--00000000-0000-4000-8000-000000000001",
               "created": "2026-01-01T00:00:00.000Z", "modified": "2026-01-01T00:00:00.000Z", "is_family": False}  # fmt: skip
    take(malware, source="other")
    while followers.advance(follower, 3):
        pass
    assert counts_by_type() == {"indicator": 6, "malware": 1}
    acts.erase("indicator", bytes.fromhex(indicator(1)["id"][11:].replace("-", "")), actor="test", reason="test")
    followers.advance(follower, 100)
    assert counts_by_type() == {"indicator": 4, "malware": 1}
    followers.rebuild(follower)
    assert counts_by_type() == {}
    while followers.advance(follower, 100):
        pass
    assert counts_by_type() == {"indicator": 4, "malware": 1}
