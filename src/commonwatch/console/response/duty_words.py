"""Words of duties on pages: states, clocks, facts and how much time is left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from commonwatch.capabilities.duties.words import (
    Said,
    counting_said,
    event_said,
    limit_said,
    listed_said,
    point_said,
    stage_said,
    told_too_said,
)
from commonwatch.console.shell import cells, told
from commonwatch.core.law.periods import Word
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
ACTS = {
    **STATES,
    "drafted": _("Drafted"),
    "event": _("Event stated"),
    "event-withdrawn": _("Event taken back"),
    "extended": _("Extended"),
    "facts": _("Facts changed"),
    "left-out": _("Left out"),
    "needed": _("Needed after all"),
    "receipt": _("Receipt kept"),
    "reminder": _("Reminder"),
    "sent": pgettext_lazy("status", "Sent"),
}
_BY_ITSELF = {"facts", "proposed", "reminder"}  # acts that the node tells of in sentences of its own
_BASES = ("Taken from the time of the case: ", "Sent: ")  # how the node says where an event comes from
_ONLY_FROM = "only from "
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
        '<span class="badge" data-tone="{}">{}</span>', _TONES.get(value, "plain"), _WORDS.get(value) or _since(value)
    )


def first_upper(text: str) -> str:
    """A word of a list as it stands alone."""
    return text[:1].upper() + text[1:]


def shown(said: Said) -> SafeString:
    """A word of a list; one that stays English says so to programs that read aloud."""
    return format_html('<bdi lang="en">{}</bdi>' if said.untranslated else "{}", cells.visible(said.text))


def stage(name: str) -> SafeString:
    """Which notice of a duty it is."""
    return shown(stage_said(name))


def event(means: str) -> SafeString:
    """What starts a clock."""
    return shown(event_said(means))


def counting(title: str) -> SafeString:
    """How an instrument counts."""
    return shown(counting_said(title))


def told_too(whom: str) -> SafeString:
    """Who else learns of it."""
    return shown(told_too_said(whom))


def points(texts: Sequence[str]) -> SafeString:
    """What a notice has to hold."""
    return format_html_join("; ", "{}", ((shown(point_said(text)),) for text in texts))


def limits(deadlines: Sequence[str]) -> SafeString:
    """Lengths as the list writes them, and what the law says where it names none."""
    return format_html_join(", ", "{}", ((_limit(one),) for one in deadlines))


def _limit(deadline: str) -> SafeString:
    return shown(limit_said(deadline)) if deadline in set(Word) else cells.code(deadline)


def sentence(said: str) -> SafeString:
    """What this room says in English, with the words of the lists in it; a rule's own remark stands by itself."""
    remark = counting_said(said)
    return told.sentence(said, listed_said) if remark.text == said else shown(remark)


def basis(said: str) -> SafeString:
    """Who says so: a person or a law in their own words, or the node."""
    return sentence(said) if said.startswith(_BASES) else cells.text(said)


def act(told_of: tuple[str, str]) -> SafeString:
    """What the history says of an act, by its name: a person's own words stay as they are."""
    what, said = told_of
    if what in _BY_ITSELF:
        return sentence(said)
    if what == "event":
        means, _between, why = said.partition(": ")
        return format_html('{} <span class="soft">{}</span>', event(means), cells.text(why))
    return cells.text(said)


def moved(limit: str) -> SafeString:
    """A limit before or after a change of the list, or why there is no moment."""
    word = KINDS.get(limit) or CLOCKS.get(limit)
    return format_html("{}", word) if word else cells.code(limit)


def _since(value: str) -> str:
    """A standing with the day from which it holds."""
    return gettext("only from %(day)s") % {"day": value.removeprefix(_ONLY_FROM)} if _ONLY_FROM in value else value


def left(notice: dict[str, Any]) -> str:
    """How much time a notice has, or what it waits for."""
    seconds, state = notice["left_seconds"], notice["state"]
    if state in ("sent", "left-out"):
        return ""
    if state == "waiting" and notice["awaited"]:
        return gettext("waits for: %(event)s") % {"event": event_said(notice["waits_for"]).text}
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
