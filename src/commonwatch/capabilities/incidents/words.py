"""The words of a case that come from lists, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _


def state_said(state: str) -> str:
    """How a case stands."""
    return {
        "reported": _("reported"),
        "acknowledged": _("acknowledged"),
        "triaged": _("triaged"),
        "responding": _("being responded to"),
        "contained": _("contained"),
        "recovered": _("recovered"),
        "closed": _("closed"),
    }.get(state, state)


def level_said(level: str) -> str:
    """How severe it is, in the partnership's scale."""
    return {
        "none": _("none"),
        "low": _("low"),
        "medium": _("medium"),
        "high": _("high"),
        "severe": _("severe"),
        "emergency": _("emergency"),
    }.get(level, level)


def outlook_said(outlook: str) -> str:
    """How it will go on."""
    return {"improving": _("improving"), "stable": _("stable"), "worsening": _("worsening")}.get(outlook, outlook)


def time_said(kind: str) -> str:
    """Which time of a case."""
    return {
        "occurred": _("Occurred"),
        "detected": _("Detected"),
        "aware": _("Aware"),
        "reported": _("Reported"),
        "acknowledged": _("Acknowledged"),
        "triaged": _("Triaged"),
        "shared": _("First shared"),
        "partner_action": _("First action of a partner"),
        "contained": _("Contained"),
        "recovered": _("Recovered"),
        "closed": _("Closed"),
        "reopened": _("Reopened"),
    }.get(kind, kind)
