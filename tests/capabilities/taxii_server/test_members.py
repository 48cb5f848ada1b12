"""An account acts for a member: what it sees over TAXII is what its member's communities may see now."""

from __future__ import annotations

from commonwatch.base.clock import now_us
from commonwatch.base.intake.models import Source
from commonwatch.base.parties.actions import (
    By,
    communities_named,
    create_community,
    join_community,
    leave_community,
)
from commonwatch.base.release.actions import create_collection
from tests.capabilities.partners import Client, add, ids, indicator, member, release_classes

ENERGY = "/taxii2/root/collections/energy/"


def by() -> By:
    return By("test", now_us())


def make_energy() -> None:
    create_community("energy", "", now_us=now_us())
    energy = communities_named(["energy"])
    create_collection("E", alias="energy", description="", readers=[], writers=energy, actor="test", now_us=now_us())


def test_an_account_sees_what_its_member_may_see_from_joining_until_leaving(client: Client) -> None:
    make_energy()
    member("cert-at")
    partner = client("partner", member="cert-at")

    def seen() -> list[str]:
        return [
            one["alias"]
            for one in partner.get("/taxii2/root/collections/").json().get("collections", [])
            if one["alias"] != "recalls"
        ]

    assert seen() == [] and partner.get(ENERGY).status_code == 404
    join_community("energy", "cert-at", reason="accepted", by=by())
    assert seen() == ["energy"]
    add(partner, indicator(1), to=ENERGY)
    assert ids(partner.get(f"{ENERGY}objects/")) == [(indicator(1)["id"], indicator(1)["modified"])]
    leave_community("energy", "cert-at", reason="merged", by=by())
    assert seen() == [] and partner.get(f"{ENERGY}objects/").status_code == 404
    assert partner.post(f"{ENERGY}objects/", json={"objects": [indicator(2)]}).status_code == 404
    join_community("energy", "cert-at", reason="back", by=by())
    assert seen() == ["energy"]


def test_accounts_of_one_member_see_the_same_and_others_nothing_of_it(client: Client) -> None:
    make_energy()
    member("cert-at", "energy"), member("acme")
    for name, owner, status in (("a", "cert-at", 200), ("b", "cert-at", 200), ("c", "acme", 404), ("d", "home", 404)):
        assert client(name, member=owner).get(ENERGY).status_code == status


def test_the_member_of_an_account_vouches_for_what_it_posts(client: Client) -> None:
    make_energy()
    theirs = member("cert-at", "energy")
    add(client("partner", member="cert-at"), indicator(1), to=ENERGY)
    source = Source.objects.select_related("member").get(name="account:partner")
    assert source.member == theirs
    assert [one["voucher"] for one in release_classes()] == [theirs.identity]
