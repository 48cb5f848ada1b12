"""What every write of this room shares: the duty in a state that allows it, a reason, the history and the record."""

from __future__ import annotations

from collections.abc import Mapping

from commonwatch.base.audit.record import record
from commonwatch.base.parties.actions import By
from commonwatch.capabilities.duties.case_facts import check_moment, check_text
from commonwatch.capabilities.duties.models import CLOSED, CONFIRMED, PROPOSED, REJECTED, Duty, Happened, Step
from commonwatch.capabilities.duties.queries import duty_numbered
from commonwatch.core.errors import Conflict, InvalidInput

LONGEST_REASON = 2_000
_STANDS = {
    PROPOSED: "The duty is proposed, and nobody has confirmed it yet.",
    CONFIRMED: "The duty is confirmed.",
    REJECTED: "The duty is rejected.",
    CLOSED: "The duty is closed.",
}


def open_for(number: int, *states: str) -> Duty:
    """The duty, in one of these states; raises Conflict."""
    duty = duty_numbered(number)
    if duty.state not in states:
        raise Conflict("duty-state", _STANDS[duty.state], "See what was decided of it on its page.")
    return duty


def given_reason(text: str) -> str:
    """A reason, bounded; raises InvalidInput where there is none."""
    reason = check_text(text).strip()[:LONGEST_REASON]
    if not reason:
        raise InvalidInput("reason-missing", "A reason is needed.", "Say why, or who says so.", status=422)
    return reason


def write_down(duty: Duty, by: By, what: str, said: str, detail: Mapping[str, object]) -> None:
    """Put an act into the history of its duty and on record."""
    Step.objects.create(duty=duty, at_us=by.now_us, actor=by.actor[:200], what=what, said=said)
    about = {"case": duty.case, "instrument": duty.regime, "place": duty.place, **detail}
    record(by.actor, f"duty.{what}", f"duty {duty.pk}", "done", about, now_us=by.now_us)


def add_event(
    duty: Duty, event: str, at_us: int, basis: str, by: By, *, stated: bool, answer_by_us: int | None = None
) -> None:
    """Put an event to a duty. Call `keeping.refresh` afterwards."""
    for one in (at_us, answer_by_us):
        if one is not None:
            check_moment(one)
    Happened.objects.create(
        duty=duty,
        event=event,
        at_us=at_us,
        basis=basis,
        answer_by_us=answer_by_us,
        stated=stated,
        actor=by.actor,
        recorded_us=by.now_us,
    )
