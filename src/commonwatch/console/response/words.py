"""What the pages of assistance and contacts call states, acts, clocks and kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

STATES: Mapping[str, Any] = {
    "sent": pgettext_lazy("status", "Sent"),
    "delivered": _("Arrived"),
    "acknowledged": _("Acknowledged"),
    "offered": _("Offered"),
    "accepted": _("Accepted"),
    "partly-accepted": _("Accepted in part"),
    "declined": _("Declined"),
    "in-progress": _("In progress"),
    "waiting-for-requester": _("Waiting for who asked"),
    "fulfilled": _("Delivered"),
    "confirmed": _("Confirmed"),
    "closed": _("Closed"),
    "expired": _("Expired"),
    "withdrawn": pgettext_lazy("status", "Withdrawn"),
    "silent": _("Silent"),
    "running": _("Running"),
    "overdue": _("Overdue"),
    "met": _("Met"),
    "met-late": _("Met late"),
    "stopped": _("Stopped"),
    "held": _("Held"),
    "contested": _("Contested"),
    "allotted": _("Allotted"),
    "released": _("Given back"),
    "refused": _("Refused"),
    "past": _("Past"),
    "there": _("There"),
    "away": _("Not there"),
    "answered": _("Answered"),
    "late": _("Answered late"),
    "waiting": _("Waiting"),
    "unanswered": _("Unanswered"),
    "routine": _("Routine"),
    "urgent": _("Urgent"),
    "emergency": _("Emergency"),
}
_TONES: Mapping[str, str] = {
    **dict.fromkeys(("silent", "overdue", "declined", "withdrawn", "emergency", "refused", "unanswered"), "bad"),
    **dict.fromkeys(
        ("contested", "met-late", "expired", "waiting-for-requester", "urgent", "partly-accepted", "late"), "warn"
    ),
    **dict.fromkeys(("accepted", "fulfilled", "confirmed", "met", "held", "allotted", "there", "answered"), "good"),
}
ACTS: Mapping[str, Any] = {
    "acknowledge": _("Acknowledge"),
    "refuse": _("Refuse"),
    "offer": _("Offer help"),
    "accept": _("Accept"),
    "begin": _("Begin"),
    "wait": _("Wait for who asked"),
    "deliver": _("Deliver"),
    "dispute": _("Dispute"),
    "confirm": _("Confirm"),
    "close": _("Close"),
    "withdraw": _("Withdraw"),
}
CLOCKS: Mapping[str, Any] = {"acknowledge": _("Acknowledge"), "answer": _("Answer"), "deliver": _("Deliver")}
KINDS: Mapping[str, Any] = {
    "people": _("People"),
    "tool": _("Tools"),
    "capacity": _("Capacity"),
    "funds": _("Funds"),
}


def state(value: str) -> SafeString:
    """A state as a word with a colour that repeats it."""
    tone = _TONES.get(value, "plain")
    return format_html('<span class="badge" data-tone="{}">{}</span>', tone, STATES.get(value, value))


def act(value: str) -> SafeString:
    """An act as a word."""
    return format_html("{}", ACTS.get(value, value))
