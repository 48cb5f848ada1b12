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

import orjson
from django.conf import settings

from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.collections import collection
from commonwatch.base.release.explain import Asking, summary
from commonwatch.base.release.publishing import simulate
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.detection.models import Alert, Indicator, Told, Verdict
from commonwatch.core.policy.scales import PAP_RED, RED, TLP_NAMES
from commonwatch.core.stix.extensions import NAMESPACE, HandlingExtension, PapColour, handling_marking
from commonwatch.core.stix.judge import judge
from commonwatch.core.stix.markings import TLP2
from commonwatch.core.stix.times import format_time
from commonwatch.core.stix.values import Admissible, Piece

SOURCE = "detection"  # what this node's own observations come in as
COLLECTION = "main"
MOST_COUNT = 999_999_999  # STIX 2.1, section 5.2: a sighting's count
_PAP: tuple[PapColour, ...] = ("clear", "green", "amber", "red")
_WAIT_SECONDS = 60.0


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
    owner = indicator.terms.owner
    marking = _handling(indicator)
    value = {**_object(alert, kind, now_us), "object_marking_refs": [_level(indicator), marking["id"]]}
    reasons = _refusal(value, marking, owner, now_us)
    identity = str(value["id"])
    reasons = reasons or _send([marking, value], actor, now_us)
    if reasons:
        return _keep(alert, identity, owner, Told.Outcome.REFUSED, reasons, value, now_us)
    return _keep(alert, identity, owner, Told.Outcome.SENT, [], value, now_us)


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


def _handling(indicator: Indicator) -> dict[str, Any]:
    """Rule 2: the member that answers for the object, by name."""
    named = (member_named(indicator.terms.owner).identity,)
    pap = indicator.terms.pap
    return handling_marking(HandlingExtension(named=named, pap=_PAP[pap] if pap else None))


def _level(indicator: Indicator) -> str:
    level = RED if indicator.terms.pap >= PAP_RED else indicator.terms.tlp
    return TLP2[TLP_NAMES[level]]


def _refusal(value: Mapping[str, Any], marking: Mapping[str, Any], owner: str, now_us: int) -> list[str]:
    """Rule 3: why it must not be published; empty where it may."""
    limits = settings.COMMONWATCH
    draft = judge(_piece(value), now_us, limits.max_future_seconds * 1_000_000, limits.max_object_bytes)
    if not isinstance(draft, Admissible):
        return [finding.sentence for finding in draft.findings]
    own = own_member()
    found = simulate(
        draft, Asking(), default="TLP:RED", voucher=own.identity, beside={str(marking["id"]): dict(marking)}
    )
    # That nobody but its owner gets it stands in the way only of what is meant for somebody else.
    problems = [one.sentence for one in found.blocking if one.code != "audience-empty"]
    if owner == own.name:
        return problems
    said = next((one.decision for one in found.reached if one.member == owner), None)
    if said is None:
        return [*problems, f"{owner} is no member any more."]
    return problems if said.variant is not None else [*problems, f"{owner} would not get it: {summary(said)}"]


def _revoke(told: Told, actor: str, now_us: int) -> None:
    """Rule 4: a version of it that says it does not hold any more."""
    value = {**told.value, "modified": format_time(now_us, 3), "revoked": True}
    _send([value], actor, now_us)
    Told.objects.filter(pk=told.pk).update(outcome=Told.Outcome.REVOKED, value=value, at_us=now_us)


def _send(values: list[dict[str, Any]], actor: str, now_us: int) -> list[str]:
    """By intake; what kept any of it out."""
    source = ensure_source(SOURCE, "TLP:RED")
    slot = collection(operator(actor), COLLECTION).slot
    channel = Channel(source.pk, "TLP:RED", voucher_of(source), actor, (slot,))
    report = receive([_piece(value) for value in values], channel, now_us).result(_WAIT_SECONDS)
    return [finding.sentence for result in report.results if not result.is_in for finding in result.findings]


def _piece(value: Mapping[str, Any]) -> Piece:
    return Piece(orjson.dumps(value), "")


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
