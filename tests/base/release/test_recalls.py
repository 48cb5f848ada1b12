"""Taking back: who lost access is told, sees revoked versions, and answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.journal import followers
from commonwatch.base.journal.backup import afterwards
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import Member
from commonwatch.base.release import recalls, served
from commonwatch.base.release.access import access_for, everybody_was_served
from commonwatch.base.release.models import Loss, Recall, Served
from commonwatch.base.release.pages import objects_page
from commonwatch.base.release.receipts import ReceiptFollower
from commonwatch.core.errors import Conflict
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.release.nodes import carried, ids, indicator, member, objects, post, slot

LAST = ObjectFilter()
AMBER = indicator(1, "AMBER")


def leave(name: str) -> None:
    carried(lambda now: parties.leave_community("home", name, reason="merged", by=now))


def test_who_leaves_a_community_is_told_what_to_drop_and_nobody_else_is(ready: Path) -> None:
    member("leaver"), member("stayer")
    for name in ("leaver", "stayer"):
        carried(lambda now, name=name: parties.join_community("home", name, reason="x", by=now))  # type: ignore[misc]
    post([AMBER, indicator(2, "GREEN")])
    assert len(ids("leaver")) == 2
    leave("leaver")
    recalled = [one for one in objects("leaver", alias="recalls") if one["type"] == "recall"]
    assert [one["object_refs"] for one in recalled] == [[AMBER["id"]]]
    assert recalled[0]["recipient_ref"] == Member.objects.get(name="leaver").identity
    assert [one for one in objects("stayer", alias="recalls") if one["type"] == "recall"] == []
    assert not Loss.objects.filter(done=False).exists()


def test_who_is_expelled_loses_everything_and_is_told(ready: Path) -> None:
    member("leaver"), member("stayer")
    carried(lambda now: parties.join_community("home", "leaver", reason="x", by=now))
    clear = indicator(3, "CLEAR")
    post([AMBER, indicator(2, "GREEN"), clear])
    assert len(ids("leaver")) == 3
    carried(lambda now: parties.expel_member("leaver", reason="Decision 14", by=now))
    told = {one for recall in objects("leaver", alias="recalls") for one in recall.get("object_refs", [])}
    assert told == {AMBER["id"], indicator(2)["id"]}
    assert [one for one in objects("leaver", LAST) if not one.get("revoked")] == [clear]
    assert len(ids("stayer")) == 2
    carried(lambda now: parties.readmit_member("leaver", by=now))
    assert {one["id"] for one in objects("leaver", LAST) if not one.get("revoked")} == {clear["id"], indicator(2)["id"]}


def test_only_others_are_expelled_and_only_once(ready: Path) -> None:
    member("leaver")
    carried(lambda now: parties.expel_member("leaver", reason="Decision 14", by=now))
    with pytest.raises(Conflict, match="expelled already"):
        carried(lambda now: parties.expel_member("leaver", reason="again", by=now))
    with pytest.raises(Conflict, match="own member"):
        carried(lambda now: parties.expel_member("home", reason="?", by=now))
    carried(lambda now: parties.readmit_member("leaver", by=now))
    with pytest.raises(Conflict, match="is not expelled"):
        carried(lambda now: parties.readmit_member("leaver", by=now))


def test_the_client_sees_a_revoked_version_without_content(ready: Path) -> None:
    member("leaver")
    carried(lambda now: parties.join_community("home", "leaver", reason="x", by=now))
    post([AMBER])
    assert objects("leaver", LAST) == [AMBER]
    leave("leaver")
    notice = objects("leaver", LAST)
    assert [(one["id"], one["revoked"]) for one in notice] == [(AMBER["id"], True)]
    assert "pattern" not in notice[0] and notice[0]["modified"] > str(AMBER["modified"])
    assert objects("home", LAST) == [AMBER]


def test_who_comes_back_gets_the_object_again(ready: Path) -> None:
    member("leaver")
    carried(lambda now: parties.join_community("home", "leaver", reason="x", by=now))
    post([AMBER])
    assert len(ids("leaver")) == 1
    leave("leaver")
    carried(lambda now: parties.join_community("home", "leaver", reason="back", by=now))
    assert objects("leaver", LAST) == [AMBER]


def test_an_author_who_narrows_or_revokes_recalls(ready: Path) -> None:
    member("other")
    post([indicator(1, "GREEN"), indicator(2, "GREEN")])
    assert len(ids("other")) == 2
    post([indicator(1, "AMBER", version=2), indicator(2, "GREEN", version=2, revoked=True)])

    recalls.send(10_000)
    assert {one.reason for one in Recall.objects.filter(member__name="other")} == {
        "Its author narrowed who may have it",
        "Its author revoked it",
    }
    assert sorted((one["id"], one.get("revoked")) for one in objects("other", LAST)) == [
        (indicator(1)["id"], True),
        (indicator(2)["id"], True),
    ]  # each once: of what its author revoked, the author's own version
    assert not Recall.objects.exclude(member__name="other").exists()


def test_who_was_never_served_has_nothing_to_drop_and_is_sent_no_recall(ready: Path) -> None:
    member("reader"), member("stranger")
    post([indicator(1, "GREEN"), indicator(2, "GREEN")])
    ids("reader")
    post([indicator(1, "RED", version=2)])
    recalls.send(10_000)
    assert [one.member.name for one in Recall.objects.all()] == ["reader"]
    assert not Loss.objects.filter(done=False).exists()
    assert indicator(1)["id"] not in ids("stranger")  # what it reads from now on, it has to drop as well
    post([indicator(2, "RED", version=2)])
    recalls.send(10_000)
    assert sorted(one.member.name for one in Recall.objects.all()) == ["reader", "reader", "stranger"]


def test_after_a_restore_anybody_may_have_been_served(ready: Path) -> None:
    member("reader")
    post([indicator(1, "GREEN")])
    assert everybody_was_served in afterwards
    everybody_was_served()
    post([indicator(1, "RED", version=2)])
    recalls.send(10_000)
    assert "reader" in {one.member.name for one in Recall.objects.all()}


def test_only_the_recipient_answers_and_the_answer_is_kept(ready: Path) -> None:
    member("leaver"), member("liar")
    carried(lambda now: parties.join_community("home", "leaver", reason="x", by=now))
    post([AMBER])
    ids("leaver")
    leave("leaver")
    recall = Recall.objects.get()

    def receipt(number: int, author: str, answer: str) -> dict[str, object]:
        return {
            "type": "receipt",
            "spec_version": "2.1",
            "id": f"receipt--00000000-0000-4000-8000-{number:012d}",
            "created": "2026-01-01T00:00:00.000Z",
            "modified": "2026-01-01T00:00:00.000Z",
            "created_by_ref": Member.objects.get(name=author).identity,
            "recall_ref": recall.recall,
            "answer": answer,
        }

    post([receipt(1, "liar", "complied"), receipt(2, "leaver", "partly"), receipt(3, "leaver", "nonsense")])
    while followers.advance(ReceiptFollower(), 100):
        pass
    recall.refresh_from_db()
    assert (recall.answer, recall.receipt) == ("partly", "receipt--00000000-0000-4000-8000-000000000002")
    assert recall.answered_us is not None


def test_every_page_served_is_on_record(ready: Path) -> None:
    member("reader")
    post([indicator(1, "GREEN"), indicator(2, "GREEN")])
    who = Member.objects.get(name="reader").pk
    access = access_for(who, reader="laptop")
    page = objects_page(access, slot(), LAST, 10, None)
    assert served.collect(now_us()) == 0  # the minute is not over
    assert served.collect(now_us() + 10 * served.MINUTE_US) >= 1
    row = Served.objects.get(reader="laptop")
    assert (row.recipient, row.count, row.last, row.epoch > 0) == (access.recipient, 2, page.last_pos, True)
