"""A member's keys: introduced once, rotated and revoked without losing history, and nobody else's."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.clock import now_us
from commonwatch.base.keys.files import adopt, member_key_file, prepare
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.authoring import member_key, new_start, revoke_member_key, rotate_member_key
from commonwatch.base.parties.key_histories import history_of, keys_of, statements_of, take_statements
from commonwatch.base.parties.queries import member_on, own_member
from commonwatch.core.errors import CommonwatchError, Conflict, IntegrityError
from commonwatch.core.signing.statements import Vouched
from tests.base.release.nodes import by
from tests.core.signing.people import ALICE, BOB, T0, introduced, key, statement, vouched


def test_the_own_members_key_is_introduced_at_first_use(ready: Path) -> None:
    member = own_member()
    first = member_key(member, now_us())
    assert member_key(member, now_us()).public == first.public
    (only,) = keys_of(member.identity)
    assert only.key == first.public and only.is_current()
    assert len(statements_of(member.identity)) == 1


def test_rotation_and_revocation_keep_the_history(ready: Path) -> None:
    member = own_member()
    old = member_key(member, now_us())
    new = rotate_member_key(member, by())
    assert member_key(member, now_us()).public == new.public != old.public
    with pytest.raises(Conflict, match="key in use"):
        revoke_member_key(member, new.public.id, now_us(), "", by())
    since = now_us()
    revoke_member_key(member, old.public.id, since, "Copied from a backup", by())
    first, second = keys_of(member.identity)
    assert first.until_us is not None and first.revoked_since_us == since and first.reason == "Copied from a backup"
    assert second.is_current()
    one, two = member_on("home", date(2026, 11, 28)).keys
    assert (one.reason, one.revoked_since != "", two.until) == ("Copied from a backup", True, "")
    assert AuditEntry.objects.filter(action="key.statement", outcome="done").count() == 3


def test_a_rotation_that_broke_off_before_its_file_was_in_place_is_finished(ready: Path) -> None:
    member = own_member()
    member_key(member, now_us())
    new = rotate_member_key(member, by())
    name = member_key_file(member.name)
    (ready / name).rename((ready / name).with_suffix(".next"))
    assert member_key(member, now_us()).public == new.public


def test_a_lost_or_foreign_key_is_not_replaced_silently(ready: Path) -> None:
    member = own_member()
    member_key(member, now_us())
    name = member_key_file(member.name)
    (ready / name).unlink()
    with pytest.raises(CommonwatchError, match="not in the data folder"):
        member_key(member, now_us())
    prepare(name)
    adopt(name)
    with pytest.raises(CommonwatchError, match="not valid any more"):
        member_key(member, now_us())


def test_after_everything_was_lost_a_new_start_counts_once_it_is_vouched_for(ready: Path) -> None:
    member = own_member()
    old = member_key(member, now_us())
    start = new_start(member, now_us() - 1_000_000, "The machine was stolen", by())
    assert [one.statement.act for one in start] == ["revoke", "introduce"]
    assert [one.code for one in take_statements(member.identity, start, by())] == ["unsigned", "gap"]
    assert member_key(member, now_us()).public == old.public
    digests = frozenset(one.statement.digest() for one in start)
    assert take_statements(member.identity, start, by(), Vouched(digests)) == []
    assert member_key(member, now_us()).public != old.public
    assert list(history_of(member.identity).current) == [member_key(member, now_us()).public.id]


def test_statements_of_others_are_taken_as_far_as_they_follow(ready: Path) -> None:
    start = introduced()
    assert [one.code for one in take_statements(ALICE, start.statements, by())] == ["not-vouched"]
    assert take_statements(ALICE, start.statements, by(), vouched(*start.statements)) == []
    both = [key(1), key(2)]
    rotate = statement(start, "rotate", T0 + 9, both, key=key(2).public.text, ends=key(1).public.id)
    assert take_statements(ALICE, [*start.statements, rotate], by()) == []
    other = statement(start, "add", T0 + 5, [key(1), key(6)], key=key(6).public.text)
    for _ in range(2):
        assert [one.code for one in take_statements(ALICE, [other], by())] == ["fork"]
    evidence = AuditEntry.objects.get(action="key.statement", outcome="refused", detail__code="fork")
    assert {"statement", "other"} <= set(evidence.detail), "both are on record, once"
    assert [one.key for one in keys_of(ALICE)] == [key(1).public, key(2).public]


def test_a_key_has_one_member(ready: Path) -> None:
    take_statements(ALICE, introduced().statements, by(), vouched(*introduced().statements))
    second = introduced(BOB)
    assert [one.code for one in take_statements(BOB, second.statements, by(), vouched(*second.statements))] == [
        "key-of-another"
    ]
    assert keys_of(BOB) == []


def test_a_history_that_was_written_into_is_named(ready: Path) -> None:
    from commonwatch.base.parties.models import KeyStatement

    take_statements(ALICE, introduced().statements, By("test", T0), vouched(*introduced().statements))
    KeyStatement.objects.update(vouched=False)
    with pytest.raises(IntegrityError, match="does not follow"):
        history_of(ALICE)
