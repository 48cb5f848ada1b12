"""Publishing: what would follow is said first, what is wrong stops everything, and what is published can be taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.clock import now_us
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.key_histories import keys_of
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release import recalls
from commonwatch.base.release.models import Recall
from commonwatch.capabilities.exchange.publishing.actions import Publication, Terms, publish, revoke
from commonwatch.core.errors import InvalidInput
from commonwatch.core.signing.history import KeyRing
from commonwatch.core.signing.objects import verify_object
from commonwatch.core.stix.markings import TLP2
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.release.nodes import carried, community, ids, member, objects, person, slot

GREEN, AMBER, RED = TLP2["TLP:GREEN"], TLP2["TLP:AMBER"], TLP2["TLP:RED"]


def draft(*markings: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "indicator",
        "name": "beacon",
        "pattern": "[ipv4-addr:value = '198.51.100.7']",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
        "object_marking_refs": list(markings),
        **more,
    }


def given(*drafts: dict[str, Any], preview: bool = False) -> Publication:
    body = json.dumps({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": drafts})
    return publish(body.encode(), Terms(slot()), actor="test", reason="seen", preview=preview)


def test_a_draft_becomes_an_object_of_our_own_that_partners_get(ready: Path) -> None:
    member("partner")
    done = given(draft(GREEN))
    assert done.report is not None and done.report.results[0].kind == "admitted"
    (got,) = objects("partner")
    assert (got["created_by_ref"], got["name"]) == (own_member().identity, "beacon")
    entry = AuditEntry.objects.get(action="object.publish")
    assert (entry.subject, entry.detail) == (got["id"], {"reason": "seen"})


def test_a_preview_stores_nothing(ready: Path) -> None:
    member("partner")
    done = given(draft(GREEN), preview=True)
    assert done.report is None and not done.blocked
    assert {one.member for one in done.simulations[0].reached if one.decision.variant} >= {"partner", "home"}
    assert ids("home") == []


def test_an_audience_of_nobody_stops_it_and_everything_beside_it(ready: Path) -> None:
    done = given(draft(RED), draft(GREEN))
    assert [problem.code for problem in done.simulations[0].blocking] == ["red-for-nobody", "audience-empty"]
    assert done.report is None and ids("home") == []


def test_markings_that_contradict_stop_it(ready: Path) -> None:
    member("partner")
    done = given(draft(GREEN, RED))
    assert done.report is None and done.blocked


def test_a_missing_legal_basis_stops_it_until_its_author_accepts_what_law_makes_of_it(ready: Path) -> None:
    carried(lambda now: parties.change_member("home", title="", kind=None, country="AT", by=now))
    member("abroad", "SG")
    community("both", "home", "abroad")
    victim = {**person(1, "GREEN"), "created_by_ref": own_member().identity}
    done = given(victim)
    assert [problem.code for one in done.blocked for problem in one.blocking] == ["basis-missing"]
    assert "abroad (pseudonymised)" in done.simulations[0].blocking[0].sentence and ids("home") == []
    body = json.dumps(victim).encode()
    accepted = publish(body, Terms(slot(), altered=True), actor="test")
    assert accepted.report is not None and len(ids("home")) == 1
    assert objects("abroad")[0]["name"] != "Maria Huber"


def test_what_others_wrote_is_not_published_as_ours(ready: Path) -> None:
    with pytest.raises(InvalidInput, match="wrote it"):
        given(draft(GREEN, created_by_ref="identity--00000000-0000-4000-8000-000000000009"))


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'[{"type": "indicator"}]', b"[5]"])
def test_what_is_no_draft_is_refused_with_a_reason(ready: Path, body: bytes) -> None:
    with pytest.raises(InvalidInput) as refused:
        publish(body, Terms(slot()), actor="test")
    assert refused.value.sentence and refused.value.advice


def test_what_was_published_is_revoked_and_recalled(ready: Path) -> None:
    member("partner")
    given(draft(GREEN))
    (got,) = objects("partner")
    revoke(got["id"], Terms(slot()), actor="test", reason="a scanner")
    recalls.send(10_000)
    assert [one.reason for one in Recall.objects.filter(member__name="partner")] == ["Its author revoked it"]
    assert objects("partner")[-1]["revoked"] is True
    assert AuditEntry.objects.get(action="object.revoke").detail == {"reason": "a scanner"}


def test_what_is_published_is_signed_by_its_author_and_so_is_its_revocation(ready: Path) -> None:
    member("partner")
    done = given(draft(GREEN))
    assert done.report is not None
    ring = KeyRing.of(keys_of(own_member().identity))
    (got,) = objects("partner")
    assert verify_object(got, ring, known_us=now_us(), now_us=now_us()).kind == "signed"
    revoke(got["id"], Terms(slot()), actor="test", reason="a scanner")
    (last,) = objects("home", ObjectFilter())
    assert last["revoked"] is True
    assert verify_object(last, ring, known_us=now_us(), now_us=now_us()).kind == "signed"
