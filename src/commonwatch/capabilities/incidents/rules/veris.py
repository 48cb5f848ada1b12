"""A case as a VERIS record (1.4, the outline of it) and back, each with what was lost.

VERIS describes an incident once it is over: four A's (actor, action, asset, attribute), a timeline in spans, how it was found, what it
cost. It knows no partners, tasks, decisions or markings. Its value lists are under CC BY-SA and are not copied here: where a list asks
for a variety that a case does not hold, the word is Unknown, which every list has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from commonwatch.capabilities.incidents.rules.case import Case, Piece
from commonwatch.capabilities.incidents.rules.saying import moment_of
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.incidents import Determination, Level, Stamp, TimeKind
from commonwatch.core.stix.times import format_time

SCHEMA = "1.4.0"
_UNKNOWN = {"variety": ["Unknown"], "vector": ["Unknown"]}
# Which action a class or type of RSIT is most like; a type before its class. An opinion, and said as one in the loss report.
_ACTION: Mapping[str, str] = {
    "malicious-code": "malware",
    "information-gathering.social-engineering": "social",
    "information-gathering": "hacking",
    "intrusion-attempts": "hacking",
    "intrusions.burglary": "physical",
    "intrusions": "hacking",
    "availability.misconfiguration": "error",
    "availability.outage": "environmental",
    "availability": "hacking",
    "information-content-security.data-leak": "error",
    "information-content-security": "hacking",
    "fraud.phishing": "social",
    "fraud": "misuse",
    "vulnerable": "error",
    "abusive-content": "misuse",
}
_CLASS: Mapping[str, str] = {
    "malware": "malicious-code.infected-system",
    "hacking": "intrusions.system-compromise",
    "social": "information-gathering.social-engineering",
    "misuse": "fraud.unauthorised-use-of-resources",
    "physical": "intrusions.burglary",
    "error": "availability.misconfiguration",
    "environmental": "availability.outage",
}
_RATING: Mapping[Level, str] = {
    "none": "Insignificant",
    "low": "Insignificant",
    "medium": "Distracting",
    "high": "Painful",
    "severe": "Damaging",
    "emergency": "Catastrophic",
}
_LEVEL: Mapping[str, Level] = {
    "Insignificant": "low",
    "Distracting": "medium",
    "Painful": "high",
    "Damaging": "severe",
    "Catastrophic": "emergency",
}
_CONFIRMED: Mapping[Determination, str] = {
    "confirmed": "Confirmed",
    "suspected": "Suspected",
    "false-positive": "False positive",
    "blocked": "Near miss",
    "failed-attempt": "Near miss",
}
_DETERMINED: Mapping[str, Determination] = {
    "Confirmed": "confirmed",
    "Suspected": "suspected",
    "False positive": "false-positive",
    "Near miss": "failed-attempt",
}
_UNITS = (
    ("Years", 31_536_000),
    ("Months", 2_592_000),
    ("Weeks", 604_800),
    ("Days", 86_400),
    ("Hours", 3_600),
    ("Minutes", 60),
    ("Seconds", 1),
)
_SECONDS = dict(_UNITS)
_SPANS: tuple[tuple[str, TimeKind], ...] = (("discovery", "detected"), ("containment", "contained"))
_ATTRIBUTES = ("availability", "confidentiality", "integrity")


class Loss(msgspec.Struct, frozen=True):
    """Something that one of the two cannot hold, or that was guessed."""

    place: str
    sentence: str


class Draft(msgspec.Struct, frozen=True):
    """What a case can be begun with."""

    name: str
    description: str
    reference: str
    rsit: str
    determination: Determination
    level: Level | None
    times: tuple[Stamp, ...]
    impacts: tuple[str, ...]  # categories


def to_veris(case: Case) -> tuple[dict[str, Any], tuple[Loss, ...]]:
    """The record, and what it does not say."""
    losses = [Loss("action", "The action is guessed from the class of the case; its variety is not known.")]
    action = _ACTION.get(case.rsit) or _ACTION.get(case.rsit.partition(".")[0])
    actions = {action: dict(_UNKNOWN)} if action else {"unknown": {"notes": case.rsit}}
    attributes = {one.name: _attribute(one) for one in case.of("impact") if one.name in _ATTRIBUTES}
    others = [one for one in case.of("impact") if one.name not in _ATTRIBUTES]
    record: dict[str, Any] = {
        "schema_version": SCHEMA,
        "incident_id": case.id.partition("--")[2],
        "source_id": "commonwatch",
        "security_incident": _CONFIRMED[case.determination],
        "summary": case.name,
        "reference": case.root.reference,
        "notes": case.description,
        "victim": {},
        "actor": {"unknown": {}},
        "action": actions,
        "asset": {"assets": [{"variety": "Unknown"}]},
        "attribute": attributes or {"unknown": {}},
        "discovery_method": {"unknown": True},
        "timeline": _timeline(case),
        "impact": _impact(case, others),
        "plus": {"case_state": case.state, "rsit": case.rsit},
    }
    losses.append(Loss("actor", "Who did it is not part of a case: see the intelligence it is linked with."))
    losses.append(Loss("asset", "What was hit is not told apart as VERIS does."))
    if case.root_cause:
        record["corrective_action"] = case.root_cause
        losses.append(Loss("corrective_action", "The root cause stands where VERIS has what was put right."))
    for name, count in (
        ("participants", len(case.involved()) - 1),
        ("tasks", len(case.tasks)),
        ("decisions", len(case.of("decision"))),
        ("entries of the timeline", len(case.of("entry")) + len(case.of("note"))),
        ("links to intelligence", len(case.links)),
        ("severities in national schemes", len(case.severities)),
    ):
        if count > 0:
            losses.append(Loss(name, f"{count} {name} are left out: VERIS has no place for them."))
    losses.append(Loss("marking", f"The marking {case.marking} is not in the record: handle it so."))
    return record, tuple(losses)


def _attribute(impact: Piece) -> dict[str, Any]:
    return {"notes": impact.text, "variety": ["Unknown"]} if impact.name != "confidentiality" else _data(impact)


def _data(impact: Piece) -> dict[str, Any]:
    extension = impact.value.get("extensions", {}).get("confidentiality-ext", {})
    count = extension.get("record_count") if isinstance(extension, dict) else None
    found: dict[str, Any] = {"notes": impact.text, "data_disclosure": "Unknown"}
    if isinstance(count, int):
        found["data_total"] = count
    return found


def _impact(case: Case, others: list[Piece]) -> dict[str, Any]:
    found: dict[str, Any] = {"overall_rating": _RATING[case.level] if case.level else "Unknown"}
    losses = [_money(one) for one in others if one.name == "monetary"]
    if losses:
        found["loss"] = [one for one in losses if one]
    return found


def _money(impact: Piece) -> dict[str, Any]:
    extension = impact.value.get("extensions", {}).get("monetary-ext", {})
    if not isinstance(extension, dict):
        return {}
    found: dict[str, Any] = {"variety": "Unknown", "rating": "Unknown"}
    for ours, theirs in (("min_amount", "min_amount"), ("max_amount", "max_amount"), ("currency", "currency")):
        if isinstance(extension.get(ours), (int, float, str)):
            found[theirs] = extension[ours]
    return found


def _timeline(case: Case) -> dict[str, Any]:
    begun = case.times.get("occurred") or case.times.get("detected") or case.times["reported"]
    date = format_time(begun.at_us, 0)
    found: dict[str, Any] = {"incident": {"year": int(date[:4])}}
    if begun.fidelity != "year":
        found["incident"]["month"] = int(date[5:7])
    if begun.fidelity not in ("year", "month"):
        found["incident"]["day"] = int(date[8:10])
    for name, kind in _SPANS:
        known = case.times.get(kind)
        found[name] = _span(known.at_us - begun.at_us) if known and known.at_us >= begun.at_us else {"unit": "Unknown"}
    return found


def _span(microseconds: int) -> dict[str, Any]:
    seconds = microseconds // 1_000_000
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), ("Seconds", 1))
    return {"unit": unit, "value": max(seconds // size, 0)}


def from_veris(value: Any) -> tuple[Draft, tuple[Loss, ...]]:
    """What a case can be begun with, and what of the record it does not hold; raises InvalidInput."""
    if not isinstance(value, dict) or not isinstance(value.get("schema_version"), str) or "action" not in value:
        raise InvalidInput(
            "veris-expected",
            "This is no VERIS record.",
            "A record has a schema_version and an action; see veriscommunity.net.",
        )
    losses = [
        Loss(name, f"The part {name} is not taken over.")
        for name in sorted(value)
        if name
        not in (
            "schema_version",
            "incident_id",
            "security_incident",
            "summary",
            "notes",
            "reference",
            "action",
            "attribute",
            "timeline",
            "impact",
            "source_id",
        )
    ]
    actions = [one for one in _dict(value, "action") if one in _CLASS]
    if len(actions) > 1:
        losses.append(Loss("action", f"Of {len(actions)} actions only {actions[0]} gives the class."))
    rating = _dict(value, "impact").get("overall_rating")
    times, lost = _times(_dict(value, "timeline"))
    confirmed = value.get("security_incident")
    draft = Draft(
        name=_text(value, "summary", 500) or f"VERIS record {_text(value, 'incident_id', 100)}",
        description=_text(value, "notes", 20_000),
        reference=_text(value, "incident_id", 500),
        rsit=_CLASS[actions[0]] if actions else "other.undetermined",
        determination=_DETERMINED.get(confirmed, "suspected") if isinstance(confirmed, str) else "suspected",
        level=_LEVEL.get(rating) if isinstance(rating, str) else None,
        times=times,
        impacts=tuple(one for one in _dict(value, "attribute") if one in _ATTRIBUTES),
    )
    return draft, (*losses, *lost)


def _times(timeline: Mapping[str, Any]) -> tuple[tuple[Stamp, ...], tuple[Loss, ...]]:
    incident = _dict(timeline, "incident")
    year, month, day = (incident.get(name) for name in ("year", "month", "day"))
    if not _between(year, 1970, 9999):
        return (), (Loss("timeline", "It does not say when it happened."),)
    fidelity = "day" if _between(day, 1, 31) else "month" if _between(month, 1, 12) else "year"
    at = f"{year:04d}-{month if fidelity != 'year' else 1:02d}-{day if fidelity == 'day' else 1:02d}T00:00:00Z"
    begun = moment_of(at)
    if begun is None:
        return (), (Loss("timeline", f"{at[:10]} is no day."),)
    stamps = [Stamp("occurred", at, cast(Any, fidelity), "VERIS")]
    for name, kind in _SPANS:
        span = _dict(timeline, name)
        unit, count = span.get("unit"), span.get("value")
        if isinstance(unit, str) and unit in _SECONDS and _between(count, 0, 10_000):
            later = begun + int(cast(Any, count)) * _SECONDS[unit] * 1_000_000
            stamps.append(Stamp(kind, format_time(later, 0), cast(Any, fidelity), f"VERIS: {count} {unit} later"))
    return tuple(stamps), ()


def _between(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _dict(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _text(value: Mapping[str, Any], name: str, longest: int) -> str:
    found = value.get(name)
    return found[:longest] if isinstance(found, str) else ""
