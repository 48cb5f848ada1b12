"""Key statements: rotation and revocation without losing history, and every way to bend it refused."""

from __future__ import annotations

import msgspec
import pytest

from commonwatch.core.errors import InvalidInput
from commonwatch.core.signing.history import History, Refused
from commonwatch.core.signing.statements import (
    Signature,
    SignedStatement,
    decode_statement,
    encode_statement,
    sign_statement,
)
from tests.core.signing.people import (
    ALICE,
    BOB,
    DAY,
    NOBODY,
    T0,
    introduced,
    key,
    refused,
    statement,
    taken,
    vouched,
)


def rotated() -> History:
    start = introduced()
    both = [key(1), key(2)]
    return taken(start, statement(start, "rotate", T0 + DAY, both, key=key(2).public.text, ends=key(1).public.id))


def test_a_key_that_was_rotated_keeps_its_time() -> None:
    history = rotated()
    old, new = history.keys[key(1).public.id], history.keys[key(2).public.id]
    assert list(history.current) == [new.key.id]
    assert old.covers(T0) and old.covers(T0 + DAY - 1) and not old.covers(T0 + DAY)
    assert new.covers(T0 + DAY) and not new.covers(T0)
    assert not old.is_current() and old.revoked_since_us is None


def test_a_second_node_adds_its_key_beside_the_first() -> None:
    start = introduced()
    both = taken(start, statement(start, "add", T0 + 1, [key(1), key(3)], key=key(3).public.text))
    assert set(both.current) == {key(1).public.id, key(3).public.id}
    assert start.current.keys() == {key(1).public.id}, "the history before is not touched"
    one = taken(both, statement(both, "retire", T0 + 2, [key(3)], ends=key(1).public.id))
    assert set(one.current) == {key(3).public.id}


def test_after_every_key_is_revoked_the_partnership_introduces_a_new_one() -> None:
    start = introduced()
    revoke = statement(start, "revoke", T0 + DAY, [key(9)], ends=key(1).public.id, since_us=T0 + 5)
    assert refused(start, revoke) == "unsigned"
    none = taken(start, revoke, vouched(revoke))
    assert none.current == {}
    assert none.keys[key(1).public.id].revoked_since_us == T0 + 5
    again = statement(none, "introduce", T0 + DAY, [key(4)], key=key(4).public.text)
    assert refused(none, again) == "not-vouched"
    assert set(taken(none, again, vouched(again)).current) == {key(4).public.id}


def test_a_later_revocation_only_reaches_further_back() -> None:
    start = rotated()
    end = key(1).public.id
    first = taken(start, statement(start, "revoke", T0 + 2 * DAY, [key(2)], ends=end, since_us=T0 + 100, reason="lost"))
    later = taken(first, statement(first, "revoke", T0 + 3 * DAY, [key(1)], ends=end, since_us=T0 + 900))
    earlier = taken(later, statement(later, "revoke", T0 + 3 * DAY, [key(2)], ends=end, since_us=T0 + 50))
    assert later.keys[end].revoked_since_us == T0 + 100
    assert earlier.keys[end].revoked_since_us == T0 + 50
    assert earlier.keys[end].until_us == T0 + DAY, "it ended when it was rotated"


def test_a_revocation_without_a_time_counts_from_itself() -> None:
    start = introduced()
    revoked = taken(start, statement(start, "revoke", T0 + DAY, [key(1)], ends=key(1).public.id))
    assert revoked.keys[key(1).public.id].revoked_since_us == T0 + DAY


def test_what_is_not_signed_by_who_must_sign_is_refused() -> None:
    start = introduced()
    mine, new = key(1).public.id, key(2).public.text
    for act, signers, more, code in (
        ("add", [key(1)], {"key": new}, "no-possession"),
        ("add", [key(2)], {"key": new}, "unsigned"),
        ("rotate", [key(2)], {"key": new, "ends": mine}, "unsigned"),
        ("rotate", [key(1), key(2)], {"key": new, "ends": key(9).public.id}, "ends-unknown"),
        ("introduce", [key(2)], {"key": new}, "key-valid"),
        ("add", [key(1)], {"key": key(1).public.text}, "key-known"),
        ("add", [key(1)], {"key": "A" * 43}, "key-small-order"),
        ("add", [key(1)], {}, "not-base64url"),
        ("retire", [key(2)], {"ends": mine}, "unsigned"),
        ("retire", [key(1)], {"ends": key(2).public.id}, "ends-unknown"),
        ("revoke", [key(2)], {"ends": mine}, "unsigned"),
        ("revoke", [key(1)], {"ends": ""}, "ends-unknown"),
    ):
        assert refused(start, statement(start, act, T0 + 1, signers, **more)) == code, (act, more)  # type: ignore[arg-type]


def test_a_retired_key_retires_nobody() -> None:
    history = rotated()
    assert refused(history, statement(history, "retire", T0 + DAY, [key(1)], ends=key(2).public.id)) == "unsigned"
    assert refused(history, statement(history, "retire", T0 + DAY, [key(2)], ends=key(1).public.id)) == "ends-unknown"


def test_what_is_out_of_place_is_refused() -> None:
    history = rotated()
    second = statement(history, "add", T0 + DAY, [key(2), key(5)], key=key(5).public.text)
    for changed, code in (
        ({"member": BOB}, "other-member"),
        ({"number": 5}, "gap"),
        ({"previous": "0" * 64}, "other-past"),
        ({"at_us": T0}, "before-last"),
    ):
        made = sign_statement(msgspec.structs.replace(second.statement, **changed), [key(2), key(5)])
        assert refused(history, made) == code
    assert refused(history, history.statements[0]) == "known"


def test_a_fork_is_refused_with_both_statements_as_proof() -> None:
    start = introduced()
    history = rotated()
    other = statement(start, "add", T0 + 5, [key(1), key(6)], key=key(6).public.text)
    result = history.taking(other, NOBODY)
    assert isinstance(result, Refused) and result.code == "fork"
    assert result.other == history.statements[1] and result.statement == other


def test_statements_travel_as_bytes() -> None:
    signed = introduced().statements[0]
    assert decode_statement(encode_statement(signed)) == signed
    for raw, code in (
        (b"{}", "statement-malformed"),
        (b"[", "not-json"),
        (b" " * 70_000, "statement-too-large"),
        (encode_statement(signed).replace(b'"act"', b'"more":1,"act"', 1), "statement-malformed"),
    ):
        with pytest.raises(InvalidInput) as refusal:
            decode_statement(raw)
        assert refusal.value.code == code


def test_a_signature_that_cannot_be_read_is_nobodys() -> None:
    signed = introduced().statements[0]
    junk = SignedStatement(signed.statement, (Signature(key(1).public.id, "!"),))
    assert junk.signed_by({key(1).public.id: key(1).public}) == frozenset()
    assert refused(History(ALICE), junk, vouched(junk)) == "no-possession"
