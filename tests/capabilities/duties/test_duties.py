"""A duty from the proposal to the receipt: clocks, drafts, sendings, extensions, reminders."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.capabilities.duties import actions, notices, queries
from commonwatch.capabilities.duties.models import CLOSED, CONFIRMED, PROPOSED, REJECTED, Duty
from commonwatch.capabilities.duties.upkeep import upkeep
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from tests.capabilities.duties.cases import HOUR, NOW, by, duty_of, hospital, notice_of, us

NIS2, GDPR, DORA = "RO:EU-NIS2-23", "RO:EU-GDPR-33", "RO:EU-DORA-19"
BANK = {"name": "home", "places": ["DE"], "roles": ["financial-entity"]}


def test_proposals_are_kept_once_and_follow_the_facts(ready: Path) -> None:
    first = actions.propose(hospital(flags={}), by())
    assert {duty.state for duty in first} == {PROPOSED}
    assert not [duty for duty in first if duty.standing != "in-force"]
    gdpr = next(duty for duty in first if duty.regime == GDPR)
    assert gdpr.outcome == "possible"
    again = actions.propose(hospital(), by(NOW + HOUR))
    assert len(again) == len(first) == Duty.objects.count()
    gdpr.refresh_from_db()
    assert (gdpr.outcome, gdpr.questions) == ("likely", [])


def test_only_a_person_makes_a_duty_of_a_proposal_and_says_why(ready: Path) -> None:
    (duty, *_) = actions.propose(hospital(), by())
    assert duty.notices.count() == 0
    with pytest.raises(InvalidInput, match="reason"):
        actions.confirm(duty.pk, "  ", by())
    confirmed = actions.confirm(duty.pk, "Legal office", by())
    assert (confirmed.state, confirmed.decided_by, confirmed.decided_why) == (CONFIRMED, "ana", "Legal office")
    with pytest.raises(Conflict, match="confirmed"):
        actions.confirm(duty.pk, "again", by())
    assert actions.reject(duty.pk, "Not of those", by()).state == REJECTED
    assert not queries.open_notices().exists()
    assert actions.reopen(duty.pk, "Rash", by()).state == PROPOSED
    assert list(duty.history.values_list("what", flat=True)) == ["proposed", "confirmed", "rejected", "proposed"]
    assert AuditEntry.objects.filter(action="duty.confirmed", subject=f"duty {duty.pk}").count() == 1


def test_each_regime_keeps_its_own_start(ready: Path) -> None:
    nis2, gdpr = duty_of(NIS2), duty_of(GDPR)
    assert notice_of(gdpr, "notification").due_us == NOW - HOUR + 72 * HOUR
    actions.state_event(gdpr.pk, "controller_aware", NOW, "Forensic report: data was copied", by(NOW))
    assert notice_of(gdpr, "notification").due_us == NOW + 72 * HOUR
    assert notice_of(nis2, "incident_notification").due_us == NOW - HOUR + 72 * HOUR
    event = gdpr.events.get()
    assert (event.stated, event.basis) == (True, "Forensic report: data was copied")
    actions.withdraw_event(gdpr.pk, event.pk, "It was another case", by(NOW))
    assert notice_of(gdpr, "notification").clock == "waiting"


def test_new_facts_move_what_was_taken_from_them_and_not_what_was_stated(ready: Path) -> None:
    nis2, gdpr = duty_of(NIS2), duty_of(GDPR)
    actions.state_event(gdpr.pk, "controller_aware", NOW, "Forensic report", by())
    actions.propose(hospital(times={"aware": NOW - 2 * HOUR}), by())
    assert notice_of(nis2, "early_warning").due_us == NOW - 2 * HOUR + 24 * HOUR
    assert notice_of(gdpr, "notification").due_us == NOW + 72 * HOUR


def test_an_event_that_the_instrument_does_not_know_or_that_is_to_come_is_refused(ready: Path) -> None:
    duty = duty_of(NIS2)
    with pytest.raises(InvalidInput, match="knows no event"):
        actions.state_event(duty.pk, "payment_made", NOW, "x", by())
    with pytest.raises(InvalidInput, match="before it happens"):
        actions.state_event(duty.pk, "incident_handled", NOW + 48 * HOUR, "x", by())
    with pytest.raises(InvalidInput, match="years 2000 to 2099"):
        actions.state_event(duty.pk, "incident_handled", -1, "x", by())
    with pytest.raises(NotFound):
        actions.withdraw_event(duty.pk, 99, "x", by())


def test_a_sent_notice_starts_what_follows_and_keeps_its_receipt(ready: Path) -> None:
    duty = duty_of(DORA, subjects=[BANK])
    assert notice_of(duty, "initial_notification").clock == "perhaps"
    actions.state_event(duty.pk, "classified_as_major", NOW, "Crisis team", by())
    initial = notice_of(duty, "initial_notification")
    assert initial.due_us == NOW + 4 * HOUR
    sending = notices.sent(initial.pk, at_us=NOW + HOUR, how="portal", to="BaFin", by=by(NOW + HOUR))
    middle, last = notice_of(duty, "intermediate_report"), notice_of(duty, "final_report")
    assert middle.due_us == NOW + HOUR + 72 * HOUR
    assert (last.clock, last.awaited) == ("waiting", "latest_intermediate_report_submitted")
    kept = notices.keep_receipt(
        sending.pk,
        reference="DORA-2026-4711",
        receipt="",
        at_us=NOW + 2 * HOUR,
        by=by(),
        file_name="r.pdf",
        file_sha256="a" * 64,
    )
    assert (kept.reference, kept.receipt_file, kept.receipt_sha256) == ("DORA-2026-4711", "r.pdf", "a" * 64)
    with pytest.raises(Conflict, match="kept already"):
        notices.keep_receipt(sending.pk, reference="x", receipt="", at_us=NOW, by=by())
    first_final = us("2027-01-04T23:59:59+01:00")
    notices.sent(
        middle.pk,
        at_us=us("2026-12-04T10:00:00+00:00"),
        how="portal",
        to="BaFin",
        by=by(us("2026-12-04T10:00:00+00:00")),
    )
    assert notice_of(duty, "final_report").due_us == first_final
    notices.sent(
        middle.pk,
        at_us=us("2026-12-08T10:00:00+00:00"),
        how="portal",
        to="BaFin",
        by=by(us("2026-12-08T10:00:00+00:00")),
    )
    assert notice_of(duty, "final_report").due_us == us("2027-01-08T23:59:59+01:00")
    assert middle.sendings.count() == 2


def test_nothing_is_sent_later_than_now_or_to_nobody(ready: Path) -> None:
    notice = notice_of(duty_of(NIS2), "early_warning")
    with pytest.raises(InvalidInput, match="later than now"):
        notices.sent(notice.pk, at_us=NOW + HOUR, how="portal", to="BSI", by=by())
    with pytest.raises(InvalidInput, match="to whom"):
        notices.sent(notice.pk, at_us=NOW, how="portal", to=" ", by=by())
    assert notice.sendings.count() == 0


def test_a_draft_has_what_is_known_and_names_what_is_not(ready: Path) -> None:
    duty = duty_of(NIS2)
    made = notices.made_draft(notice_of(duty, "early_warning"), NOW)
    assert made.gaps == ("whether cross-border impact is possible",)
    assert "1. Whether unlawful or malicious acts are suspected\nyes" in made.text
    assert "2. Whether cross-border impact is possible\n[not known yet]" in made.text
    assert "To: national CSIRT or, where applicable, competent authority" in made.text
    assert "Due: 2026-12-01T10:00:00+01:00" in made.text
    final = notices.made_draft(notice_of(duty, "final_report"), NOW)
    assert "What happened: Files of two wards are encrypted.\nSeverity: high\nImpact: [not known yet]" in final.text


def test_a_late_notice_has_to_say_why(ready: Path) -> None:
    notice = notice_of(duty_of(GDPR), "notification")
    assert "delay" not in notices.made_draft(notice, NOW).text
    late = notices.made_draft(notice, NOW + 1000 * HOUR)
    assert late.gaps[-1] == "the reasons for the delay"
    actions.change_facts(notice.duty_id, hospital(texts={"delay": "The log was lost."}), by())
    notice.refresh_from_db()
    notice.duty.refresh_from_db()
    assert "The reasons for the delay\nThe log was lost." in notices.made_draft(notice, NOW + 1000 * HOUR).text


def test_a_draft_is_kept_as_a_person_left_it_and_made_again_when_emptied(ready: Path) -> None:
    notice = notice_of(duty_of(NIS2), "early_warning")
    notices.save_draft(notice.pk, "Our own words.", by())
    notice.refresh_from_db()
    assert notices.text_of(notice, NOW) == "Our own words."
    sending = notices.sent(notice.pk, at_us=NOW, how="mail", to="BSI", by=by())
    assert sending.text == "Our own words."
    notices.save_draft(notice.pk, "", by())
    notice.refresh_from_db()
    assert notices.text_of(notice, NOW).startswith("To: national CSIRT")


def test_an_extension_moves_a_limit_and_only_later(ready: Path) -> None:
    notice = notice_of(duty_of(NIS2), "incident_notification")
    with pytest.raises(InvalidInput, match="not later"):
        actions.extend(notice.pk, NOW, "x", by())
    moved = actions.extend(notice.pk, NOW + 100 * HOUR, "Letter of the authority", by())
    assert moved.due_us == NOW + 100 * HOUR
    assert moved.steps[-1]["source"] == "Letter of the authority"
    actions.propose(hospital(), by())
    assert notice_of(moved.duty, "incident_notification").due_us == NOW + 100 * HOUR


def test_a_notice_is_left_out_with_a_reason_and_taken_up_again(ready: Path) -> None:
    duty = duty_of(NIS2)
    notice = notice_of(duty, "progress_report")
    assert actions.leave_out(notice.pk, "Handled before", by()).dropped_why == "Handled before"
    assert queries.state_of(notice_of(duty, "progress_report"), NOW) == "left-out"
    assert actions.leave_out(notice.pk, "Not handled after all", by()).dropped_why == ""


def test_facts_that_rule_a_stage_out_leave_it_out_and_bring_it_back(ready: Path) -> None:
    subject = {"name": "home", "places": ["US"], "roles": ["bank"]}
    duty = duty_of("RO:US-BANK36", "US", subjects=[subject])
    assert duty.notices.count() == 2
    actions.change_facts(duty.pk, hospital(subjects=[subject], flags={"bank_service_provider": False}), by())
    assert queries.state_of(notice_of(duty, "service_provider_to_bank"), NOW) == "left-out"
    actions.change_facts(duty.pk, hospital(subjects=[subject]), by())
    assert queries.state_of(notice_of(duty, "service_provider_to_bank"), NOW) == "waiting"


def test_an_ongoing_incident_has_a_progress_report_and_a_later_final_report(ready: Path) -> None:
    duty = duty_of(NIS2)
    notices.sent(notice_of(duty, "incident_notification").pk, at_us=NOW, how="portal", to="BSI", by=by())
    assert notice_of(duty, "progress_report").clock == "perhaps"
    later = us("2026-12-20T10:00:00+00:00")
    actions.state_event(duty.pk, "if_incident_ongoing_at_final_report_date", later, "Two wards still down", by(later))
    progress, final = notice_of(duty, "progress_report"), notice_of(duty, "final_report")
    assert (progress.clock, progress.local) == ("limit", "2026-12-30T23:59:59+01:00")
    assert (final.clock, final.awaited) == ("waiting", "incident_handled")
    handled = us("2027-01-10T10:00:00+00:00")
    actions.state_event(duty.pk, "incident_handled", handled, "Restored", by(handled))
    assert notice_of(duty, "final_report").local == "2027-02-10T23:59:59+01:00"


def test_each_request_of_an_authority_is_a_notice_of_its_own(ready: Path) -> None:
    duty = duty_of(NIS2)
    for number in (1, 2):
        at = NOW + number * HOUR
        actions.state_event(
            duty.pk, "request_of_csirt_or_authority", at, "BSI, by mail", by(at), answer_by_us=at + 24 * HOUR
        )
    found = duty.notices.filter(name="intermediate_report", dropped_why="").order_by("due_us")
    assert [one.due_us for one in found] == [NOW + 25 * HOUR, NOW + 26 * HOUR]


def test_people_are_reminded_at_parts_of_the_time_and_when_it_is_over(ready: Path) -> None:
    duty = duty_of(GDPR)
    start = NOW - HOUR
    assert upkeep(start + 35 * HOUR) == 0
    assert upkeep(start + 36 * HOUR) == 1
    assert upkeep(start + 36 * HOUR) == 0
    assert notice_of(duty, "notification").reminded == 50
    assert upkeep(start + 80 * HOUR) == 1
    notice = notice_of(duty, "notification")
    assert (notice.reminded, notice.next_reminder_us) == (100, None)
    assert queries.state_of(notice, start + 80 * HOUR) == "overdue"
    said = [one.said for one in duty.history.filter(what="reminder")]
    assert (
        said[0] == "Of the time of the notice notification 50 per cent are used; it is due 2026-12-03T10:00:00+01:00."
    )
    assert said[1].startswith("The time of the notice notification is over since")


def test_what_is_due_at_once_is_reminded_of_at_once_and_what_is_sent_no_more(ready: Path) -> None:
    people = duty_of("RO:EU-GDPR-34", flags={"personal_data": True, "high_risk_to_people": True})
    gdpr = duty_of(GDPR)
    notices.sent(notice_of(gdpr, "notification").pk, at_us=NOW, how="portal", to="LfDI", by=by())
    assert upkeep(NOW) == 1
    assert people.history.get(what="reminder").said == "The notice data subject communication is to be sent at once."
    assert upkeep(NOW + 1000 * HOUR) == 0


def test_a_closed_duty_is_quiet_and_opens_again(ready: Path) -> None:
    duty = duty_of(GDPR)
    assert actions.close(duty.pk, "Authority closed the file", by()).state == CLOSED
    assert upkeep(NOW + 1000 * HOUR) == 0
    with pytest.raises(Conflict, match="closed"):
        notices.sent(notice_of(duty, "notification").pk, at_us=NOW, how="portal", to="LfDI", by=by())
    actions.reopen(duty.pk, "New facts", by())
    assert upkeep(NOW + 1000 * HOUR) == 1


def test_a_late_sending_is_on_record_as_late(ready: Path) -> None:
    notice = notice_of(duty_of(NIS2), "early_warning")
    at = NOW + 30 * HOUR
    notices.sent(notice.pk, at_us=at, how="portal", to="BSI", by=by(at))
    assert AuditEntry.objects.get(action="duty.sent").detail["late"] is True


def test_what_postgresql_cannot_store_is_refused(ready: Path) -> None:
    notice = notice_of(duty_of(NIS2), "early_warning")
    for act in (
        lambda: hospital(title="a\0b"),
        lambda: hospital(texts={"summary": "a\0b"}),
        lambda: notices.save_draft(notice.pk, "a\0b", by()),
        lambda: notices.sent(notice.pk, at_us=NOW, how="a\0b", to="BSI", by=by()),
        lambda: actions.reject(notice.duty_id, "a\0b", by()),
    ):
        with pytest.raises(InvalidInput, match="NUL"):
            act()


def test_texts_from_outside_are_bounded(ready: Path) -> None:
    notice = notice_of(duty_of(NIS2), "early_warning")
    with pytest.raises(InvalidInput, match="200,000"):
        notices.save_draft(notice.pk, "x" * 200_001, by())
