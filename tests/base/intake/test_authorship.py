"""Who says so: signatures verified on the way in, noted with the version, and only the author makes further ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, Report, receive
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.journal.models import QuarantineEntry
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.key_histories import history_of, take_statements
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.release.authorship import Authorship
from commonwatch.base.release.explain import Asking, as_data, held_object
from commonwatch.core.signing.objects import sign_object
from commonwatch.core.stix.values import Piece
from tests.base.release.nodes import by, carried, indicator
from tests.core.signing.people import ALICE, BOB, T0, introduced, key, statement, vouched

HOUR = 3_600_000_000


@pytest.fixture
def alice(ready: Path) -> str:
    """A member whose first key is on record."""
    known("alice", ALICE)
    take_statements(ALICE, introduced().statements, by(), vouched(*introduced().statements))
    return ALICE


def known(name: str, identity: str) -> None:
    carried(lambda now: parties.create_member(name, "", MemberKind.STATE_BODY, "AT", identity, now))


def of_alice(number: int = 1, version: int = 1, **more: Any) -> dict[str, Any]:
    return indicator(number, "GREEN", version=version, created_by_ref=ALICE, **more)


def signed(value: dict[str, Any], secret: int = 1, at_us: int = T0 + HOUR) -> dict[str, Any]:
    return sign_object(value, key(secret), at_us)


def take(*values: dict[str, Any], member: str = "") -> Report:
    source = ensure_source(f"from {member or 'home'}", "TLP:GREEN", member)
    channel = Channel(source.pk, "TLP:GREEN", voucher_of(source), "test", (1,))
    return receive([Piece(json.dumps(one).encode(), "") for one in values], channel, now_us()).result()


def outcome(*values: dict[str, Any], member: str = "") -> tuple[str, str]:
    (result,) = take(*values, member=member).results
    return result.kind, result.findings[0].code if result.findings else ""


def shown(number: int = 1) -> Authorship:
    return Asking().explain(held_object(indicator(number)["id"]), "home").authorship


def test_what_is_shown_of_a_signed_object_that_a_relay_brought(alice: str) -> None:
    assert outcome(signed(of_alice())) == ("admitted", "")
    found = shown()
    assert (found.kind, found.relayed, found.at_intake, found.key) == ("signed", True, "signed", key(1).public.id)
    assert found.sentence == "Relayed, and signed by its author." and found.signed == "2026-01-01T01:00:00.000000Z"
    held = held_object(indicator(1)["id"])
    assert json.loads(held.raw) == signed(of_alice()), "not a byte of it was touched"
    assert as_data(Asking().explain(held, "home"))["authorship"]["kind"] == "signed"


def test_what_is_not_signed_is_marked_as_what_it_is(alice: str) -> None:
    take(of_alice(1), of_alice(2), indicator(3, "GREEN"))
    assert shown(1).sentence == "Relayed without its author's signature."
    take(of_alice(4), member="alice")
    assert shown(4).sentence == "Not signed; its author's own channel brought it."
    assert shown(3).sentence == "It names no author: nobody can have signed it."


def test_a_signature_by_a_key_that_nobody_knows_yet_is_believed_when_it_is_known(ready: Path) -> None:
    known("alice", ALICE)
    assert outcome(signed(of_alice())) == ("admitted", "")
    assert (shown().kind, shown().at_intake) == ("unknown-key", "unknown-key")
    take_statements(ALICE, introduced().statements, by(), vouched(*introduced().statements))
    assert shown().kind == "signed" and "it was taken as unknown-key" in shown().sentence


def test_a_signature_that_does_not_hold_is_held_with_what_to_do(alice: str) -> None:
    take_statements(BOB, introduced(BOB, 2).statements, by(), vouched(*introduced(BOB, 2).statements))
    broken = signed(of_alice(5))
    for value, code in (
        ({**signed(of_alice(1)), "name": "altered on the way"}, "altered"),
        (signed(of_alice(2), secret=2), "not-the-author"),
        (signed(of_alice(3), at_us=T0 - 1), "key-not-in-use"),
        (signed(of_alice(4), at_us=now_us() + HOUR), "from-the-future"),
        ({**broken, "extensions": {next(iter(broken["extensions"])): {"key_id": 3}}}, "signature-malformed"),
    ):
        assert outcome(value) == ("held", code)
    assert all(entry.findings[0]["remedy"] for entry in QuarantineEntry.objects.all())
    assert QuarantineEntry.objects.count() == 5


def test_under_a_revoked_key_only_what_was_held_before_counts(alice: str) -> None:
    early, late = signed(of_alice(1)), signed(of_alice(2))
    assert outcome(early) == ("admitted", "")
    start = history_of(ALICE)
    since = now_us()
    rotate = statement(start, "rotate", since, [key(1), key(3)], key=key(3).public.text, ends=key(1).public.id)
    assert take_statements(ALICE, [rotate], by()) == []
    revoke = statement(history_of(ALICE), "revoke", since, [key(3)], ends=key(1).public.id, since_us=since)
    assert take_statements(ALICE, [revoke], By("test", since)) == []
    assert outcome(early, member="alice") == ("duplicate", ""), "it is sent again by another way"
    assert outcome(late) == ("held", "key-revoked")
    assert shown().kind == "signed", "what was known before stays proven"
    again = signed(of_alice(2), secret=3, at_us=now_us())
    assert outcome(again) == ("admitted", "")


def test_only_the_author_makes_a_further_version(alice: str) -> None:
    take(signed(of_alice()))
    assert outcome(of_alice(version=2)) == ("held", "signature-missing")
    assert outcome(signed(of_alice(version=2), secret=9)) == ("held", "signature-missing"), "by a key nobody knows"
    assert outcome({**of_alice(version=2), "revoked": True}) == ("refused", "signature-missing")
    assert outcome(indicator(1, "GREEN", version=2, created_by_ref=BOB)) == ("held", "author-changed")
    assert outcome(signed(of_alice(version=3))) == ("admitted", "")
    assert outcome(of_alice(version=4), member="alice") == ("admitted", ""), "the author's own channel is its word"
    assert outcome(signed({**of_alice(version=5), "revoked": True})) == ("admitted", "")


def test_a_signed_copy_of_what_came_unsigned_is_a_duplicate_that_proves_it(alice: str) -> None:
    assert outcome(of_alice()) == ("admitted", "")
    assert outcome(signed(of_alice()), member="alice") == ("duplicate", "")
    found = shown()
    assert (found.kind, found.at_intake) == ("unsigned", "signed") and "a copy of the same content" in found.sentence
    assert outcome(of_alice(version=2)) == ("held", "signature-missing")
    assert [one.kind for one in take(of_alice(7), signed(of_alice(7))).results] == ["admitted", "duplicate"]
    assert shown(7).at_intake == "signed"
