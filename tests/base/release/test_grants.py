"""Who gets what from the collections, by the same calls that serve it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.changing import change
from commonwatch.base.parties.models import Member, MemberKind
from commonwatch.base.release.access import access_for
from commonwatch.base.release.epochs import refresh
from commonwatch.base.release.models import Epoch, Recipient
from commonwatch.base.release.pages import manifest_page, objects_page
from commonwatch.core.policy.classes import ClassAttributes, encode_class
from commonwatch.core.policy.variants import original_uid
from commonwatch.core.stix.extensions import DERIVATION_ID, HandlingExtension, handling_marking
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.markings import TLP2
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.release.nodes import by, carried, ids, indicator, last_place, member, objects, person, post, slot

RED, AMBER, GREEN, CLEAR = (indicator(n, tlp) for n, tlp in enumerate(("RED", "AMBER", "GREEN", "CLEAR"), 1))


def _ids(*given: dict[str, object]) -> list[str]:
    return sorted(str(one["id"]) for one in given)


def test_each_tlp_level_reaches_whom_it_names(ready: Path) -> None:
    member("friend", "AT", MemberKind.COMPANY, "home")
    member("other")
    post([RED, AMBER, GREEN, CLEAR])
    assert sorted(ids("home")) == _ids(RED, AMBER, GREEN, CLEAR)
    assert sorted(ids("friend")) == _ids(AMBER, GREEN, CLEAR)
    assert sorted(ids("other")) == _ids(GREEN, CLEAR)
    assert ids("") == _ids(CLEAR)


def test_a_class_is_decided_in_the_transaction_that_brings_it(ready: Path) -> None:
    member("other")
    post([indicator(1, "GREEN")])
    assert ids("other") == _ids(indicator(1))


def test_withheld_and_absent_look_the_same(ready: Path) -> None:
    member("other")
    post([AMBER])
    for wanted in (
        ObjectFilter(),
        ObjectFilter(ids=(parse_id(str(AMBER["id"])) or ("", b""),)),
        ObjectFilter(types=("indicator",)),
        ObjectFilter(versions=(1767225600000000,), last=False),
        ObjectFilter(last=False, first=True),
    ):
        assert ids("other", wanted) == []


def test_an_earlier_first_version_that_is_withheld_does_not_show_by_its_absence(ready: Path) -> None:
    member("other")
    post([indicator(1, "AMBER"), indicator(1, "GREEN", version=2)])
    first = ObjectFilter(last=False, first=True)
    assert [one["modified"] for one in objects("other", first)] == ["2026-01-02T00:00:00.000Z"]
    assert [one["modified"] for one in objects("home", first)] == ["2026-01-01T00:00:00.000Z"]


def test_an_author_who_narrows_takes_the_older_versions_back(ready: Path) -> None:
    member("other")
    post([indicator(1, "GREEN")])
    assert ids("other") == _ids(indicator(1))
    post([indicator(1, "AMBER", version=2)])
    assert ids("other", EVERY_LIVE) == []
    assert len(ids("home")) == 2


EVERY_LIVE = ObjectFilter(last=False, first=True, every=False)


def test_a_marking_definition_that_comes_late_opens_what_waited_for_it(ready: Path) -> None:
    member("other")
    named = handling_marking(HandlingExtension(named=(Member.objects.get(name="other").identity,)))
    post([indicator(1, "RED", object_marking_refs=[TLP2["TLP:RED"], named["id"]])])
    assert ids("other") == []
    post([named], default="TLP:GREEN")
    assert str(indicator(1)["id"]) in ids("other")


def test_a_membership_opens_and_its_end_closes(ready: Path) -> None:
    member("friend")
    post([AMBER])
    assert ids("friend") == []
    carried(lambda now: parties.join_community("home", "friend", reason="x", by=now))
    assert ids("friend") == _ids(AMBER)
    carried(lambda now: parties.leave_community("home", "friend", reason="x", by=now))
    assert ids("friend", ObjectFilter(types=("indicator",), last=False, first=True)) == []


def test_a_preview_changes_nothing_and_says_who_gains(ready: Path) -> None:
    member("friend")
    post([AMBER, indicator(7, "AMBER")])
    epochs, now = Epoch.objects.count(), by()
    result, report = change(
        "friend joins", lambda: parties.join_community("home", "friend", reason="x", by=now), now, preview=True
    )
    assert result is None and Epoch.objects.count() == epochs and ids("friend") == []
    assert [(one["member"], one["gained"], one["lost"]) for one in report.data()["moved"]] == [("friend", 2, 0)]
    assert "friend" in report.lines()[1] and _ids(AMBER)[0] in report.lines()[1]


def test_what_becomes_visible_late_is_delivered_late(ready: Path) -> None:
    """A client whose cursor has passed it still gets it, once, and in an order without gaps that tell anything."""
    member("friend")
    post([GREEN, AMBER])
    cursor = last_place("friend")
    carried(lambda now: parties.join_community("home", "friend", reason="x", by=now))
    assert [one["id"] for one in objects("friend", after=cursor)] == _ids(AMBER)
    assert sorted(ids("friend")) == _ids(AMBER, GREEN)
    post([indicator(9, "AMBER")])
    assert [one["id"] for one in objects("friend", after=cursor)] == [*_ids(AMBER), str(indicator(9)["id"])]
    assert ids("friend", ObjectFilter(types=("malware",))) == []
    assert ids("friend", ObjectFilter(ids=(parse_id(str(AMBER["id"])) or ("", b""),))) == _ids(AMBER)


def test_who_was_never_served_finds_everything_where_it_stands(ready: Path) -> None:
    member("friend")
    post([AMBER])
    carried(lambda now: parties.join_community("home", "friend", reason="x", by=now))
    assert Recipient.objects.get(member__name="friend").served_us is None
    first = objects("friend")
    assert [one["id"] for one in first] == _ids(AMBER)


def test_personal_data_goes_abroad_as_a_derived_object_of_its_own(ready: Path) -> None:
    carried(lambda now: parties.change_member("home", title="", kind=MemberKind.STATE_BODY, country="AT", by=now))
    member("berlin", "DE", MemberKind.STATE_BODY, "home")
    member("singapore", "SG", MemberKind.STATE_BODY, "home")
    victim = person(5)
    post([victim])
    assert objects("berlin") == [victim]
    derived = objects("singapore")[0]
    assert derived["id"] != victim["id"] and derived["extensions"][DERIVATION_ID]["derived_from"] == victim["id"]
    assert "Maria" not in str(derived) and "stadtwerk" not in str(derived)
    assert objects("singapore")[0] == derived and ids("singapore") == [derived["id"]]
    named = parse_id(str(derived["id"]))
    assert named is not None
    assert ids("singapore", ObjectFilter(ids=(named,))) == [derived["id"]]
    assert ids("singapore", ObjectFilter(ids=(parse_id(str(victim["id"])) or ("", b""),))) == []
    key = access_for(Member.objects.get(name="singapore").pk).key
    assert original_uid(named[1], key) == (parse_id(str(victim["id"])) or ("", b""))[1]


def test_parts_under_a_stricter_marking_are_left_out(ready: Path) -> None:
    member("other")
    secret: dict[str, Any] = {"granular_markings": [{"marking_ref": TLP2["TLP:AMBER"], "selectors": ["description"]}]}
    post([indicator(1, "GREEN", description="only for friends", **secret)])
    assert "description" not in objects("other")[0] and objects("home")[0]["description"] == "only for friends"


def test_an_agreement_in_force_lifts_the_transfer_rule_until_it_is_denounced(ready: Path) -> None:
    from datetime import date

    from commonwatch.base.parties.models import AgreementKind
    from commonwatch.core.law.agreements import PartyDates

    carried(lambda now: parties.change_member("home", title="", kind=MemberKind.STATE_BODY, country="AT", by=now))
    member("singapore", "SG", MemberKind.STATE_BODY, "home")
    post([person(5)])
    terms = parties.AgreementTerms((), (), ("binding-instrument",))
    parties.create_agreement("mou", "MoU", AgreementKind.MEMORANDUM, "MoU", terms, by())
    for who in ("home", "singapore"):
        dates = PartyDates(in_force=date(2026, 1, 1))
        carried(
            lambda now, who=who, dates=dates: parties.set_agreement_party(  # type: ignore[misc]
                "mou", member=who, country="", dates=dates, reservations="", by=now
            )
        )
    assert objects("singapore") == [person(5)]
    ended = PartyDates(denounced=date(2026, 6, 1))
    carried(
        lambda now: parties.set_agreement_party("mou", member="home", country="", dates=ended, reservations="", by=now)
    )
    assert "Maria" not in str(objects("singapore"))


def test_nothing_changes_where_nothing_changed(ready: Path) -> None:
    assert refresh(by()) is None


@pytest.mark.parametrize("sparse", [False, True])
def test_who_sees_little_and_who_sees_much_get_the_same_by_either_path(ready: Path, sparse: bool) -> None:
    member("other")
    post([indicator(n, "GREEN" if n % 7 == 0 else "AMBER") for n in range(1, 60)])
    Recipient.objects.filter(member__name="other").update(visible=1 if sparse else 50, placements=60)
    assert access_for(Member.objects.get(name="other").pk).sparse is sparse
    assert sorted(ids("other")) == _ids(*(indicator(n) for n in range(7, 60, 7)))
    assert sorted(ids("other", ObjectFilter(types=("indicator",)))) == _ids(*(indicator(n) for n in range(7, 60, 7)))


def test_a_grant_that_becomes_one_of_a_variant_between_two_looks_gives_nothing_away(ready: Path) -> None:
    """The access was read before the change, the page after it."""
    carried(lambda now: parties.change_member("home", title="", kind=MemberKind.STATE_BODY, country="AT", by=now))
    member("singapore", "SG", MemberKind.STATE_BODY, "home")
    before = access_for(Member.objects.get(name="singapore").pk)
    assert not before.coded
    post([person(5)])
    page = objects_page(before, slot(), ObjectFilter(), 10, None)
    assert page.count == 1 and b"Maria" not in page.body and str(person(5)["id"]).encode() not in page.body[:120]
    rows = manifest_page(before, slot(), ObjectFilter(), 10, None)
    assert [row[2] for row in rows] != [(parse_id(str(person(5)["id"])) or ("", b""))[1]]


def test_a_class_that_nobody_may_have_makes_no_epoch_each_minute(ready: Path) -> None:
    post([indicator(1, "GREEN")])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM release_grant")
    assert refresh(by()) is not None and refresh(by()) is None
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) + 1 FROM journal_class")
        number = cursor.fetchone()[0]
        nobody = encode_class(
            ClassAttributes(every=tuple(ClassAttributes(author=m.identity, default="TLP:RED") for m in _two()))
        )
        cursor.execute("INSERT INTO journal_class (id, digest, attributes) VALUES (%s, %s, %s)", [number, *nobody])
    assert refresh(by()) is None


def _two() -> list[Member]:
    return [member("a"), member("b")]
