"""What the author of an object learns of it: a sighting for a true alert, an opinion for a false one. Never telemetry.

1. It holds the object's id, a count and a time window, and who says so: this node's own member. Nothing of the events.
2. It is marked as the object is (TLP and PAP), and names the member that answers for the object as its recipient; under
   PAP:RED it is for that member alone (TLP:RED).
3. Before it is published release is asked who would get it. If the author would not, it is not published, and the reasons
   are kept with the alert.
4. It is this member's own object, by intake, so that it is shared, explained and recalled like every other. What was said
   and is not so any more is revoked.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from commonwatch.base.intake.own import Audience, marked_for, store, write
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.detection.models import Alert, Indicator, Told, Verdict
from commonwatch.core.errors import CommonwatchError
from commonwatch.core.policy.scales import PAP_RED, RED, TLP_NAMES
from commonwatch.core.stix.extensions import NAMESPACE, PapColour
from commonwatch.core.stix.times import format_time

SOURCE = "detection"  # what this node's own observations come in as
MOST_COUNT = 999_999_999  # STIX 2.1, section 5.2: a sighting's count
_PAP: tuple[PapColour, ...] = ("clear", "green", "amber", "red")


def tell(alert: Alert, *, actor: str, now_us: int) -> Told | None:
    """Publish what the alert's verdict comes to, or take back what was published; None where there is nothing to say."""
    before = Told.objects.filter(alert=alert).first()
    kind = {Verdict.TRUE: "sighting", Verdict.FALSE: "opinion"}.get(Verdict(alert.verdict))
    if before is not None and before.outcome == Told.Outcome.SENT and not before.object_id.startswith(f"{kind}--"):
        _revoke(before, actor, now_us)
    if kind is None:
        return Told.objects.filter(alert=alert).first()
    indicator = Indicator.objects.select_related("terms").filter(stix_id=alert.stix_id, voucher=alert.voucher).first()
    if indicator is None:
        return _keep(alert, "", "", Told.Outcome.REFUSED, ["The object is not held any more."], {}, now_us)
    return _publish(alert, indicator, kind, actor, now_us)


def _publish(alert: Alert, indicator: Indicator, kind: str, actor: str, now_us: int) -> Told:
    value, owner = _object(alert, kind, now_us), indicator.terms.owner
    identity = str(value["id"])
    try:
        marked = marked_for([value], _audience(indicator))
        write([value], _audience(indicator), by=By(actor, now_us), source=SOURCE)
    except CommonwatchError as error:
        return _keep(alert, identity, owner, Told.Outcome.REFUSED, _reasons(error), value, now_us)
    return _keep(alert, identity, owner, Told.Outcome.SENT, [], marked[0], now_us)


def _reasons(error: CommonwatchError) -> list[str]:
    found = error.data.get("reasons")
    return [str(one) for one in found] if isinstance(found, list) else [error.sentence]


def _object(alert: Alert, kind: str, now_us: int) -> dict[str, Any]:
    """Rule 1. The same alert always gives the same id: what is said again is a newer version."""
    own = own_member().identity
    before = Told.objects.filter(alert=alert).first()
    now = format_time(now_us, 3)
    identity = f"{kind}--{uuid.uuid5(NAMESPACE, f'{kind} {own} {alert.key}')}"
    created = before.created if before is not None and before.object_id == identity and before.created else now
    head = {
        "type": kind,
        "spec_version": "2.1",
        "id": identity,
        "created_by_ref": own,
        "created": created,
        "modified": now,
    }
    first, last = format_time(alert.first_us or now_us, 6), format_time(alert.last_us or now_us, 6)
    if kind == "sighting":
        return {
            **head,
            "first_seen": first,
            "last_seen": last,
            "count": min(alert.count, MOST_COUNT),
            "sighting_of_ref": alert.stix_id,
            "where_sighted_refs": [own],
        }
    said = f"A false positive here: {alert.count} matches between {first} and {last}."
    return {**head, "opinion": "strongly-disagree", "explanation": said, "object_refs": [alert.stix_id]}


def _audience(indicator: Indicator) -> Audience:
    """Rule 2: the member that answers for the object, by name."""
    pap = indicator.terms.pap
    level = RED if pap >= PAP_RED else indicator.terms.tlp
    return Audience(TLP_NAMES[level], (indicator.terms.owner,), pap=_PAP[pap] if pap else None, also_others=True)


def _revoke(told: Told, actor: str, now_us: int) -> None:
    """Rule 4: a version of it that says it does not hold any more."""
    value = {**told.value, "modified": format_time(now_us, 3), "revoked": True}
    store([value], by=By(actor, now_us), source=SOURCE)
    Told.objects.filter(pk=told.pk).update(outcome=Told.Outcome.REVOKED, value=value, at_us=now_us)


def _keep(
    alert: Alert,
    identity: str,
    to: str,
    outcome: Told.Outcome,
    reasons: list[str],
    value: Mapping[str, Any],
    now_us: int,
) -> Told:
    created = str(value.get("created", ""))
    return Told.objects.update_or_create(
        alert=alert,
        defaults={
            "object_id": identity,
            "to": to,
            "outcome": outcome,
            "reasons": reasons,
            "created": created,
            "value": dict(value),
            "at_us": now_us,
        },
    )[0]
