"""Every read of duties, as commands, routes and pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Min, Q, QuerySet

from commonwatch.capabilities.duties.clockwork import events_of, law_of
from commonwatch.capabilities.duties.law import duties_list
from commonwatch.capabilities.duties.models import CONFIRMED, PROPOSED, Duty, Happened, Notice, Sending
from commonwatch.core.errors import NotFound
from commonwatch.core.law.clocks import State
from commonwatch.core.law.duties import Duties
from commonwatch.core.stix.times import format_time

OVERDUE, RUNNING, WAITING, SENT, LEFT_OUT = "overdue", "running", "waiting", "sent", "left-out"


@dataclass(frozen=True)
class Wanted:
    """Which duties; what is empty does not count."""

    states: Sequence[str] = ()
    case: str = ""
    member: str = ""
    regime: str = ""


def duty_numbered(number: int) -> Duty:
    """A duty by its number; raises NotFound."""
    found = Duty.objects.filter(pk=number).first()
    if found is None:
        raise NotFound("duty-unknown", f"There is no duty {number}.", "See `commonwatch duties list`.")
    return found


def notice_numbered(number: int) -> Notice:
    """A notice by its number; raises NotFound."""
    found = Notice.objects.select_related("duty").filter(pk=number).first()
    if found is None:
        raise NotFound("notice-unknown", f"There is no notice {number}.", "See `commonwatch duties show`.")
    return found


def sending_numbered(number: int) -> Sending:
    """A sending by its number; raises NotFound."""
    found = Sending.objects.select_related("notice__duty").filter(pk=number).first()
    if found is None:
        raise NotFound("sending-unknown", f"There is no sending {number}.", "See `commonwatch duties show`.")
    return found


def duties(wanted: Wanted) -> QuerySet[Duty]:
    """The duties that are wanted, newest first, each with the moment of its next notice (`next_us`)."""
    found = Duty.objects.annotate(next_us=Min("notices__due_us", filter=_open_notices("notices__")))
    if wanted.states:
        found = found.filter(state__in=wanted.states)
    for name, value in (("case", wanted.case), ("member", wanted.member), ("regime", wanted.regime)):
        if value:
            found = found.filter(**{name: value})
    return found.order_by("-pk")


def counts() -> dict[str, int]:
    """How many duties are in which state."""
    return dict(Duty.objects.values_list("state").annotate(many=Count("pk")))


def open_notices(now_us: int | None = None) -> QuerySet[Notice]:
    """Notices of confirmed duties that are still to be sent, the earliest first; those without a moment last."""
    found = Notice.objects.filter(_open_notices(""), duty__state=CONFIRMED).exclude(clock=State.NO_LIMIT)
    if now_us is not None:
        found = found.filter(due_us__lt=now_us)
    return found.select_related("duty").order_by(F("due_us").asc(nulls_last=True), "pk")


def _open_notices(path: str) -> Q:
    return Q(**{f"{path}sent_us": None, f"{path}dropped_why": ""})


def proposals() -> int:
    """How many proposals wait for a person."""
    return Duty.objects.filter(state=PROPOSED).count()


def state_of(notice: Notice, now_us: int) -> str:
    """Where a notice is, in a word."""
    if notice.sent_us is not None:
        return SENT
    if notice.dropped_why:
        return LEFT_OUT
    if notice.clock in (State.WAITING, State.NO_LIMIT, State.UNSET):
        return WAITING
    late = notice.due_us is not None and notice.due_us < now_us and not notice.is_guide
    return OVERDUE if late and notice.clock == State.LIMIT else RUNNING


def shown_duty(duty: Duty) -> dict[str, Any]:
    """A duty in a list."""
    next_us = getattr(duty, "next_us", None)
    law = duty.law
    return {
        "duty": duty.pk,
        "title": duty.title,
        "case": duty.case,
        "member": duty.member,
        "place": duty.place,
        "instrument": law["title"],
        "regime": duty.regime,
        "recipient": law["recipient"],
        "state": duty.state,
        "outcome": duty.outcome,
        "standing": duty.standing,
        "verified": law["verified"],
        "next_due": format_time(next_us, 0) if next_us is not None else "",
    }


def whole_duty(duty: Duty, now_us: int) -> dict[str, Any]:
    """A duty with all that it rests on: law, facts, events, notices, history."""
    law, duties_now = law_of(duty), duties_list()
    return {
        **shown_duty(duty),
        "reasons": duty.reasons,
        "questions": duty.questions,
        "decided_by": duty.decided_by,
        "decided_why": duty.decided_why,
        "decided": format_time(duty.decided_us, 0) if duty.decided_us else "",
        "law": {
            "instrument": law.instrument,
            "who": law.who,
            "trigger": law.trigger,
            "source": law.source,
            "as_of": law.as_of.isoformat(),
            "verified_against": list(law.verified_against),
            "uncertain": law.uncertain,
            "note": law.note,
            "confidence": law.confidence,
            "also_inform": list(law.also_inform),
            "counting": duties_now.counting(law.counting).title,
            "in_list": duty.regime in duties_now.by_id(),
        },
        "events": [_shown_event(one, duties_now.start(one.event).means) for one in duty.events.order_by("at_us", "pk")],
        "may_happen": [{"event": one, "means": duties_now.start(one).means or one} for one in events_of(law)],
        "notices": [shown_notice(one, now_us, duties_now) for one in _ordered(duty)],
        "history": [
            {"at": format_time(one.at_us, 3), "actor": one.actor, "what": one.what, "said": one.said}
            for one in duty.history.order_by("pk")
        ],
        "facts": duty.facts,
    }


def shown_notice(notice: Notice, now_us: int, words: Duties) -> dict[str, Any]:
    """A notice with its clock: what state, until when, why, what is not known, what was sent and came back.

    `words`: the list in use, for what events mean.
    """
    return {
        "notice": notice.pk,
        "duty": notice.duty_id,
        "stage": notice.stage,
        "name": notice.name.replace("_", " "),
        "state": state_of(notice, now_us),
        "clock": notice.clock,
        "due": format_time(notice.due_us, 0) if notice.due_us is not None else "",
        "local": notice.local,
        "left_seconds": (notice.due_us - now_us) // 1_000_000 if notice.due_us is not None else None,
        "guidance_only": notice.is_guide,
        "started": format_time(notice.start_us, 0) if notice.start_us is not None else "",
        "awaited": notice.awaited,
        "waits_for": words.start(notice.awaited).means if notice.awaited else "",
        "reasons": notice.steps,
        "gaps": notice.gaps,
        "left_out": notice.dropped_why,
        "extensions": [
            {"until": format_time(one.until_us, 0), "ground": one.ground, "actor": one.actor}
            for one in notice.extensions.order_by("pk")
        ],
        "sendings": [shown_sending(one) for one in notice.sendings.order_by("pk")],
    }


def shown_sending(one: Sending) -> dict[str, Any]:
    """A sending and its receipt."""
    return {
        "sending": one.pk,
        "at": format_time(one.at_us, 0),
        "how": one.how,
        "to": one.to,
        "by": one.actor,
        "sha256": one.text_sha256,
        "text": one.text,
        "reference": one.reference,
        "receipt": one.receipt,
        "received": format_time(one.receipt_us, 0) if one.receipt_us is not None else "",
        "file": one.receipt_file,
        "file_sha256": one.receipt_sha256,
    }


def _shown_event(one: Happened, means: str) -> dict[str, Any]:
    return {
        "number": one.pk,
        "event": one.event,
        "means": means or one.event,
        "at": format_time(one.at_us, 0),
        "basis": one.basis,
        "stated": one.stated,
        "actor": one.actor,
    }


def _ordered(duty: Duty) -> list[Notice]:
    places = {stage["id"]: number for number, stage in enumerate(duty.law["stages"])}
    found = duty.notices.prefetch_related("extensions", "sendings")
    return sorted(found, key=lambda one: (places.get(one.stage, len(places)), one.occurrence))
