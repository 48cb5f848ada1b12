"""The node's own policies: reported first, then in force; never more than a member may write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commonwatch.base.parties.models import HOME
from commonwatch.base.release.epochs import activate_policies
from commonwatch.base.release.explain import Asking, held_object
from commonwatch.base.release.models import Epoch, PolicySet
from commonwatch.base.release.publishing import simulate
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.judge import judge
from commonwatch.core.stix.markings import TLP2
from commonwatch.core.stix.values import Admissible, Piece
from tests.base.release.nodes import by, ids, indicator, member, post

OWN = "member/" + HOME
HEAD = '@title("t") @law("Board decision 12") @date("2026-11-24") @explain("Not to other.")'
NARROW = f"""@id("{OWN}/not-other") {HEAD}
forbid (principal == Member::"other", action == Action::"share", resource) when {{ resource.owner == Member::"home" }};"""
OPEN = f"""@id("{OWN}/open-amber") {HEAD}
permit (principal == Member::"other", action == Action::"share", resource) when {{ resource.owner == Member::"home" }};"""
LAW = f'@id("handling/mine") {HEAD}\npermit (principal, action == Action::"share", resource);'


def test_a_policy_is_previewed_then_in_force_and_can_be_taken_away_again(ready: Path) -> None:
    member("other")
    post([indicator(1, "GREEN")])
    report = activate_policies({"own.cedar": NARROW}, "x", by(), preview=True)
    assert report.lost == 1 and ids("other") == [indicator(1)["id"]] and not PolicySet.objects.exists()
    activate_policies({"own.cedar": NARROW}, "Board decision 12", by(), preview=False)
    assert [one for one in ids("other") if one == indicator(1)["id"]] != [] or ids("other") == []
    explained = Asking().explain(held_object(str(indicator(1)["id"])), "other")
    assert explained.outcome == "refuse"
    assert f"{OWN}/not-other" in {reason.policy for gate in explained.decision.gates for reason in gate.reasons}
    latest = Epoch.objects.order_by("-pk")[0]
    assert latest.report["lost"] == 1 and "Board decision 12" in latest.what
    assert activate_policies({}, "taken back", by(), preview=False).gained >= 1  # with what told it


def test_a_member_opens_its_own_in_the_policy_gate_only(ready: Path) -> None:
    member("other")
    post([indicator(1, "AMBER")])
    activate_policies({"own.cedar": OPEN}, "x", by(), preview=False)
    explained = Asking().explain(held_object(str(indicator(1)["id"])), "other")
    assert {gate.gate: gate.passed for gate in explained.decision.gates} == {
        "handling": False,
        "law": True,
        "policy": True,
    }
    assert any("named other" in change.condition for change in explained.changes)


def test_what_a_member_may_not_write_is_refused_with_its_place(ready: Path) -> None:
    with pytest.raises(InvalidInput, match="handling/mine"):
        activate_policies({"own.cedar": LAW}, "x", by(), preview=False)
    with pytest.raises(InvalidInput, match="own.cedar"):
        activate_policies({"own.cedar": "permit (principal"}, "x", by(), preview=False)
    assert not PolicySet.objects.exists()


def draft(value: dict[str, object]) -> Admissible:
    judged = judge(Piece(json.dumps(value).encode(), ""), by().now_us, 0, 1 << 20)
    assert isinstance(judged, Admissible)
    return judged


def test_publishing_is_stopped_by_contradictions_and_by_an_audience_of_nobody(ready: Path) -> None:
    member("other")
    asking = Asking()
    fine = simulate(draft(indicator(1, "GREEN")), asking, default="TLP:AMBER", voucher="")
    assert fine.blocking == () and {one.member for one in fine.reached if one.decision.variant} == {"home", "other"}
    both = indicator(2, object_marking_refs=[TLP2["TLP:RED"], TLP2["TLP:GREEN"]])
    assert {one.code for one in simulate(draft(both), asking, default="TLP:AMBER", voucher="").blocking} >= {
        "tlp-contradictory",
        "audience-empty",
    }
