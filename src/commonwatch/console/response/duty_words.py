"""Words of duties on pages: states, clocks, facts and how much time is left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from commonwatch.capabilities.duties.words import stage_said
from commonwatch.console.shell import cells
from commonwatch.core.stix.times import EPOCH

STATES = {
    "proposed": _("Proposed"),
    "confirmed": _("Confirmed"),
    "rejected": _("Rejected"),
    "closed": _("Closed"),
}
CLOCKS = {
    "overdue": _("Overdue"),
    "running": _("Running"),
    "waiting": _("Waiting"),
    "sent": pgettext_lazy("status", "Sent"),
    "left-out": _("Not needed"),
}
ANSWERS = {"likely": _("Likely"), "possible": _("Possible"), "no": _("No")}
STANDINGS = {
    "in-force": _("In force"),
    "voluntary": _("Voluntary"),
    "proposed": _("Proposed"),
    "adopted not applicable": _("Adopted, does not apply yet"),
    "statute in force rule pending": _("Law in force, its rule is pending"),
}
KINDS = {
    "at-once": _("at once: the law names no end"),
    "perhaps": _("only under a condition"),
    "no-limit": _("no limit"),
    "unset": _("left to rules that are not on record"),
}
SEVERITIES = {"low": _("Low"), "medium": _("Medium"), "high": _("High"), "critical": _("Critical")}
_TONES = {
    "overdue": "bad", "rejected": "bad", "running": "warn", "proposed": "warn", "possible": "warn",
    "sent": "good", "confirmed": "good", "likely": "warn",
}  # fmt: skip
_WORDS: dict[str, Any] = {**ANSWERS, **STANDINGS, **STATES, **CLOCKS}


def badge(value: str) -> SafeString:
    """A state as a word with a colour that repeats it."""
    if not value:
        return cells.NOTHING
    return format_html(
        '<span class="badge" data-tone="{}">{}</span>', _TONES.get(value, "plain"), _WORDS.get(value, value)
    )


def plain(word: str) -> str:
    """A word of the lists as people write it."""
    return word.replace("_", " ").replace("-", " ").capitalize()


def stage(name: str) -> SafeString:
    """Which notice of a duty it is; a name that stays English says so to programs that read aloud."""
    said = stage_said(name)
    return format_html('<bdi lang="en">{}</bdi>' if said.untranslated else "{}", cells.visible(said.text))


def left(notice: dict[str, Any]) -> str:
    """How much time a notice has, or what it waits for."""
    seconds, state = notice["left_seconds"], notice["state"]
    if state in ("sent", "left-out"):
        return ""
    if state == "waiting" and notice["awaited"]:
        return gettext("waits for: %(event)s") % {"event": notice["waits_for"]}
    if seconds is None or (notice["clock"] == "perhaps" and seconds < 0):
        return str(KINDS.get(notice["clock"], ""))
    if seconds < 0:
        return gettext("%(time)s late") % {"time": span(-seconds)}
    return gettext("%(time)s left") % {"time": span(seconds)}


def span(seconds: int) -> str:
    """A length of time in two units."""
    days, rest = divmod(seconds, 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    if days:
        return gettext("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    return gettext("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}


def there(local: str) -> SafeString:
    """A limit in the recipient's time, with its offset."""
    if not local:
        return cells.NOTHING
    at = datetime.fromisoformat(local)
    return format_html(
        '<time dir="ltr" datetime="{}">{} <span class="zone">{}</span></time>',
        local,
        f"{at:%Y-%m-%d %H:%M}",
        f"{at:%z}",
    )


def us(at: datetime) -> int:
    """A moment of a form in microseconds."""
    return (at - EPOCH) // EPOCH.resolution
