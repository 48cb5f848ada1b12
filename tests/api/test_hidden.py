"""Hidden communities and members do not leak: what may not be known of is answered as what is not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import AgreementKind, MemberKind, Openness
from commonwatch.base.release.actions import create_collection
from commonwatch.core.law.agreements import PartyDates
from tests.api.conftest import Partner
from tests.base.release.nodes import by, carried, indicator, member, post

Partners = Callable[..., Partner]
OWN_POLICY = """
@id("member/shade/none-abroad") @title("Shade") @law("Its own") @date("2026-01-01") @explain("Not to outsiders.")
forbid (principal, action == Action::"share", resource) when { resource.owner == Member::"shade" };
"""


@pytest.fixture
def partnership(ready: Path) -> None:
    """`inside` and `shade` are in a hidden community; `outside` is in an open one with `inside`."""
    now = by()
    for name, openness in (("hidden", Openness.HIDDEN), ("open", Openness.OPEN), ("closed", Openness.CLOSED)):
        parties.create_community(name, f"secretly {name}", now_us=now.now_us, openness=openness)
    member("shade", "AT", MemberKind.STATE_BODY, "hidden")
    member("inside", "AT", MemberKind.STATE_BODY, "hidden", "open")
    member("outside", "DE", MemberKind.STATE_BODY, "open")
    member("near", "AT", MemberKind.STATE_BODY, "closed")
    terms = parties.AgreementTerms()
    for name, who in (("pact", ("inside", "shade")), ("public-pact", ("inside", "outside"))):
        parties.create_agreement(name, "", AgreementKind.MEMORANDUM, "text", terms, now)
        for one in who:
            dates = PartyDates(in_force=date(2026, 1, 1))
            carried(
                lambda at, one=one, dates=dates, name=name: parties.set_agreement_party(  # type: ignore[misc]
                    name, member=one, country="", dates=dates, reservations="", by=at
                )
            )
    groups = parties.communities_named(["hidden"])
    create_collection("H", alias="hid", description="", readers=groups, writers=groups, actor="t", now_us=now.now_us)


def everything(mine: Partner) -> str:
    """All that an account can read of who is who."""
    found: list[Any] = []
    for address in ("/members", "/communities", "/agreements", "/policies", "/collections", "/recalls", "/me"):
        found.append(mine("GET", address, limit="1000"))
    for name in ("home", "inside", "outside", "near"):
        found.append(mine("GET", f"/members/{name}"))
    for name in ("open", "closed"):
        found.append(mine("GET", f"/communities/{name}"))
    return json.dumps(found)


def test_nothing_of_the_hidden_is_anywhere_for_outsiders(partnership: None, partner: Partners) -> None:
    for role in ("reader", "contributor"):
        text = everything(partner(role, "outside"))
        for word in ("shade", "hidden", '"pact"', "agreement/pact", '"near"', '"hid"'):
            assert word not in text, word
        assert "inside" in text and "public-pact" in text and '"closed"' in text
    text = everything(partner("reader", "shade"))
    assert "hidden" in text and "inside" in text and '"pact"' in text and '"outside"' in text
    assert "near" in everything(partner("operator", "home"))


@pytest.mark.parametrize("hidden", ["/members/shade", "/communities/hidden", "/agreements/pact", "/collections/hid"])
def test_withheld_is_answered_as_absent(partnership: None, partner: Partners, hidden: str) -> None:
    mine, nobody = partner("reader", "outside"), hidden.rpartition("/")[0] + "/nobody"
    withheld, absent = mine("GET", hidden), mine("GET", nobody)
    name = hidden.rpartition("/")[2]
    assert withheld[0] == absent[0] == 404
    assert json.dumps(withheld[1]).replace(name, "nobody") == json.dumps(absent[1])


def test_of_a_policy_that_may_not_be_known_the_same(partnership: None, partner: Partners) -> None:
    mine, admin = partner("reader", "outside"), partner("administrator")
    given = {"files": {"own.cedar": OWN_POLICY}, "reason": "x"}
    assert admin("POST", "/policies/activate", given)[0] == 200
    for name in ("agreement/pact", "member/shade/none-abroad", "agreement/nothing"):
        status, body = mine("GET", f"/policies/{name}")
        assert (status, body["sentence"].replace(name, "X")) == (404, "There is no policy X.")
    assert mine("GET", "/policies/agreement/public-pact")[0] == 200
    assert partner("reader", "shade")("GET", "/policies/member/shade/none-abroad")[0] == 200
    assert "forbid" in admin("GET", "/policies/member/shade/none-abroad")[1]["text"]


def test_of_another_member_one_learns_what_both_share(partnership: None, partner: Partners) -> None:
    carried(lambda now: parties.record_fact("inside", _clearance(), now))
    seen = partner("reader", "outside")("GET", "/members/inside")[1]
    assert seen["communities"] == ["open"] and [one["agreement"] for one in seen["agreements"]] == ["public-pact"]
    assert "secret" not in [one["value"] for one in seen["facts"]]
    own = partner("reader", "inside")("GET", "/members/inside")[1]
    assert own["communities"] == ["hidden", "open"] and "secret" in [one["value"] for one in own["facts"]]
    assert "joined" not in json.dumps(partner("reader", "outside")("GET", "/communities/open"))
    assert partner("reader", "outside")("GET", "/communities/closed")[1]["members"] == []


def _clearance() -> Any:
    from commonwatch.core.law.facts import Fact

    return Fact("clearance", "secret", "letter")


def test_an_object_that_was_not_received_is_explained_to_nobody(partnership: None, partner: Partners) -> None:
    post([indicator(1, "GREEN"), indicator(2, "RED")])
    groups = parties.communities_named(["open"])
    from commonwatch.base.release.models import Collection, CollectionAccess

    CollectionAccess.objects.create(collection=Collection.objects.get(alias="main"), community=groups[0])
    mine = partner("reader", "outside")
    shown = mine("GET", f"/objects/{indicator(1)['id']}/explanation")
    assert shown[0] == 200 and shown[1]["outcome"] == "obliged" or shown[1]["outcome"] == "permit", shown
    assert {one["policy"] for one in shown[1]["rules"]} and shown[1]["recipient"] == "outside"
    withheld = mine("GET", f"/objects/{indicator(2)['id']}/explanation")
    absent = mine("GET", f"/objects/{indicator(3)['id']}/explanation")
    assert withheld[0] == absent[0] == 404
    assert withheld[1]["sentence"][:-14] == absent[1]["sentence"][:-14]
    assert mine("GET", f"/objects/{indicator(1)['id']}/explanation", to="shade")[1]["code"] == "own-only"
    assert mine("GET", f"/objects/{indicator(1)['id']}/explanation", to="nobody")[1]["code"] == "own-only"
    assert [one["id"] for one in mine("GET", "/collections/main/objects")[1]["items"]] == [indicator(1)["id"]]
