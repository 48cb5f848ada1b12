"""A case is made of its parts: in any order the same, with nothing lost, and what each may say weighed."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.capabilities.incidents.rules.fold import fold
from tests.capabilities.incidents.parts import BERN, DAY, HOUR, LEAD, OSLO, POLICE, SECOND, START, STRANGER, Made, Part


def case_of(made: Made, **more: Any) -> Case:
    found = fold(made.parts, **more)
    assert found is not None
    return found


def test_the_last_word_of_the_lead_counts_and_what_it_replaced_stays_in_the_history() -> None:
    made = Made()
    made.root()
    first = made.say(LEAD, "state", "triaged", START + HOUR)
    made.say(LEAD, "state", "responding", START + 2 * HOUR, after_refs=[first.id])
    case = case_of(made)
    assert (case.state, case.contests) == ("responding", ())
    assert [one.value for one in case.history] == ["triaged", "responding"]


def test_a_clock_that_is_behind_does_not_undo_what_it_has_seen() -> None:
    made = Made()
    made.root()
    first = made.say(LEAD, "rsit", "availability.ddos", START + 5 * HOUR)
    made.say(LEAD, "rsit", "intrusions.system-compromise", START + HOUR, after_refs=[first.id])
    assert case_of(made).rsit == "intrusions.system-compromise"


def test_what_two_said_without_knowing_of_each_other_is_a_contest_until_one_settles_it() -> None:
    made = Made()
    made.root()
    task = made.task(LEAD, "Block the addresses", START, owner=OSLO)
    one = made.say(OSLO, "outcome", "successful", START + HOUR, about_ref=task.id)
    other = made.say(LEAD, "outcome", "cancelled", START + 1, about_ref=task.id)
    case = case_of(made)
    assert case.tasks[0].outcome == "cancelled"  # the lead's word first, though it is older
    assert [[said.author for said in contest.sayings] for contest in case.contests] == [[LEAD, OSLO]]
    made.say(LEAD, "outcome", "successful", START + DAY, about_ref=task.id, after_refs=[one.id, other.id])
    settled = case_of(made)
    assert (settled.tasks[0].outcome, settled.contests) == ("successful", ())


def test_two_that_say_the_same_are_no_contest() -> None:
    made = Made()
    made.root()
    task = made.task(LEAD, "Block the addresses", START, owner=OSLO)
    made.say(OSLO, "outcome", "successful", START + HOUR, about_ref=task.id)
    made.say(LEAD, "outcome", "successful", START + 2 * HOUR, about_ref=task.id)
    assert case_of(made).contests == ()


def test_what_a_partner_says_of_the_leads_field_is_a_proposal() -> None:
    made = Made()
    made.root()
    asked = made.say(OSLO, "state", "contained", START + HOUR)
    case = case_of(made)
    assert (case.state, [one.id for one in case.proposals]) == ("reported", [asked.id])
    made.say(LEAD, "state", "contained", START + DAY, after_refs=[asked.id])
    taken = case_of(made)
    assert (taken.state, taken.proposals) == ("contained", ())


def test_who_does_not_take_part_changes_nothing_and_is_told_apart() -> None:
    made = Made()
    made.root()
    part = made.say(STRANGER, "time", {"kind": "contained", "at": "2026-11-19T00:00:00Z"}, START + HOUR)
    note = made.note(STRANGER, "I know it all", START + HOUR)
    case = case_of(made)
    assert "contained" not in case.times
    assert set(case.outside) == {part.id, note.id}
    assert case.pieces == ()


def test_a_member_that_was_told_acknowledges_and_does_not_set_the_case_back() -> None:
    made = Made()
    made.root()
    made.say(BERN, "acknowledged", "seen", START + HOUR)
    assert case_of(made).state == "acknowledged"
    made.say(LEAD, "state", "responding", START + 2 * HOUR)
    made.say(OSLO, "acknowledged", "", START + 3 * HOUR)
    case = case_of(made)
    assert case.state == "responding"
    assert case.times["acknowledged"].at_us == START + HOUR


def test_the_lead_passes_by_offer_and_acceptance_and_counts_from_then_on() -> None:
    made = Made()
    made.root()
    offer = made.say(LEAD, "lead", {"offer": OSLO}, START + HOUR)
    waiting = case_of(made)
    assert (waiting.lead, [one.to for one in waiting.offers]) == (LEAD, [OSLO])
    made.say(BERN, "lead", {"accept": LEAD}, START + 2 * HOUR, after_refs=[offer.id])  # not offered to Bern
    assert case_of(made).lead == LEAD
    made.say(OSLO, "lead", {"accept": LEAD}, START + 3 * HOUR, after_refs=[offer.id])
    made.say(LEAD, "state", "triaged", START + 2 * HOUR)
    made.say(LEAD, "rsit", "fraud.phishing", START + 5 * HOUR)
    made.say(OSLO, "rsit", "availability.ddos", START + 4 * HOUR)
    case = case_of(made)
    assert (case.lead, case.offers) == (OSLO, ())
    assert (case.state, case.rsit) == ("triaged", "availability.ddos")
    assert [one.value for one in case.proposals] == ["fraud.phishing"]
    assert [(one.member, one.since_us) for one in case.leads] == [(LEAD, START), (OSLO, START + 3 * HOUR)]


def test_who_led_before_cannot_undo_it_by_revoking_the_offer() -> None:
    made = Made()
    made.root()
    offer = made.say(LEAD, "lead", {"offer": OSLO}, START + HOUR)
    made.say(OSLO, "lead", {"accept": LEAD}, START + 3 * HOUR, after_refs=[offer.id])
    made.parts[1] = replace(offer, revoked=True, modified_us=START + 2 * HOUR)
    assert case_of(made).lead == OSLO


def test_of_two_accepted_offers_the_earlier_acceptance_counts() -> None:
    made = Made()
    made.root()
    one = made.say(LEAD, "lead", {"offer": OSLO}, START + HOUR)
    other = made.say(LEAD, "lead", {"offer": BERN}, START + HOUR)
    made.say(BERN, "lead", {"accept": LEAD}, START + 3 * HOUR, after_refs=[other.id])
    made.say(OSLO, "lead", {"accept": LEAD}, START + 2 * HOUR, after_refs=[one.id])
    assert case_of(made).lead == OSLO


def test_clocks_that_differ_lose_no_word_of_a_lead() -> None:
    made = Made()
    made.root()
    offer = made.say(LEAD, "lead", {"offer": OSLO}, START + 10 * SECOND)
    word = made.say(LEAD, "rsit", "fraud.phishing", START + 100 * SECOND)  # its clock is ahead of Oslo's
    taken = made.say(OSLO, "lead", {"accept": LEAD}, START + 50 * SECOND, after_refs=[offer.id, word.id])
    made.say(OSLO, "state", "triaged", START + 51 * SECOND)
    case = case_of(made)
    assert (case.lead, case.rsit, case.state, case.proposals) == (OSLO, "fraud.phishing", "triaged", ())
    again = made.say(OSLO, "lead", {"offer": BERN}, START + 60 * SECOND)
    made.say(BERN, "lead", {"accept": OSLO}, START + 40 * SECOND, after_refs=[again.id])  # Bern's clock is behind both
    made.say(BERN, "determination", "confirmed", START + 41 * SECOND)
    case = case_of(made)
    assert [one.member for one in case.leads] == [LEAD, OSLO, BERN]
    assert (case.determination, case.leads[1].by) == ("confirmed", taken.id)


def test_an_offer_lapses_with_the_time_in_which_it_was_made() -> None:
    made = Made()
    made.root()
    old = made.say(LEAD, "lead", {"offer": BERN}, START + HOUR)
    offer = made.say(LEAD, "lead", {"offer": OSLO}, START + HOUR)
    made.say(OSLO, "lead", {"accept": LEAD}, START + 2 * HOUR, after_refs=[offer.id])
    back = made.say(OSLO, "lead", {"offer": LEAD}, START + 3 * HOUR)
    made.say(LEAD, "lead", {"accept": OSLO}, START + 4 * HOUR, after_refs=[back.id])
    made.say(BERN, "lead", {"accept": LEAD}, START + 5 * HOUR, after_refs=[old.id])
    case = case_of(made)
    assert (case.lead, case.offers, len(case.leads)) == (LEAD, (), 3)


def test_a_declined_offer_is_gone() -> None:
    made = Made()
    made.root()
    offer = made.say(LEAD, "lead", {"offer": OSLO}, START + HOUR)
    made.say(OSLO, "lead", {"decline": LEAD}, START + 2 * HOUR, after_refs=[offer.id])
    case = case_of(made)
    assert (case.lead, case.offers) == (LEAD, ())


def test_each_member_has_its_own_severity_beside_the_partnerships() -> None:
    made = Made()
    made.root()
    made.say(LEAD, "severity", {"scheme": "partnership", "value": "high"}, START + HOUR)
    made.say(OSLO, "severity", {"scheme": "partnership", "value": "low"}, START + 2 * HOUR)
    made.say(OSLO, "severity", {"scheme": "uk-ncsc", "value": "3"}, START + 2 * HOUR)
    made.say(BERN, "severity", {"scheme": "uk-ncsc", "value": "4"}, START + 3 * HOUR)
    case = case_of(made)
    assert case.level == "high"
    assert {(author, one.value) for author, one in case.severities} == {(OSLO, "3"), (BERN, "4")}
    assert [one.value.value for one in case.proposals] == ["low"]


def test_members_come_and_go_and_what_they_wrote_stays() -> None:
    made = Made()
    made.root(participants=())
    made.note(OSLO, "too early", START + SECOND)
    assert case_of(made).pieces == ()
    added = made.say(LEAD, "participant", {"member_ref": OSLO, "actor": "csirt", "roles": ["affected"]}, START + HOUR)
    assert [one.text for one in case_of(made).of("note")] == ["too early"]
    made.say(OSLO, "participant", {"member_ref": OSLO, "left": True}, START + DAY, after_refs=[added.id])
    case = case_of(made)
    assert case.involved() == (LEAD,)
    assert len(case.of("note")) == 1
    assert case.member(OSLO).since_us == START + HOUR  # type: ignore[union-attr]


def test_a_task_goes_to_whoever_takes_it_and_only_those_it_concerns_change_it() -> None:
    made = Made()
    made.root()
    task = made.task(LEAD, "Look at the logs", START, due_date="2026-11-19T00:00:00Z")
    made.say(BERN, "outcome", "successful", START + HOUR, about_ref=task.id)
    assert case_of(made).tasks[0].outcome == "pending"
    made.say(OSLO, "owner", OSLO, START + HOUR, about_ref=task.id)
    made.say(OSLO, "outcome", "successful", START + 2 * HOUR, about_ref=task.id)
    case = case_of(made)
    done = case.tasks[0]
    assert (done.owner, done.outcome, done.ended_us) == (OSLO, "successful", START + 2 * HOUR)
    assert case.times["partner_action"].at_us == START + 2 * HOUR
    assert case.times["shared"].at_us == START


def test_a_police_entry_is_not_in_the_csirts_view_unless_it_is_shared() -> None:
    made = Made()
    made.root()
    made.note(POLICE, "suspect known", START + HOUR, track="police")
    made.note(POLICE, "server seized", START + HOUR, track="police", shared_with=["csirt"])
    made.note(LEAD, "patched", START + HOUR)
    secret = made.task(POLICE, "Question the suspect", START, owner=POLICE, said={"track": "police"})
    made.say(POLICE, "outcome", "ongoing", START + HOUR, about_ref=secret.id, track="police")
    made.say(POLICE, "time", {"kind": "aware", "at": "2026-11-19T00:00:00Z"}, START + HOUR, track="police")
    csirt, police, whole = case_of(made, view="csirt"), case_of(made, view="police"), case_of(made)
    assert [one.text for one in csirt.of("note")] == ["server seized", "patched"]
    assert [one.text for one in police.of("note")] == ["suspect known", "server seized"]
    assert (csirt.tasks, "aware" in csirt.times, csirt.proposals) == ((), False, ())
    assert (police.tasks[0].outcome, "aware" in police.times) == ("ongoing", True)
    assert len(whole.of("note")) == 3
    assert {one.track for one in csirt.timeline} <= {"csirt", "police"}
    assert "suspect" not in str(csirt.timeline)


def test_every_part_has_its_line_in_the_timeline_with_precision_and_source() -> None:
    made = Made()
    made.root(times=())
    made.event(OSLO, "First beacon", START + DAY, START - 2 * DAY, source="firewall log")
    made.note(BERN, "Seen here too", START + HOUR)
    made.say(
        BERN, "time", {"kind": "detected", "at": "2026-11-17T10:00:00Z", "fidelity": "hour", "source": "SOC"}, START
    )
    made.task(LEAD, "Block", START + 2 * HOUR)
    case = case_of(made)
    assert [(one.kind, one.code) for one in case.timeline] == [
        ("entry", "entry"),
        ("time", "detected"),
        ("time", "reported"),
        ("note", "note"),
        ("task", "created"),
    ]
    assert (case.timeline[0].fidelity, case.timeline[0].source) == ("hour", "firewall log")
    assert (case.times["detected"].source, case.times["detected"].fidelity) == ("SOC", "hour")


def test_closing_and_reopening_are_times_of_the_case() -> None:
    made = Made()
    made.root()
    closed = made.say(LEAD, "state", "closed", START + DAY)
    again = made.say(LEAD, "state", "responding", START + 2 * DAY, after_refs=[closed.id])
    made.say(LEAD, "state", "closed", START + 3 * DAY, after_refs=[again.id])
    case = case_of(made)
    assert [(one.kind, one.at_us) for one in case.all_times if one.kind in ("closed", "reopened")] == [
        ("closed", START + DAY),
        ("reopened", START + 2 * DAY),
        ("closed", START + 3 * DAY),
    ]
    assert case.times["closed"].at_us == START + 3 * DAY


def test_what_cannot_be_read_is_counted_and_harms_nothing() -> None:
    made = Made()
    made.root()
    bad = [made.say(LEAD, "state", value, START + HOUR).id for value in ("on fire", 3, None, {"a": 1}, ["closed"])]
    bad.append(made.say(LEAD, "participant", {"member_ref": "nobody"}, START).id)
    bad.append(made.say(LEAD, "nonsense", "x", START).id)
    bad.append(made.say(LEAD, "outcome", "successful", START).id)  # of no task
    case = case_of(made)
    assert (case.state, set(case.unread)) == ("reported", set(bad))


def everything() -> list[Part]:
    made = Made()
    made.root()
    offer = made.say(LEAD, "lead", {"offer": OSLO}, START + HOUR)
    made.say(OSLO, "lead", {"accept": LEAD}, START + 3 * HOUR, after_refs=[offer.id])
    for author in (LEAD, OSLO, BERN, STRANGER):
        made.say(author, "state", "contained" if author == OSLO else "triaged", START + 4 * HOUR)
        made.say(author, "severity", {"scheme": "partnership", "value": "high"}, START + HOUR)
        made.say(author, "severity", {"scheme": "us-ppd41", "value": "3"}, START + HOUR)
        made.say(author, "time", {"kind": "contained", "at": "2026-11-19T00:00:00Z", "source": author}, START + HOUR)
        task = made.task(author, f"task of {author}", START + HOUR, owner=BERN)
        made.say(BERN, "outcome", "successful", START + 5 * HOUR, about_ref=task.id)
        made.say(LEAD, "outcome", "failed", START + 5 * HOUR, about_ref=task.id)
        made.note(author, "seen", START + HOUR)
        made.event(author, "beacon", START + HOUR, START)
    made.say(LEAD, "participant", {"member_ref": BERN, "left": True}, START + DAY)
    made.impact(OSLO, "availability", START + HOUR, {"availability_impact": 50})
    return made.parts


EVERYTHING = everything()


@given(st.permutations(EVERYTHING))
def test_any_order_of_the_parts_gives_the_same_case(parts: list[Part]) -> None:
    assert fold(parts) == fold(EVERYTHING)


@given(st.sets(st.sampled_from(range(1, len(EVERYTHING)))))
def test_who_may_not_have_some_parts_has_a_consistent_rest(hidden: set[int]) -> None:
    parts = [part for number, part in enumerate(EVERYTHING) if number not in hidden]
    case = fold(parts)
    assert case is not None
    had = {part.id for part in parts}
    assert {one.part for one in case.timeline} <= had
    assert {task.id for task in case.tasks} | {piece.id for piece in case.pieces} <= had
    assert all(one.id in had for said in case.heads.values() for one in said)
    assert {part.id for part in parts if part.author == STRANGER} == set(case.outside)
    assert fold(list(reversed(parts))) == case
