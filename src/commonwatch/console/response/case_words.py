"""What the pages of cases call states, severities, outcomes and what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

STATES: Mapping[str, Any] = {
    "reported": _("Reported"),
    "acknowledged": _("Acknowledged"),
    "triaged": _("Triaged"),
    "responding": _("Being responded to"),
    "contained": _("Contained"),
    "recovered": _("Recovered"),
    "closed": _("Closed"),
}
LEVELS: Mapping[str, Any] = {
    "none": _("None"),
    "low": _("Low"),
    "medium": _("Medium"),
    "high": _("High"),
    "severe": _("Severe"),
    "emergency": _("Emergency"),
    "unrated": _("Not rated"),
}
SPANS: Mapping[str, Any] = {
    "time to detect": _("time to detect"),
    "time to acknowledge": _("time to acknowledge"),
    "time to triage": _("time to triage"),
    "time to first share": _("time to first share"),
    "time to a partner's action": _("time to a partner's action"),
    "time to contain": _("time to contain"),
    "time to recover": _("time to recover"),
    "time to close": _("time to close"),
}
OUTCOMES: Mapping[str, Any] = {
    "pending": _("To be done"),
    "ongoing": _("Under way"),
    "successful": _("Done"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
    "unknown": _("Unknown"),
}
DETERMINATIONS: Mapping[str, Any] = {
    "suspected": _("Suspected"),
    "confirmed": _("Confirmed"),
    "blocked": _("Blocked"),
    "failed-attempt": _("Failed attempt"),
    "false-positive": _("False alarm"),
}
KINDS: Mapping[str, Any] = {
    "time": _("Time"),
    "state": _("State"),
    "entry": _("What happened"),
    "task": _("Task"),
    "step": _("Step of a playbook"),
    "note": _("Note"),
    "decision": _("Decision"),
    "report": _("Situation report"),
    "impact": _("Impact"),
    "participant": _("Who takes part"),
    "lead": _("Lead"),
    "change": pgettext_lazy("timeline", "Change"),
    "link": _("Intelligence"),
    "sighting": _("Sighting"),
}
CODES: Mapping[str, Any] = {
    **STATES,
    **OUTCOMES,
    "created": _("Created"),
    "entry": "",
    "note": "",
    "decision": "",
    "report": "",
    "impact": "",
    "participant": "",
    "link": "",
    "sighting": "",
    "offer": _("Offered"),
    "accept": _("Accepted"),
    "decline": _("Declined"),
    "occurred": _("Occurred"),
    "detected": _("Detected"),
    "aware": _("Aware"),
    "shared": _("First shared"),
    "partner_action": _("First action of a partner"),
    "reopened": _("Reopened"),
    "name": _("Name"),
    "description": _("Description"),
    "rsit": _("Class"),
    "severity": _("Severity"),
    "determination": _("Finding"),
    "root-cause": _("Root cause"),
    "owner": _("Owner"),
    "person": _("Person"),
    "due": _("Due"),
    "result": _("Result"),
    "task-name": _("Name"),
    "variable": _("Value of a variable"),
}
TIMES: Mapping[str, Any] = {
    kind: CODES[kind]
    for kind in (
        "occurred",
        "detected",
        "aware",
        "reported",
        "acknowledged",
        "triaged",
        "shared",
        "partner_action",
        "contained",
        "recovered",
        "closed",
        "reopened",
    )
}
FIDELITIES: Mapping[str, Any] = {
    "second": _("to the second"),
    "minute": _("to the minute"),
    "hour": _("to the hour"),
    "day": _("to the day"),
    "month": _("to the month"),
    "year": _("to the year"),
}
TRACKS: Mapping[str, Any] = {"csirt": _("CSIRTs"), "police": _("Police"), "court": _("Prosecution and courts")}
ACTORS: Mapping[str, Any] = {
    "csirt": _("CSIRT"),
    "police": _("Police"),
    "prosecution": _("Prosecution"),
    "judiciary": _("Court"),
    "affected": _("Affected party"),
    "other": _("Other"),
}
CATEGORIES: Mapping[str, Any] = {
    "availability": _("Availability"),
    "confidentiality": _("Confidentiality"),
    "integrity": _("Integrity"),
    "external": _("Beyond who was hit"),
    "monetary": _("Money"),
    "physical": _("Physical"),
    "traceability": _("Traceability"),
}
OUTLOOKS: Mapping[str, Any] = {
    "improving": _("Improving"),
    "stable": _("Stable"),
    "worsening": _("Worsening"),
}
QUESTIONS: Mapping[str, Any] = {
    "see": _("May see and weigh"),
    "collect": _("Collects"),
    "decide": _("Decides"),
    "told": _("Tells and is told"),
    "": _("Works on it"),
}
PARTS: Mapping[str, Any] = {
    "responsible": _("responsible"),
    "supporting": _("supporting"),
    "consulted": _("consulted"),
    "informed": _("informed"),
}
_TONES: Mapping[str, str] = {
    **dict.fromkeys(("severe", "emergency", "failed"), "bad"),
    **dict.fromkeys(("high", "reported", "ongoing"), "warn"),
    **dict.fromkeys(("contained", "recovered", "closed", "successful"), "good"),
}


def badge(words: Mapping[str, Any], value: str) -> SafeString:
    """A word with a colour that repeats it."""
    if not value:
        return format_html("")
    return format_html(
        '<span class="badge" data-tone="{}">{}</span>', _TONES.get(value, "plain"), words.get(value, value)
    )


def state(value: str) -> SafeString:
    """How a case stands."""
    return badge(STATES, value)


def span(value: str) -> SafeString:
    """A measured time by its name."""
    return format_html("{}", SPANS.get(value, value))


def kind_measured(value: str) -> SafeString:
    """The class of cases that were measured together."""
    return format_html("{}", _("Not classified") if value == "unclassified" else value)


def level(value: str) -> SafeString:
    """How severe it is."""
    return badge(LEVELS, value)


def outcome(value: str) -> SafeString:
    """How a task stands."""
    return badge(OUTCOMES, value)


def fidelity(value: str) -> SafeString:
    """How exactly a time is known."""
    return format_html("{}", FIDELITIES.get(value, value))


def track(value: str) -> SafeString:
    """Whose track it is."""
    return format_html("{}", TRACKS.get(value, value))
