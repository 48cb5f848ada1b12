"""PostgreSQL's row security under the read path: a query that forgets the grants sees no row more than they give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.sequencer import sequencer
from commonwatch.base.journal.values import Batch
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import Member
from commonwatch.base.release import plan, serving
from commonwatch.base.release.access import access_for
from commonwatch.base.release.models import Recipient
from commonwatch.base.release.pages import EMPTY, manifest_page, objects_page
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.journal.arrivals import arrival
from tests.base.release.nodes import carried, ids, indicator, member, objects, post, slot

RAW = "SELECT count(*) FROM journal_version v JOIN journal_type t ON t.id = v.type WHERE t.name = 'indicator'"
PLACES = "SELECT count(*) FROM journal_placement p JOIN journal_type t ON t.id = p.type WHERE t.name = 'indicator'"


@pytest.fixture
def guarded(ready: Path, vendor: str) -> Iterator[None]:
    if vendor != "postgresql":
        pytest.skip("Row security is PostgreSQL's.")
    assert serving.ensure_role() and serving.guarded()
    yield
    serving.forget()


def number(name: str) -> int:
    return Recipient.objects.get(member__name=name).pk


def counted(query: str, recipient: int) -> int:
    return int(serving.served(recipient, query, [])[0][0])


def test_a_query_without_the_grants_sees_what_they_give_and_no_more(guarded: None) -> None:
    member("other")
    post([indicator(1, "RED"), indicator(2, "AMBER"), indicator(3, "GREEN")])
    for query in (RAW, PLACES):
        assert counted(query, number("home")) == 3
        assert counted(query, number("other")) == 1
        assert counted(query, 0) == 0
        assert fetch(query, [])[0][0] == 3


def test_a_page_that_forgets_the_join_gives_nothing_that_is_withheld(
    guarded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    member("other")
    post([indicator(1, "RED"), indicator(2, "AMBER")])
    monkeypatch.setattr(plan._Plan, "_granted", lambda self: "")
    monkeypatch.setattr(plan._Plan, "_who", lambda self: [])
    init = plan._Plan.__init__

    def without_code(self: Any, *given: Any) -> None:
        init(self, *given)
        self.code = "0"

    monkeypatch.setattr(plan._Plan, "__init__", without_code)
    other, home = (access_for(Member.objects.get(name=name).pk) for name in ("other", "home"))
    assert objects_page(other, slot(), ObjectFilter(types=("indicator",)), 10, None) == EMPTY
    assert manifest_page(other, slot(), ObjectFilter(types=("indicator",)), 10, None) == []
    assert objects_page(home, slot(), ObjectFilter(types=("indicator",)), 10, None).count == 2


def test_who_names_no_recipient_sees_nothing(guarded: None) -> None:
    post([indicator(1, "GREEN")])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL ROLE {serving.ROLE}")
        cursor.execute(RAW)
        assert cursor.fetchone()[0] == 0
        cursor.execute("SELECT count(*) FROM release_extra")
        assert cursor.fetchone()[0] == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM journal_act",
        "SELECT * FROM journal_quarantine",
        "SELECT * FROM journal_class",
        "SELECT * FROM accounts_token",
        "DELETE FROM journal_version",
        "UPDATE release_grant SET recipient = 1",
    ],
)
def test_the_role_reads_pages_and_does_nothing_else(guarded: None, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        serving.served(number("home"), statement, [])
    assert fetch("SELECT current_user = session_user", [])[0][0]


def test_the_role_ends_with_its_statement(guarded: None) -> None:
    who = "SELECT current_user::text, current_setting('commonwatch.recipient', true)"
    assert tuple(serving.served(7, who, [])[0]) == (serving.ROLE, "7")
    assert fetch(who, [])[0][0] != serving.ROLE and not fetch(who, [])[0][1]
    with transaction.atomic():
        assert serving.served(7, who, [])[0][0] == serving.ROLE
        assert fetch(who, [])[0][0] != serving.ROLE and not fetch(who, [])[0][1]


def test_late_deliveries_and_notices_pass_and_others_notices_do_not(guarded: None) -> None:
    member("friend"), member("other")
    post([indicator(1, "AMBER")])
    assert ids("friend") == [] == ids("other")
    carried(lambda now: parties.join_community("home", "friend", reason="x", by=now))
    assert ids("friend") == [indicator(1)["id"]]
    carried(lambda now: parties.leave_community("home", "friend", reason="x", by=now))
    assert [one.get("revoked") for one in objects("friend", ObjectFilter(types=("indicator",)))] == [True]
    extras = "SELECT count(*) FROM release_extra"
    assert counted(extras, number("friend")) == 2 and counted(extras, number("other")) == 0


def test_writers_and_followers_are_not_concerned(guarded: None) -> None:
    """COPY is refused on a table whose row security holds for the writer."""
    sequencer().append(Batch([arrival(n) for n in range(50)], 1, "test", (slot(),)))
    assert fetch("SELECT count(*) FROM journal_version", [])[0][0] >= 50


def test_a_guarded_page_is_still_a_walk(guarded: None) -> None:
    """Not a scan, and the grants are read once for the statement, not once for each row."""
    post([indicator(n, "GREEN") for n in range(1, 900)])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE journal_placement"), cursor.execute("ANALYZE journal_version")
        cursor.execute("ANALYZE release_grant")
    access = access_for(Member.objects.get(name="home").pk)
    found = plan.positions(access, slot(), ObjectFilter(), 100, None)
    assert found is not None
    text = f"EXPLAIN SELECT v.raw FROM ({found.text}) c JOIN journal_version v ON v.seq = c.seq"
    rows = [row[0] for row in _explained(text, found.values, access.recipient or 0)]
    assert not [row for row in rows if "Seq Scan on journal_" in row], rows
    assert [row for row in rows if "hashed SubPlan" in row], rows


def _explained(text: str, values: list[Any], recipient: int) -> list[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # nine hundred rows are few enough to be scanned
        cursor.execute("SELECT set_config('role', %s, true)", [serving.ROLE])
        cursor.execute("SELECT set_config(%s, %s, true)", [serving.SETTING, str(recipient)])
        cursor.execute(text, values)
        return list(cursor.fetchall())
