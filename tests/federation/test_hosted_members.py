"""Two members hosted on one node see of each other exactly what they would see on two nodes."""

from __future__ import annotations

import json

from commonwatch.base.parties.models import Member, MemberKind
from commonwatch.base.release.access import access_for
from commonwatch.base.release.pages import objects_page
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.release.nodes import indicator, member, post, slot
from tests.federation.nodes import Node, World, at

PLACES = {"oslo": "NO", "acme": "JP"}
KINDS = {"oslo": MemberKind.STATE_BODY, "acme": MemberKind.STATE_BODY}
LEVELS = ("CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED")


def wrote(first: int, *, version: int = 1, levels: tuple[str, ...] = LEVELS) -> list[dict[str, object]]:
    return [indicator(first + number, tlp, version=version, name=f"{first} {tlp}") for number, tlp in enumerate(levels)]


def seen_on(node: Node, name: str) -> dict[str, tuple[str, str]]:
    """Every indicator that a member has, with its version and name."""
    with at(node):
        who = Member.objects.get(name=name).pk
        body = objects_page(access_for(who), slot(), ObjectFilter(), 1000, None).body
    found = json.loads(b"[" + body + b"]")
    return {
        one["id"]: (one["modified"], one.get("name", ""))
        for one in found
        if one["type"] == "indicator" and not one.get("revoked")
    }


def hosted(world: World) -> Node:
    """Both on vienna's node."""
    vienna = world.node("vienna")
    with at(vienna):
        for name, country in PLACES.items():
            member(name, country, KINDS[name])
            post([], name, "TLP:AMBER", name)
    return vienna


def test_two_members_on_one_node_see_what_they_would_on_two(world: World) -> None:
    one = hosted(world)
    apart = {name: world.node(f"{name}-own", country) for name, country in PLACES.items()}
    world.join(apart["oslo"], apart["acme"])
    names = ("oslo", "acme")

    def same() -> None:
        world.settle()
        for name in names:
            assert seen_on(one, name) == seen_on(apart[name], "home"), name

    for number, name in enumerate(names):
        with at(one):
            post(wrote(100 * number), name, "TLP:AMBER", name)
        apart[name].post(*wrote(100 * number))
    same()
    narrowed = wrote(0, version=2, levels=("RED", "RED"))
    with at(one):
        post(narrowed, "oslo", "TLP:AMBER", "oslo")
    apart["oslo"].post(*narrowed)
    same()
    revoked = [{**indicator(100, "CLEAR", version=3), "revoked": True}]
    with at(one):
        post(revoked, "acme", "TLP:AMBER", "acme")
    apart["acme"].post(*revoked)
    same()
    widened = wrote(102, version=2, levels=("GREEN",))
    with at(one):
        post(widened, "acme", "TLP:AMBER", "acme")
    apart["acme"].post(*widened)
    same()
