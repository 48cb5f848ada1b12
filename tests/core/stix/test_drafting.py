from __future__ import annotations

import uuid

import pytest

from commonwatch.core.errors import Conflict, InvalidInput
from commonwatch.core.stix.drafting import completed, revoked

US = "identity--00000000-0000-4000-8000-000000000001"
THEM = "identity--00000000-0000-4000-8000-000000000002"
NONCE = uuid.UUID("00000000-0000-4000-8000-00000000000a")
NOW = 1_767_225_600_000_000  # 2026-01-01


def test_what_a_draft_leaves_out_is_filled_in() -> None:
    assert completed({"type": "note", "content": "x"}, US, NOW, NONCE) == {
        "type": "note",
        "spec_version": "2.1",
        "id": f"note--{NONCE}",
        "created_by_ref": US,
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "content": "x",
    }


def test_what_a_draft_says_itself_is_kept() -> None:
    draft = {"type": "note", "id": "note--x", "created": "2025-01-01T00:00:00.000Z", "created_by_ref": US}
    whole = completed(draft, US, NOW, NONCE)
    assert {name: whole[name] for name in draft} == draft
    assert whole["modified"] == "2026-01-01T00:00:00.000Z"  # a new version of an older object


def test_an_observable_gets_its_deterministic_id_and_no_author() -> None:
    whole = completed({"type": "domain-name", "value": "example.org"}, US, NOW, NONCE)
    assert whole["id"] == completed({"type": "domain-name", "value": "example.org"}, THEM, 0, uuid.uuid4())["id"]
    assert "created_by_ref" not in whole and "created" not in whole


def test_an_observable_without_what_makes_its_id_gets_a_random_one() -> None:
    assert completed({"type": "process"}, US, NOW, NONCE)["id"] == f"process--{NONCE}"


def test_what_others_wrote_is_not_ours_to_publish() -> None:
    with pytest.raises(InvalidInput, match="says that identity--.*2 wrote it"):
        completed({"type": "note", "created_by_ref": THEM}, US, NOW, NONCE)


@pytest.mark.parametrize("draft", [{}, {"type": 5}, {"type": ""}])
def test_a_draft_without_a_type_says_so(draft: dict[str, object]) -> None:
    with pytest.raises(InvalidInput, match="has no type"):
        completed(draft, US, NOW, NONCE)


def test_a_revocation_is_later_than_every_version() -> None:
    value = {"id": "note--x", "created_by_ref": US, "modified": "2027-01-01T00:00:00.000Z"}
    last = revoked(value, US, NOW)
    assert (last["revoked"], last["modified"]) == (True, "2027-01-01T00:00:00.001Z")
    assert revoked({"created_by_ref": US, "modified": "?"}, US, NOW)["modified"] == "2026-01-01T00:00:00.000Z"


def test_only_the_author_revokes_and_only_once() -> None:
    with pytest.raises(InvalidInput, match="was written by"):
        revoked({"id": "note--x", "created_by_ref": THEM}, US, NOW)
    with pytest.raises(Conflict, match="revoked already"):
        revoked({"id": "note--x", "created_by_ref": US, "revoked": True}, US, NOW)
