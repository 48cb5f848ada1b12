"""Every write about a duty and its clocks: propose, decide, state events, extend, leave out. Notices: see `notices`.

1. A proposal comes from facts; a person confirms or rejects it, with a reason. 2. Only a confirmed duty has clocks. 3. After each
event the clocks of a duty are worked out anew; what was sent stays as it was. 4. Each act is in the duty's history and on record.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.conf import settings
from django.db import transaction

from commonwatch.base.parties.actions import By
from commonwatch.capabilities.duties.case_facts import Facts, check_moment
from commonwatch.capabilities.duties.clockwork import events_of, law_of
from commonwatch.capabilities.duties.foreseeing import assessed
from commonwatch.capabilities.duties.keeping import refresh, take_times
from commonwatch.capabilities.duties.law import duties_list
from commonwatch.capabilities.duties.models import CLOSED, CONFIRMED, PROPOSED, REJECTED, Duty, Extension, Notice
from commonwatch.capabilities.duties.queries import notice_numbered
from commonwatch.capabilities.duties.rules import NO, STANDS, Assessed
from commonwatch.capabilities.duties.writing import add_event, given_reason, open_for, write_down
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.law.duties import Regime


def propose(facts: Facts, by: By, only: Sequence[tuple[str, str, str]] | None = None) -> list[Duty]:
    """Keep what may apply as proposals: what is in force, else what `only` names (member, place, instrument).

    Duties of the same case, member, place and instrument that are known already get the facts as they are now.
    """
    law = duties_list().by_id()
    kept = []
    with transaction.atomic():
        for one in assessed(facts, by.now_us):
            key = (one.member, one.place, one.regime)
            chosen = one.standing == STANDS if only is None else key in only
            if one.outcome != NO and chosen:
                kept.append(_kept(facts, one, law[one.regime], by))
    return kept


def confirm(number: int, reason: str, by: By) -> Duty:
    """A person says that the duty is owed: its clocks open, each from the times of the case until a better one is stated."""
    duty = open_for(number, PROPOSED, REJECTED)
    with transaction.atomic():
        _decide(duty, CONFIRMED, reason, by)
        take_times(duty, by)
        refresh(duty, by.now_us)
    return duty


def reject(number: int, reason: str, by: By) -> Duty:
    """A person says that the duty is not owed, and why."""
    duty = open_for(number, PROPOSED, CONFIRMED)
    with transaction.atomic():
        _decide(duty, REJECTED, reason, by)
        duty.notices.filter(sent_us=None).update(next_reminder_us=None)
    return duty


def close(number: int, reason: str, by: By) -> Duty:
    """Nothing more is to be told under it."""
    duty = open_for(number, CONFIRMED)
    with transaction.atomic():
        _decide(duty, CLOSED, reason, by)
        duty.notices.update(next_reminder_us=None)
    return duty


def reopen(number: int, reason: str, by: By) -> Duty:
    """Take a decision back: a rejected duty is a proposal again, a closed one goes on."""
    duty = open_for(number, REJECTED, CLOSED)
    with transaction.atomic():
        was = duty.state
        _decide(duty, PROPOSED if was == REJECTED else CONFIRMED, reason, by)
        if was == CLOSED:
            refresh(duty, by.now_us)
    return duty


def state_event(number: int, event: str, at_us: int, basis: str, by: By, *, answer_by_us: int | None = None) -> Duty:
    """State that an event happened, when, and who says so. Where it counts once, this takes the place of an earlier word."""
    duty = open_for(number, CONFIRMED)
    law, duties = law_of(duty), duties_list()
    if event not in events_of(law):
        known = ", ".join(events_of(law))
        raise InvalidInput(
            "event-unknown", f"{law.title} knows no event {event[:80]}.", f"It knows: {known}.", status=422
        )
    if at_us > by.now_us + settings.COMMONWATCH.max_future_seconds * 1_000_000:
        raise InvalidInput(
            "event-future", "An event cannot be stated before it happens.", "Check the time.", status=422
        )
    basis = given_reason(basis)
    with transaction.atomic():
        if duties.start(event).counts == "first":
            duty.events.filter(event=event).delete()
        add_event(duty, event, at_us, basis, by, stated=True, answer_by_us=answer_by_us)
        write_down(
            duty, by, "event", f"{duties.start(event).means or event}: {basis}", {"event": event, "at_us": at_us}
        )
        refresh(duty, by.now_us)
    return duty


def withdraw_event(number: int, event: int, reason: str, by: By) -> Duty:
    """Take a wrong event back."""
    duty = open_for(number, CONFIRMED)
    found = duty.events.filter(pk=event).first()
    if found is None:
        raise NotFound("event-unknown", "The duty has no such event.", "See its page.")
    with transaction.atomic():
        write_down(duty, by, "event-withdrawn", given_reason(reason), {"event": found.event, "at_us": found.at_us})
        found.delete()
        refresh(duty, by.now_us)
    return duty


def extend(number: int, until_us: int, ground: str, by: By) -> Notice:
    """Record more time for a notice: who granted it, on which ground."""
    notice = notice_numbered(number)
    duty = open_for(notice.duty_id, CONFIRMED)
    if notice.sent_us is not None:
        raise Conflict("notice-sent", "The notice is sent.", "Its time needs no extension.")
    check_moment(until_us)
    if until_us <= (notice.due_us or by.now_us):
        raise InvalidInput("extension-earlier", "The new limit is not later than the one that holds.", "", status=422)
    with transaction.atomic():
        Extension.objects.create(
            notice=notice, until_us=until_us, ground=given_reason(ground), actor=by.actor, at_us=by.now_us
        )
        write_down(duty, by, "extended", ground, {"notice": notice.stage, "until_us": until_us})
        refresh(duty, by.now_us)
    notice.refresh_from_db()
    return notice


def leave_out(number: int, reason: str, by: By) -> Notice:
    """A person says that this notice is not needed, and why; said again of one left out, it is needed after all."""
    notice = notice_numbered(number)
    duty = open_for(notice.duty_id, CONFIRMED)
    if notice.sent_us is not None:
        raise Conflict("notice-sent", "The notice is sent.", "What was sent stays on record.")
    with transaction.atomic():
        back = bool(notice.dropped_why)
        notice.dropped_why = "" if back else given_reason(reason)
        notice.changed_us, notice.sequence = by.now_us, notice.sequence + 1
        notice.save()
        write_down(duty, by, "needed" if back else "left-out", given_reason(reason), {"notice": notice.stage})
        refresh(duty, by.now_us)
    notice.refresh_from_db()
    return notice


def change_facts(number: int, facts: Facts, by: By) -> Duty:
    """Give a duty the facts as they are known now; its clocks follow."""
    duty = open_for(number, PROPOSED, CONFIRMED)
    with transaction.atomic():
        duty.facts = msgspec.to_builtins(facts)
        duty.save(update_fields=["facts"])
        write_down(duty, by, "facts", "The facts are as they are known now.", {})
        if duty.state == CONFIRMED:
            take_times(duty, by)
            refresh(duty, by.now_us)
    return duty


def _kept(facts: Facts, one: Assessed, law: Regime, by: By) -> Duty:
    values = {
        "case": facts.case,
        "title": facts.title,
        "facts": msgspec.to_builtins(facts),
        "outcome": one.outcome,
        "standing": one.standing,
        "reasons": list(one.reasons),
        "questions": list(one.questions),
    }
    key = {"about": facts.about, "member": one.member, "place": one.place, "regime": one.regime}
    duty = Duty.objects.select_for_update().filter(**key).first()
    if duty is None:
        duty = Duty.objects.create(**key, **values, law=msgspec.to_builtins(law), made_us=by.now_us)
        write_down(duty, by, "proposed", " ".join((*one.reasons, *one.questions)), {"outcome": one.outcome})
        return duty
    for name, value in values.items():
        setattr(duty, name, value)
    duty.save()
    write_down(duty, by, "facts", "The facts are as they are known now.", {"outcome": one.outcome})
    if duty.state == CONFIRMED:
        take_times(duty, by)
        refresh(duty, by.now_us)
    return duty


def _decide(duty: Duty, state: str, reason: str, by: By) -> None:
    """A duty that is open from now on, and was not, takes the law of the list in use."""
    known = duties_list().by_id().get(duty.regime)
    if state in (PROPOSED, CONFIRMED) and known is not None:
        duty.law = msgspec.to_builtins(known)
    duty.state, duty.decided_us, duty.decided_by, duty.decided_why = state, by.now_us, by.actor, given_reason(reason)
    duty.save()
    write_down(duty, by, state, duty.decided_why, {})
