"""Indicators follow the journal: what is admitted counts, what is taken back in any way counts no more."""

from __future__ import annotations

from pathlib import Path

from commonwatch.base.journal import acts, followers
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import Member
from commonwatch.capabilities.detection.indicators import follower as following
from commonwatch.capabilities.detection.models import Index, Indicator, IndicatorValue, State
from commonwatch.core.stix.extensions import HandlingExtension, handling_marking, recall_object
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.markings import TLP2
from tests.base.release.nodes import carried, indicator, member, post, slot
from tests.capabilities.detection.intel import brought, domain, follow, states


def uid(value: dict[str, object]) -> bytes:
    named = parse_id(str(value["id"]))
    assert named is not None
    return named[1]


def test_an_admitted_indicator_is_in_force_with_its_values_dates_and_terms(ready: Path) -> None:
    (row,) = brought(
        domain(1, "evil.example", confidence=80, valid_until="2027-01-01T00:00:00Z", indicator_types=["benign"])
    )
    assert (row.state, row.confidence, row.category) == (State.IN_FORCE, 80, "benign")
    assert row.valid_until_us == 1_798_761_600_000_000
    assert row.terms.tlp == 1 and row.terms.owner == "home"
    assert list(row.values.values_list("kind", "text")) == [("host", "evil.example")]
    assert row.generation == row.seq and row.change == Index.objects.get().change


def test_one_step_of_the_follower_puts_it_in_force(ready: Path) -> None:
    post([domain(1, "evil.example")])
    assert states() == {}
    followers.advance(following.IndicatorFollower(), 1_000)
    assert states() == {"1": "in-force"}


def test_a_revoked_indicator_is_gone(ready: Path) -> None:
    brought(domain(1, "evil.example"))
    brought(domain(1, "evil.example", version=2, revoked=True))
    assert states() == {"1": "revoked"}


def test_a_newer_version_takes_the_place_of_the_older_whichever_comes_first(ready: Path) -> None:
    brought(domain(1, "new.example", version=3))
    brought(domain(1, "old.example", version=2))
    assert [row.text for row in IndicatorValue.objects.all()] == ["new.example"]


def test_what_is_withdrawn_from_every_collection_is_gone_and_what_is_erased(ready: Path) -> None:
    brought(domain(1, "one.example"), domain(2, "two.example"))
    acts.withdraw("indicator", uid(indicator(1)), slot(), actor="test", reason="wrong")
    acts.erase("indicator", uid(indicator(2)), actor="test", reason="law")
    follow()
    assert states() == {"1": "withdrawn", "2": "erased"}
    assert not IndicatorValue.objects.exists()


def test_a_member_matches_only_what_release_grants_it(ready: Path) -> None:
    member("afar")
    brought(domain(1, "red.example", "RED"), domain(2, "green.example", "GREEN"), by="afar")
    assert states() == {"1": "withheld", "2": "in-force"}
    assert [row.text for row in IndicatorValue.objects.all()] == ["green.example"]


def test_what_a_new_membership_opens_counts_and_what_its_end_closes_does_not(ready: Path) -> None:
    member("afar")
    brought(domain(1, "amber.example", "AMBER"), by="afar")
    assert states() == {"1": "withheld"}
    carried(lambda now: parties.join_community("home", "afar", reason="accepted", by=now))
    assert following.refresh() and states() == {"1": "in-force"}
    assert [row.text for row in IndicatorValue.objects.all()] == ["amber.example"]
    carried(lambda now: parties.leave_community("home", "afar", reason="left", by=now))
    assert following.refresh() and states() == {"1": "withheld"}
    assert not IndicatorValue.objects.exists() and not following.refresh()


def test_a_re_marked_indicator_is_gone_for_who_may_not_have_it_any_more(ready: Path) -> None:
    member("afar")
    brought(domain(1, "once.example", "GREEN"), by="afar")
    brought(domain(1, "once.example", "RED", version=2), by="afar")
    assert states() == {"1": "withheld"}


def test_a_marking_that_comes_late_takes_effect_without_a_new_version(ready: Path) -> None:
    member("afar")
    marking = handling_marking(HandlingExtension(named=("identity--00000000-0000-4000-8000-0000000000ff",)))
    refs = [TLP2["TLP:GREEN"], marking["id"]]
    brought(domain(1, "late.example", object_marking_refs=refs), by="afar")
    assert states() == {"1": "withheld"}  # a marking that nobody can read opens nothing
    brought(marking, by="afar")
    assert states() == {"1": "in-force"}


def recalled(author: str, *ids: str) -> dict[str, object]:
    own = Member.objects.get(name="home").identity
    return recall_object(
        f"recall--{author.removeprefix('identity--')}",
        author=author,
        recipient=own,
        object_refs=ids,
        reason="sent to you by mistake",
        marking=TLP2["TLP:RED"],
        made="2026-02-01T00:00:00.000Z",
        at="2026-02-01T00:00:00.000Z",
    )


def test_a_recall_by_who_answers_for_an_object_takes_it_out_and_by_anybody_else_does_not(ready: Path) -> None:
    owner, liar = member("owner"), member("liars")
    identity = str(indicator(1)["id"])
    brought(domain(1, "shared.example"), by="owner")
    own = handling_marking(HandlingExtension(named=(Member.objects.get(name="home").identity,)))
    for by, one in (("liars", liar), ("owner", owner)):
        refs = {"object_marking_refs": [TLP2["TLP:RED"], own["id"]]}
        brought(own, {**recalled(one.identity, identity), **refs}, by=by)
        assert states() == {"1": "in-force" if by == "liars" else "recalled"}
    brought(domain(1, "shared.example", version=5), by="owner")
    assert states() == {"1": "in-force"}  # it was shared anew


def test_a_forged_version_does_not_take_the_place_of_what_another_brought(ready: Path) -> None:
    member("honest"), member("forger")
    author = "identity--00000000-0000-4000-8000-0000000000aa"  # of no member
    brought(domain(1, "evil.example", created_by_ref=author), by="honest")
    brought(domain(1, "evil.example", version=9, revoked=True, created_by_ref=author), by="forger")
    assert [(row.state, row.values.count()) for row in Indicator.objects.order_by("pk")] == [
        ("in-force", 1),
        ("revoked", 1),
    ]


def test_a_member_s_own_voice_goes_before_what_others_brought_of_its_objects(ready: Path) -> None:
    writer = member("writer")
    member("carrier")
    brought(domain(1, "evil.example", created_by_ref=writer.identity), by="carrier")
    brought(domain(1, "evil.example", version=2, revoked=True, created_by_ref=writer.identity), by="writer")
    assert sorted(row.state for row in Indicator.objects.all()) == ["revoked", "superseded"]


def test_every_change_has_a_number_of_its_own_and_a_rebuild_goes_on_counting(ready: Path) -> None:
    brought(domain(1, "one.example"), domain(2, "two.example"))
    before = Index.objects.get().change
    assert sorted(row.change for row in Indicator.objects.all()) == [before - 1, before]
    followers.rebuild(following.IndicatorFollower())
    follow()
    assert Index.objects.get().change > before and states() == {"1": "in-force", "2": "in-force"}
