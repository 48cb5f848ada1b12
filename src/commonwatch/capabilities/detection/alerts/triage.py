"""What people say of alerts: a verdict with a note, each on record, each undone by a further row. The author is told after it."""

from __future__ import annotations

from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.capabilities.detection.alerts.telling import tell
from commonwatch.capabilities.detection.models import Alert, Told, Triage, Verdict
from commonwatch.core.errors import Conflict, InvalidInput, NotFound

_GRACE_US = 60_000_000  # a triage that is under way tells the author itself


def triage(number: int, verdict: str, note: str, *, actor: str, now_us: int) -> Told | None:
    """Say what an alert was; what the author was told of it, if anything."""
    check_verdict(verdict)
    with transaction.atomic():
        alert = _alert(number)
        Triage.objects.create(alert=alert, verdict=verdict, note=note, actor=actor, at_us=now_us)
        _set(alert, verdict, note, actor, now_us)
    return tell(alert, actor=actor, now_us=now_us)


def check_verdict(verdict: str) -> None:
    """Raises InvalidInput for what nobody can say of an alert."""
    if verdict not in Verdict.values or verdict == Verdict.OPEN:
        raise InvalidInput("verdict-unknown", f"{verdict} is no verdict.", "Use true, false, benign or unknown.")


def undo(number: int, note: str, *, actor: str, now_us: int) -> Told | None:
    """Take the latest verdict back: the one before it counts again."""
    with transaction.atomic():
        alert = _alert(number)
        said = standing(alert)
        if not said:
            raise Conflict(
                "triage-none", f"Nobody has said anything of alert {number}.", "See `commonwatch alerts show`."
            )
        before = said[-2].verdict if len(said) > 1 else Verdict.OPEN
        Triage.objects.create(alert=alert, verdict=before, note=note, undoes=said[-1], actor=actor, at_us=now_us)
        _set(alert, before, note, actor, now_us)
    return tell(alert, actor=actor, now_us=now_us)


def tell_pending(now_us: int) -> int:
    """Tell the authors of alerts whose verdict was committed but not told: a process died between the two."""
    waiting = Alert.objects.filter(verdict__in=[Verdict.TRUE, Verdict.FALSE], told=None)
    numbers = list(waiting.filter(changed_us__lt=now_us - _GRACE_US).values_list("pk", flat=True)[:100])
    for number in numbers:
        tell(Alert.objects.get(pk=number), actor="worker", now_us=now_us)
    return len(numbers)


def standing(alert: Alert) -> list[Triage]:
    """The verdicts that were not undone, oldest first."""
    rows = list(alert.history.order_by("pk"))
    undone = {row.undoes_id for row in rows if row.undoes_id is not None}
    return [row for row in rows if row.undoes_id is None and row.pk not in undone]


def _set(alert: Alert, verdict: str, note: str, actor: str, now_us: int) -> None:
    alert.verdict, alert.changed_us = verdict, now_us
    alert.save(update_fields=["verdict", "changed_us"])
    record(actor, "alert.triage", str(alert.pk), verdict, {"object": alert.stix_id, "note": note}, now_us=now_us)


def _alert(number: int) -> Alert:
    alert = Alert.objects.select_for_update().filter(pk=number).first()
    if alert is None:
        raise NotFound("alert-unknown", f"There is no alert {number}.", "See `commonwatch alerts list`.")
    return alert
