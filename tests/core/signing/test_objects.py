"""Signed objects: what survives plain servers and files, what does not hold, and how the four kinds are told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
import stix2
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.errors import InvalidInput
from commonwatch.core.signing.history import KeyRing
from commonwatch.core.signing.keys import SigningKey
from commonwatch.core.signing.objects import (
    SKEW_US,
    author_of,
    sign_object,
    standing,
    verify_object,
    without_signature,
)
from commonwatch.core.stix import extensions
from commonwatch.core.stix.extensions import SIGNATURE_ID, SIGNATURE_PROPERTY
from commonwatch.core.stix.judge import judge
from commonwatch.core.stix.values import Piece
from tests.core.signing.people import ALICE, BOB, DAY, T0, introduced, key, ring, statement, taken

NOW = T0 + 10 * DAY


def indicator(**more: Any) -> dict[str, Any]:
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": "indicator--00000000-0000-4000-8000-000000000001",
        "created_by_ref": ALICE,
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "name": "Größe € \u2028",
        "confidence": 50,
        "pattern": "[ipv4-addr:value = '198.51.100.1']",
        "pattern_type": "stix",
        "valid_from": "2026-01-01T00:00:00Z",
        **more,
    }


def verdict(value: Any, keys: KeyRing | None = None, known_us: int = NOW, now_us: int = NOW) -> tuple[str, str]:
    found = verify_object(value, ring(introduced()) if keys is None else keys, known_us=known_us, now_us=now_us)
    assert found.sentence
    return found.kind, found.code


def signed(value: dict[str, Any] | None = None, by: SigningKey | None = None, at_us: int = T0 + DAY) -> dict[str, Any]:
    return sign_object(value or indicator(), by or key(1), at_us)


def test_a_signed_object_is_its_authors() -> None:
    found = verify_object(signed(), ring(introduced()), known_us=NOW, now_us=NOW)
    assert (found.kind, found.author, found.key_id, found.signed_us) == ("signed", ALICE, key(1).public.id, T0 + DAY)


def test_the_signature_survives_whatever_rewrites_json() -> None:
    value = signed(indicator(x_number=1.0, x_small=1e-7))
    for text in (
        json.dumps(value, indent=4, sort_keys=True),
        json.dumps(dict(reversed(value.items())), ensure_ascii=False),
        json.dumps(value).replace('"x_number": 1.0', '"x_number": 1').replace("1e-07", "0.0000001"),
    ):
        assert verdict(json.loads(text)) == ("signed", "signed")


def test_the_signature_survives_a_program_that_parses_stix() -> None:
    complete = indicator(pattern_version="2.1")  # which this program adds where it is missing: a change like any other
    text = stix2.parse(json.dumps(signed(complete)), allow_custom=True).serialize()
    assert verdict(json.loads(text)) == ("signed", "signed")


def test_intake_admits_a_signed_object() -> None:
    judged = judge(Piece(json.dumps(signed()).encode(), "0"), NOW, DAY, 10_000)
    assert type(judged).__name__ == "Admissible", judged


def test_other_extensions_are_covered_and_kept() -> None:
    other = {"extension-definition--00000000-0000-4000-8000-000000000009": {"extension_type": "property-extension"}}
    value = signed(indicator(extensions=other))
    assert verdict(value) == ("signed", "signed")
    assert without_signature(value) == indicator(extensions=other)
    del value["extensions"][next(iter(other))]
    assert verdict(value) == ("wrong", "altered")
    assert without_signature(signed()) == indicator()
    assert without_signature(indicator(extensions={})) == indicator(extensions={})


def test_stix_2_0_carries_it_as_a_property() -> None:
    old = {name: part for name, part in indicator().items() if name != "spec_version"}
    value = signed(old)
    assert SIGNATURE_PROPERTY in value and "extensions" not in value
    assert verdict(value) == ("signed", "signed")
    assert without_signature(value) == old


def test_an_identity_signs_itself() -> None:
    me = {"type": "identity", "spec_version": "2.1", "id": ALICE, "name": "Alice"}
    assert author_of(me) == ALICE
    assert verdict(signed(me)) == ("signed", "signed")


def test_objects_without_an_author_cannot_be_signed() -> None:
    for value, code in (
        ({"type": "ipv4-addr", "id": "ipv4-addr--x", "value": "198.51.100.1"}, "no-author"),
        (indicator(created_by_ref=7), "no-author"),
        (indicator(extensions=[]), "extensions-malformed"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            sign_object(value, key(1), T0)
        assert refusal.value.code == code


@pytest.mark.parametrize("change", [{"name": "other"}, {"revoked": True}, {"confidence": None}, {"x_new": 1}])
def test_a_changed_object_is_told(change: dict[str, Any]) -> None:
    assert verdict({**signed(), **change}) == ("wrong", "altered")


@given(st.data())
def test_any_change_of_the_text_is_told_or_says_the_same(data: st.DataObject) -> None:
    text = json.dumps(signed())
    at = data.draw(st.integers(0, len(text) - 1))
    mutated = text[:at] + data.draw(st.characters(codec="ascii")) + text[at + 1 :]
    try:
        value = json.loads(mutated)
    except ValueError:
        return
    kind, _ = verdict(value)
    assert (kind == "signed") == (value == json.loads(text))


def test_time_and_key_in_the_extension_are_covered() -> None:
    for name, part in (("signed", "2026-01-03T00:00:00.000000Z"), ("key_id", key(2).public.id)):
        value = signed()
        value["extensions"][SIGNATURE_ID][name] = part
        assert verdict(value, ring(introduced(), introduced(BOB, 2)))[0] == "wrong"


def test_only_the_author_signs() -> None:
    keys = ring(introduced(), introduced(BOB, 2))
    assert verdict(signed(by=key(2)), keys) == ("wrong", "not-the-author")
    assert verdict(signed(by=key(3)), keys) == ("unknown-key", "key-unknown")
    taken_over = {name: part for name, part in signed().items() if name != "created_by_ref"}
    assert verdict(taken_over, keys) == ("wrong", "not-the-author")


def test_a_signature_that_cannot_be_read_is_wrong_not_missing() -> None:
    for extension in (
        7,
        {},
        {**signed()["extensions"][SIGNATURE_ID], "signature": "!"},
        {**signed()["extensions"][SIGNATURE_ID], "signature": "AAAA"},
        {**signed()["extensions"][SIGNATURE_ID], "signed": "yesterday"},
        {**signed()["extensions"][SIGNATURE_ID], "algorithm": "none"},
        {**signed()["extensions"][SIGNATURE_ID], "more": 1},
    ):
        assert verdict(indicator(extensions={SIGNATURE_ID: extension})) == ("wrong", "signature-malformed")
    both = {**signed(), SIGNATURE_PROPERTY: signed()["extensions"][SIGNATURE_ID]}
    elsewhere = {**indicator(), SIGNATURE_PROPERTY: signed()["extensions"][SIGNATURE_ID]}
    assert verdict(both) == verdict(elsewhere) == ("wrong", "signature-malformed")


def test_what_has_no_canonical_form_was_signed_by_nobody() -> None:
    assert verdict({**signed(), "x": 2**60}) == ("wrong", "altered")


def test_a_rotated_key_still_holds_for_its_time() -> None:
    start = introduced()
    more = {"key": key(2).public.text, "ends": key(1).public.id}
    keys = ring(taken(start, statement(start, "rotate", T0 + 2 * DAY, [key(1), key(2)], **more)))
    assert verdict(signed(at_us=T0 + DAY), keys) == ("signed", "signed")
    assert verdict(signed(at_us=T0 + 3 * DAY), keys) == ("wrong", "key-not-in-use")
    assert verdict(signed(by=key(2), at_us=T0 + DAY), keys) == ("wrong", "key-not-in-use")
    assert verdict(signed(by=key(2), at_us=T0 + 3 * DAY), keys) == ("signed", "signed")


def test_under_a_stolen_key_only_what_was_known_before_counts() -> None:
    start = introduced()
    more = {"ends": key(1).public.id, "since_us": T0 + 2 * DAY}
    keys = ring(taken(start, statement(start, "revoke", T0 + 5 * DAY, [key(1)], **more)))
    assert verdict(signed(), keys, known_us=T0 + DAY) == ("signed", "signed")
    assert verdict(signed(), keys, known_us=T0 + 2 * DAY) == ("wrong", "key-revoked"), "the thief can write any date"


def test_a_time_ahead_of_ours_is_not_believed() -> None:
    assert verdict(signed(at_us=NOW + SKEW_US)) == ("signed", "signed")
    assert verdict(signed(at_us=NOW + SKEW_US + 1)) == ("wrong", "from-the-future")


def test_the_ways_an_object_can_come_are_told_apart() -> None:
    def came(value: dict[str, Any], brought_by: str) -> tuple[str, bool, bool]:
        found = standing(verify_object(value, ring(introduced()), known_us=NOW, now_us=NOW), brought_by)
        assert found.sentence
        return found.verdict.kind, found.relayed, found.is_authors_word

    assert came(signed(), ALICE) == ("signed", False, True)
    assert came(signed(), BOB) == ("signed", True, True)
    assert came(indicator(), ALICE) == ("unsigned", False, True)
    assert came(indicator(), BOB) == ("unsigned", True, False)
    assert came({**signed(), "name": "x"}, ALICE) == ("wrong", False, False)
    assert came({"type": "url", "id": "url--x"}, "") == ("unsigned", True, False)


def test_the_extension_is_defined_for_others() -> None:
    definition = extensions.signature_definition()
    assert definition["id"] == SIGNATURE_ID
    schema = json.loads(definition["schema"])
    assert set(schema["$defs"]["SignatureExtension"]["properties"]) == set(signed()["extensions"][SIGNATURE_ID])
    stix2.parse(definition)
