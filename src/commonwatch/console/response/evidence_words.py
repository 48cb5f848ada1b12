"""What the pages of evidence and legal requests call states and acts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from commonwatch.console.shell import cells

STATES: Mapping[str, Any] = {
    "held-here": _("Held here"),
    "held-elsewhere": _("Held by another member"),
    "offered-here": _("Offered to us"),
    "offered": _("On offer"),
    "returned": _("Returned"),
    "destroyed": _("Destroyed"),
    "broken": _("Chain broken"),
    "holds": pgettext_lazy("custody", "Holds"),
    "not-judged": _("Not judged"),
    "may": _("May"),
    "may-not": _("May not"),
    "unknown": _("Not known here"),
    "asked": _("Asked"),
    "received": pgettext_lazy("status", "Received"),
    "preserved": _("Preserved"),
    "granted": _("Granted"),
    "partly": _("Granted in part"),
    "postponed": _("Postponed"),
    "executed": _("Executed"),
    "refused": _("Refused"),
    "withdrawn": pgettext_lazy("status", "Withdrawn"),
    "ending": _("Ends soon"),
    "ended": pgettext_lazy("status", "Ended"),
    "waiting": _("Waiting"),
    "given-up": _("Given up"),
    "not-asked": _("Not asked for"),
    "extend": _("Asks for longer"),
    "withdraw": pgettext_lazy("status", "Withdrawn"),
}
_TONES: Mapping[str, str] = {
    **dict.fromkeys(("broken", "ended", "may-not", "refused", "given-up", "not-asked"), "bad"),
    **dict.fromkeys(
        ("offered-here", "offered", "not-judged", "unknown", "postponed", "ending", "waiting", "partly"), "warn"
    ),
    **dict.fromkeys(("held-here", "holds", "may", "preserved", "granted", "executed"), "good"),
}
CHECKED: Mapping[str, Any] = {
    "keys": _("Keys"),
    "log": _("Public record"),
    "signature": _("Signature"),
    "order": _("Order"),
    "stamp": _("Time stamp"),
    "content": _("Content"),
}
ACTS: Mapping[str, Any] = {
    "collected": _("Collected"),
    "offered": _("Offered"),
    "accepted": _("Taken over"),
    "refused": _("Refused"),
    "examined": _("Examined"),
    "copied": _("Copied"),
    "moved": _("Moved"),
    "resealed": _("Sealed for others"),
    "withdrawn": _("Offer taken back"),
    "returned": _("Returned"),
    "destroyed": _("Destroyed"),
}
SAID: Mapping[str, Any] = {
    "to": _("to"),
    "purpose": _("purpose"),
    "conditions": _("conditions"),
    "compared": _("compared"),
    "reason": _("reason"),
    "done by": _("done by"),
    "done at": _("done at"),
    "with": _("with"),
    "text": _("in words"),
    "collected by": _("collected by"),
    "collected at": _("collected at"),
    "basis": _("legal basis"),
}


def state(value: str) -> SafeString:
    """A state: the word, and a colour that repeats it."""
    if not value:
        return cells.NOTHING
    word = STATES.get(value, value)
    return format_html('<span class="badge" data-tone="{}">{}</span>', _TONES.get(value, "plain"), word)


def act(value: str) -> SafeString:
    """An act of custody."""
    return format_html("{}", ACTS.get(value, value))


def checked(value: str) -> Any:
    """What of a chain was looked at."""
    return CHECKED.get(value, value)
