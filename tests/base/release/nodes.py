"""Small nodes with partners, for tests of release: who may have what, over the same calls that serve it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, Report, receive
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.changing import change
from commonwatch.base.parties.models import Member, MemberKind
from commonwatch.base.release.access import access_for
from commonwatch.base.release.models import Collection
from commonwatch.base.release.pages import manifest_page, objects_page
from commonwatch.core.stix.markings import TLP2
from commonwatch.core.stix.values import Piece
from commonwatch.core.taxii.filters import ObjectFilter

T = TypeVar("T")
EVERY = ObjectFilter(last=False, every=True)


def by() -> By:
    return By("test", now_us())


def carried(act: Callable[[By], T]) -> T:
    """A change, with everything that follows from it."""
    now = by()
    result, _ = change("test", lambda: act(now), now)
    assert result is not None
    return result


def member(name: str, country: str = "AT", kind: MemberKind = MemberKind.STATE_BODY, *communities: str) -> Member:
    def act(now: By) -> Member:
        made = parties.create_member(name, "", kind, country, "", now)
        for community in communities:
            parties.join_community(community, name, reason="accepted", by=now)
        return made

    return carried(act)


def community(name: str, *members: str) -> None:
    parties.create_community(name, "", now_us=now_us())
    for one in members:
        carried(lambda now, one=one: parties.join_community(name, one, reason="accepted", by=now))  # type: ignore[misc]


def slot(alias: str = "main") -> int:
    return Collection.objects.get(alias=alias).slot


def post(objects: Sequence[dict[str, Any]], source: str = "test", default: str = "TLP:AMBER", owner: str = "") -> None:
    """Take objects into the collection main."""
    report = take(objects, source, default, owner)
    assert all(result.is_in for result in report.results), report


def take(
    objects: Sequence[dict[str, Any]], source: str = "test", default: str = "TLP:AMBER", owner: str = ""
) -> Report:
    """The same, whatever becomes of them."""
    made = ensure_source(source, default, owner)
    channel = Channel(made.pk, default, voucher_of(made), "test", (slot(),))
    pieces = [Piece(json.dumps(one).encode(), str(number)) for number, one in enumerate(objects)]
    return receive(pieces, channel, now_us()).result()


def objects(
    name: str, wanted: ObjectFilter = EVERY, alias: str = "main", after: int | None = None
) -> list[dict[str, Any]]:
    """What a member gets from a collection."""
    who = Member.objects.get(name=name).pk if name else None
    found: list[dict[str, Any]] = json.loads(
        b"[" + objects_page(access_for(who), slot(alias), wanted, 1000, after).body + b"]"
    )
    return found


def ids(name: str, wanted: ObjectFilter = EVERY, alias: str = "main") -> list[str]:
    """The ids of what a member gets, and that the manifest says the same."""
    found = [one["id"] for one in objects(name, wanted, alias)]
    who = Member.objects.get(name=name).pk if name else None
    rows = manifest_page(access_for(who), slot(alias), wanted, 1000, None)
    assert len(rows) == len(found)
    return found


def last_place(name: str, alias: str = "main") -> int:
    """The cursor of a member that has read everything."""
    who = Member.objects.get(name=name).pk
    return objects_page(access_for(who), slot(alias), EVERY, 1000, None).last_pos


def indicator(number: int, tlp: str = "", *, version: int = 1, **more: Any) -> dict[str, Any]:
    """An indicator; `tlp` a TLP 2.0 name without TLP:."""
    body: dict[str, Any] = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": f"indicator--00000000-0000-4000-8000-{number:012d}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": f"2026-01-{version:02d}T00:00:00.000Z",
        "name": f"number {number}",
        "pattern": f"[ipv4-addr:value = '198.51.100.{number % 256}']",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
    }
    if tlp:
        body["object_marking_refs"] = [TLP2[f"TLP:{tlp}"]]
    return {**body, **more}


def person(number: int, tlp: str = "AMBER", **more: Any) -> dict[str, Any]:
    """A victim, with name and address."""
    return {
        "type": "identity",
        "spec_version": "2.1",
        "id": f"identity--00000000-0000-4000-8000-{number:012d}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": "Maria Huber",
        "identity_class": "individual",
        "contact_information": "maria.huber@stadtwerk-linz.at",
        "object_marking_refs": [TLP2[f"TLP:{tlp}"]],
        **more,
    }
