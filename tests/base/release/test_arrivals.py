"""How much came in, hour by hour: counted once, of what a reader may know, for whoever brought it."""

from __future__ import annotations

import json
from pathlib import Path

from commonwatch.base.clock import now_us
from commonwatch.base.journal import followers
from commonwatch.base.parties.actions import By, create_member
from commonwatch.base.parties.models import HOME, MemberKind
from commonwatch.base.release.arrivals import HOUR_US, ArrivalFollower, arrivals
from commonwatch.base.release.reader import for_member, operator
from commonwatch.cli.demo.sample import COUNT, bundle
from tests.base.intake.test_quarantine import take
from tests.capabilities.partners import VOUCHER


def follow() -> None:
    while followers.advance(ArrivalFollower(), 100):
        pass


def test_arrivals_are_counted_once_and_only_for_who_may_know(ready: Path) -> None:
    create_member("cert-no", "NorCERT", MemberKind.STATE_BODY, "NO", "", By("test", now_us()))
    take(*json.loads(bundle())["objects"])
    follow()
    take(*json.loads(bundle())["objects"])  # nothing new comes in
    follow()
    since = now_us() - HOUR_US
    found = arrivals(operator("test"), since)
    assert sum(one.count for one in found) == COUNT and {one.voucher for one in found} == {VOUCHER}
    assert sum(one.count for one in arrivals(for_member(HOME, "network-defence", "test"), since)) in (0, COUNT)
    assert arrivals(for_member("cert-no", "network-defence", "test"), since) == []
    assert arrivals(operator("test"), now_us() + 2 * HOUR_US) == []


def test_a_rebuild_counts_the_same(ready: Path) -> None:
    take(*json.loads(bundle())["objects"])
    follow()
    before = arrivals(operator("test"), 0)
    followers.rebuild(ArrivalFollower())
    follow()
    assert arrivals(operator("test"), 0) == before != []
