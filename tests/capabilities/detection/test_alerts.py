"""Hits become alerts: grouped, counted once, weighed, explained, triaged, and told to their authors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from commonwatch.base.parties.models import Member
from commonwatch.capabilities.detection.alerts import queries
from commonwatch.capabilities.detection.alerts.grouping import DAY_US, Hit
from commonwatch.capabilities.detection.alerts.recording import Recorded, record
from commonwatch.capabilities.detection.alerts.triage import triage, undo
from commonwatch.capabilities.detection.models import Alert, Indicator, Saying, Told
from commonwatch.capabilities.detection.rewriting import rewrite
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.patterns.values import Kind
from tests.base.release.nodes import indicator, member, objects
from tests.capabilities.detection.intel import brought, domain, follow

NOW = 1_796_090_000_000_000  # 2026-12-01
DAY = NOW - NOW % DAY_US
OWN = "home"


def hit(row: Indicator, number: int, **more: Any) -> Hit:
    usual: dict[str, Any] = {
        "entry": row.pk,
        "source": "sensor",
        "entity": "10.0.0.7",
        "place": "/logs/dns.log",
        "record": number,
        "time_us": DAY + number * 1_000_000,
        "column": "query",
        "value": "evil.example",
        "kind": Kind.HOST,
    }
    return Hit(**{**usual, **more})


def recorded(*hits: Hit, now: int = NOW) -> Recorded:
    with transaction.atomic():
        return record(hits, 7, lambda place, number: f"line {number}", now)


def evil(**more: Any) -> Indicator:
    return brought(domain(1, "evil.example", confidence=80, valid_from="2026-12-01T00:00:00Z", **more))[-1]


def test_hits_of_one_object_on_one_host_of_one_day_are_one_alert(ready: Path) -> None:
    row = evil()
    done = recorded(hit(row, 1), hit(row, 2), hit(row, 3, entity="10.0.0.8"), hit(row, 4, time_us=DAY + DAY_US + 1))
    assert len(done.raised) == 3 and done.counted == 4
    found = Alert.objects.get(entity="10.0.0.7", window_us=DAY)
    assert (found.count, found.first_us, found.last_us) == (2, DAY + 1_000_000, DAY + 2_000_000)
    assert [sample["text"] for sample in found.samples] == ["line 1", "line 2"]


def test_an_event_read_again_is_not_counted_again_wherever_its_file_lies(ready: Path) -> None:
    row = evil()
    recorded(hit(row, 1))
    again = recorded(hit(row, 1), hit(row, 1, place="/logs/dns.log.1"))
    assert again.counted == 0 and Alert.objects.get().count == 1


def test_many_hits_cost_as_many_statements_as_one(ready: Path, django_assert_num_queries: Any) -> None:
    rows = brought(
        *(
            domain(number, f"evil{number}.example", confidence=80, valid_from="2026-12-01T00:00:00Z")
            for number in range(1, 41)
        )
    )
    with CaptureQueriesContext(connection) as one:
        recorded(hit(rows[0], 0, value="evil1.example"))
    with django_assert_num_queries(len(one)):
        done = recorded(*(hit(row, number, value=f"evil{number}.example") for number, row in enumerate(rows[1:], 2)))
    assert len(done.raised) == 39
    assert {alert.score for alert in Alert.objects.all()} == {80}


def test_what_a_person_says_while_an_alert_grows_stays(ready: Path) -> None:
    row = evil()
    number = recorded(hit(row, 1)).raised[0]
    stale = Alert.objects.get(pk=number)
    triage(number, "true", "", actor="person:1", now_us=NOW)
    stale.count = 7
    rewrite([stale], ("count",))
    now = Alert.objects.get()
    assert (now.pk, now.count, now.verdict) == (number, 7, "true")


def test_an_alert_says_which_object_whose_under_which_marking_and_why(ready: Path) -> None:
    row = evil()
    recorded(hit(row, 1))
    found = queries.whole(Alert.objects.get())
    assert found["object"] == row.stix_id and found["brought_by"] == "home" and found["marking"] == "TLP:GREEN"
    assert found["generation"] == 7 and found["reasons"][0] == "confidence 80" and found["severity"] == "high"
    assert found["lines"][0]["place"] == "/logs/dns.log" and not found["suppressed"]


def test_what_is_listed_as_benign_is_kept_but_suppressed_and_says_why(ready: Path) -> None:
    (row,) = brought(indicator(2, "GREEN", pattern="[ipv4-addr:value = '192.168.7.7']", confidence=95))
    done = recorded(hit(row, 1, value="192.168.7.7", kind=Kind.ADDRESS))
    assert done.raised == () and len(done.suppressed) == 1
    found = Alert.objects.get()
    assert found.suppressed and "special-purpose addresses" in found.reasons[-1]
    assert queries.alerts(queries.Wanted()) == [] and queries.alerts(queries.Wanted(suppressed=True)) == [found]


def test_an_indicator_that_is_gone_or_has_ended_raises_nothing(ready: Path) -> None:
    row = evil(valid_until="2026-12-01T12:00:00Z")
    assert recorded(hit(row, 1, time_us=DAY + DAY_US)).counted == 0
    assert recorded(hit(row, 1, time_us=1_500_000_000_000_000)).counted == 1  # an event from before it ended
    brought(domain(1, "evil.example", version=2, revoked=True))
    assert recorded(hit(row, 9, time_us=1_500_000_000_000_000)).counted == 0


def test_an_indicator_that_begins_later_raises_nothing_yet(ready: Path) -> None:
    (row,) = brought(domain(1, "evil.example", valid_from="2026-12-15T00:00:00Z"))
    assert recorded(hit(row, 1)).counted == 0
    assert recorded(hit(row, 1), now=NOW + 15 * DAY_US).counted == 1


def test_producers_who_agree_raise_it_and_members_who_doubt_lower_it_for_all_who_see_that(ready: Path) -> None:
    member("other"), member("third")
    brought(domain(2, "evil.example", confidence=60), by="other")
    row = evil()
    recorded(hit(Indicator.objects.get(pk=row.pk), 1))
    assert Alert.objects.get().score > 80
    opinion = {
        "type": "opinion",
        "spec_version": "2.1",
        "id": "opinion--00000000-0000-4000-8000-000000000001",
        "created": "2026-05-01T00:00:00.000Z",
        "modified": "2026-05-01T00:00:00.000Z",
        "opinion": "strongly-disagree",
        "object_refs": [row.stix_id],
        "object_marking_refs": domain(1, "x")["object_marking_refs"],
    }
    brought(opinion, by="third")
    assert Saying.objects.get().kind == "false-positive"
    recorded(hit(Indicator.objects.get(pk=row.pk), 2, time_us=DAY + DAY_US))
    later = Alert.objects.get(window_us=DAY + DAY_US)
    assert later.score < 50 and "lowered: 1 called it a false positive, 0 confirmed it" in later.reasons


def test_a_benign_value_hides_no_other_of_the_same_object(ready: Path) -> None:
    both = "[ipv4-addr:value = '10.9.9.9'] OR [domain-name:value = 'evil.example']"
    (row,) = brought(indicator(3, "GREEN", pattern=both, valid_from="2026-12-01T00:00:00Z"))
    assert recorded(hit(row, 1, value="10.9.9.9", kind=Kind.ADDRESS)).raised == ()
    assert len(recorded(hit(row, 2)).raised) == 1 and Alert.objects.get().value == "evil.example"


def true_alert(**more: Any) -> Alert:
    row = evil(**more)
    recorded(hit(row, 1), hit(row, 2))
    return Alert.objects.get()


def shared_with(name: str) -> list[dict[str, Any]]:
    return [one for one in objects(name) if one["type"] in ("sighting", "opinion")]


def foreign_alert(tlp: str = "GREEN", **more: Any) -> Alert:
    member("author")
    (row,) = brought(domain(1, "evil.example", tlp, **more), by="author")
    recorded(hit(row, 1), hit(row, 2))
    return Alert.objects.get()


def test_a_true_alert_becomes_a_sighting_for_the_author_with_counts_and_times_only(ready: Path) -> None:
    alert = foreign_alert()
    told = triage(alert.pk, "true", "confirmed", actor="t", now_us=NOW)
    assert told is not None and (told.outcome, told.to) == ("sent", "author")
    (sighting,) = shared_with("author")
    assert (sighting["count"], sighting["sighting_of_ref"]) == (2, alert.stix_id)
    assert sighting["created_by_ref"] == Member.objects.get(name="home").identity
    text = json.dumps(sighting)
    assert not any(secret in text for secret in ("10.0.0.7", "dns.log", "evil.example", "sensor", "confirmed"))
    member("stranger")
    assert [one["type"] for one in shared_with("stranger")] == ["sighting"]  # as green as what it is about


def test_a_false_alert_becomes_an_opinion_and_comes_back_as_a_doubt(ready: Path) -> None:
    alert = foreign_alert()
    triage(alert.pk, "false", "", actor="t", now_us=NOW)
    assert [one["opinion"] for one in shared_with("author")] == ["strongly-disagree"]
    follow()
    (row,) = queries.sightings()
    assert (row["false"], row["true"], row["wrong_rate"], row["hits"]) == (1, 0, 1.0, 2)


def test_an_undone_verdict_revokes_what_was_said_and_stays_in_the_history(ready: Path) -> None:
    alert = foreign_alert()
    triage(alert.pk, "true", "sure", actor="t", now_us=NOW)
    undo(alert.pk, "the wrong host", actor="t", now_us=NOW + 1_000_000)
    assert Told.objects.get().outcome == "revoked"
    assert [bool(one.get("revoked")) for one in shared_with("author")][-1]
    history = queries.whole(Alert.objects.get())["history"]
    assert [(row["verdict"], row["stands"]) for row in history] == [("true", False), ("open", False)]
    with pytest.raises(Conflict):
        undo(alert.pk, "", actor="t", now_us=NOW)


def test_a_second_thought_takes_the_first_back_and_an_undo_returns_to_it(ready: Path) -> None:
    alert = foreign_alert()
    triage(alert.pk, "true", "", actor="t", now_us=NOW)
    triage(alert.pk, "false", "", actor="t", now_us=NOW + 1_000_000)
    kinds = [(one["type"], bool(one.get("revoked"))) for one in shared_with("author")]
    assert kinds == [("sighting", False), ("sighting", True), ("opinion", False)]
    undo(alert.pk, "", actor="t", now_us=NOW + 2_000_000)
    assert Alert.objects.get().verdict == "true" and Told.objects.get().object_id.startswith("sighting--")


def test_a_red_object_s_author_is_told_alone(ready: Path) -> None:
    from commonwatch.core.stix.extensions import HandlingExtension, handling_marking
    from commonwatch.core.stix.markings import TLP2

    member("author"), member("stranger")
    own = handling_marking(HandlingExtension(named=(Member.objects.get(name="home").identity,)))
    refs = [TLP2["TLP:RED"], own["id"]]
    (row,) = brought(own, domain(1, "evil.example", object_marking_refs=refs), by="author")
    recorded(hit(row, 1))
    told = triage(Alert.objects.get().pk, "true", "", actor="t", now_us=NOW)
    assert told is not None and told.outcome == "sent", told and told.reasons
    assert len(shared_with("author")) == 1 and shared_with("stranger") == []


def test_an_author_that_would_not_get_it_is_not_told_and_the_reasons_are_kept(ready: Path) -> None:
    from commonwatch.base.release.epochs import activate_policies
    from tests.base.release.nodes import by

    alert = foreign_alert()
    closed = (
        f'@id("member/{OWN}/quiet")\n@title("No sightings go out")\n@law("house rule")\n@date("2026-01-01")\n'
        '@explain("This member sends nothing of its own")\n'
        'forbid (principal, action == Action::"share", resource) when { resource.owner == Member::"home" } unless { context.own };'
    )
    activate_policies({"home.cedar": closed}, "test", by(), preview=False)
    told = triage(alert.pk, "true", "", actor="t", now_us=NOW)
    assert told is not None and told.outcome == "refused"
    assert "author would not get it" in told.reasons[0] and shared_with("author") == []


@pytest.mark.parametrize("verdict", ["open", "maybe"])
def test_a_verdict_that_is_none_is_refused(verdict: str, ready: Path) -> None:
    with pytest.raises(InvalidInput):
        triage(true_alert().pk, verdict, "", actor="t", now_us=NOW)


def test_an_alert_that_does_not_exist_says_where_to_look(ready: Path) -> None:
    with pytest.raises(NotFound) as caught:
        triage(99, "true", "", actor="t", now_us=NOW)
    assert "alerts list" in caught.value.advice
