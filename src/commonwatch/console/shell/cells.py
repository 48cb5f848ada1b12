"""How a value is shown, everywhere the same: in tables, lists of facts and sentences.

1. What others wrote keeps its own direction (`<bdi>`), whatever the page's; characters that would turn or hide parts of it are shown
by their number instead. 2. Indicators run left to right, in letters of one
width, and are written so that nothing turns them into links. 3. A moment is shown in the reader's time zone, with the zone's
name, and in UTC. 4. A marking has its colour and always its words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commonwatch.core.stix.times import parse_time

LONG = 44  # characters; an IPv6 address has 39
NOTHING = mark_safe('<span class="nothing">–</span>')
_SCHEME = re.compile(r"\bhttp(s?)://", re.IGNORECASE)
# Controls but tab and line ends; directional overrides, embeddings and isolates; zero-width space and mark; tags (Unicode TR 36, 2.1).
# Joiners stay: Persian and emoji are written with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)
_LAST_DOT = re.compile(r"\.(?=[^.]*$)")

_TONES: Mapping[str, str] = {
    **dict.fromkeys(("high", "failed", "refused", "refuse", "withdrawn", "false", "revoked", "off", "holds"), "bad"),
    **dict.fromkeys(
        ("medium", "waiting", "paused", "obliged", "late", "expired", "quarantined", "invited", "unanswered"), "warn"
    ),
    **dict.fromkeys(("done", "permit", "true", "active", "up to date", "ok", "current", "dropped"), "good"),
}
_WORDS: Mapping[str, Any] = {
    "high": gettext_lazy("High"),
    "medium": gettext_lazy("Medium"),
    "low": gettext_lazy("Low"),
    "none": gettext_lazy("None"),
    "open": gettext_lazy("Open"),
    "done": gettext_lazy("Done"),
    "failed": gettext_lazy("Failed"),
    "waiting": gettext_lazy("Waiting"),
    "running": gettext_lazy("Running"),
    "due": gettext_lazy("Waits for its turn"),
    "later": gettext_lazy("Waits for its time"),
    "again": gettext_lazy("Failed, and is tried again"),
    "ended early": gettext_lazy("Ended early"),
    "paused": gettext_lazy("Paused"),
    "permit": gettext_lazy("Permitted"),
    "obliged": gettext_lazy("Permitted with conditions"),
    "refuse": gettext_lazy("Refused"),
    "refused": gettext_lazy("Refused"),
    "active": gettext_lazy("Active"),
    "off": gettext_lazy("Switched off"),
    "true": gettext_lazy("True"),
    "false": gettext_lazy("False"),
    "benign": gettext_lazy("Harmless"),
    "unknown": gettext_lazy("Unknown"),
    "invited": gettext_lazy("Invited"),
    "skipped": gettext_lazy("Skipped"),
    "ok": gettext_lazy("Works"),
    "expired": gettext_lazy("Expired"),
    "revoked": gettext_lazy("Revoked"),
    "holds": gettext_lazy("Keeps it"),
    "unanswered": gettext_lazy("No answer yet"),
    "best-effort": gettext_lazy("Best effort: its node does not answer"),
    "dropped": gettext_lazy("Has dropped it"),
    "lifted": gettext_lazy("Lifted: it may have it again"),
    "reader": gettext_lazy("Reader"),
    "contributor": gettext_lazy("Contributor"),
    "operator": gettext_lazy("Operator"),
    "administrator": gettext_lazy("Administrator"),
}


def text(value: Any) -> SafeString:
    """What others wrote."""
    if value in (None, ""):
        return NOTHING
    return format_html("<bdi dir=auto{}>{}</bdi>", _long(str(value)), visible(str(value)))


def visible(value: str) -> str:
    """With controls, and what turns the direction of letters or has no width, written out: `txt.\\u202egnp.exe` is an exe."""
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", value)


def number(value: float | None) -> SafeString:
    """A count, with its thousands apart."""
    return format_html('<span class="number">{}</span>', f"{value:,}") if value is not None else NOTHING


def word(value: str) -> Any:
    """A word of ours, translated where it is one."""
    return _WORDS.get(value, value)


def status(value: str) -> SafeString:
    """A state or a degree: the word, and a colour that repeats it."""
    if not value:
        return NOTHING
    return format_html('<span class="badge" data-tone="{}">{}</span>', _TONES.get(value, "plain"), word(value))


def marking(value: str) -> SafeString:
    """A TLP level, with whatever stands behind it (`TLP:AMBER PAP:RED`)."""
    if not value:
        return NOTHING
    level = value.split()[0].removeprefix("TLP:").partition("+")[0].lower()
    return format_html('<span class="marking" data-tlp="{}">{}</span>', level, value)


def defanged(value: str) -> str:
    """As people write indicators so that no program makes links of them: hxxp, and the last dot in brackets."""
    return _LAST_DOT.sub("[.]", _SCHEME.sub(r"hxxp\1://", value)) if "." in value else value


def indicator(value: str) -> SafeString:
    """An address, name, digest or pattern: shown defanged, copied as it is by the button beside it."""
    if not value:
        return NOTHING
    return format_html(
        '<span class="indicator"><code dir="ltr"{}>{}</code>'
        '<button type="button" class="copy" data-copy="{}" title="{}" aria-label="{}"></button></span>',
        _long(value),
        visible(defanged(value)),
        value,
        _("Copy as it is"),
        _("Copy %(value)s as it is") % {"value": visible(defanged(value))},
    )


def code(value: str) -> SafeString:
    """An identifier, a path, a command."""
    return format_html('<code dir="ltr"{}>{}</code>', _long(value), visible(value)) if value else NOTHING


def _long(value: str) -> SafeString:
    """What may be broken anywhere, so that it does not push everything else from the screen."""
    return mark_safe(' class="long"') if len(value) > LONG else mark_safe("")


def moment(value: int | str | datetime | None) -> SafeString:
    """When: microseconds since 1970, a time as STIX writes it, or a datetime."""
    at = _datetime(value)
    if at is None:
        return NOTHING
    local = timezone.localtime(at)
    utc = at.astimezone(UTC)
    return format_html(
        '<time dir="ltr" datetime="{}" title="{}">{} <span class="zone">{}</span></time>',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        utc.strftime("%Y-%m-%d %H:%M:%S UTC"),
        local.strftime("%Y-%m-%d %H:%M"),
        local.tzname(),
    )


def instant(value: int | str | datetime | None) -> str:
    """The same for machines: as STIX writes it; empty where there is none."""
    at = _datetime(value)
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if at else ""


def both_moments(value: int | str | datetime | None) -> SafeString:
    """The same where there is room: to the second, and in UTC beside it where the reader's zone is another."""
    at = _datetime(value)
    if at is None:
        return NOTHING
    local, utc = timezone.localtime(at), at.astimezone(UTC)
    beside = format_html(' <span class="zone">= {} UTC</span>', utc.strftime("%Y-%m-%d %H:%M:%S"))
    return format_html(
        '<time dir="ltr" datetime="{}">{} <span class="zone">{}</span>{}</time>',
        utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
        local.strftime("%Y-%m-%d %H:%M:%S"),
        local.tzname(),
        beside if local.utcoffset() else "",
    )


def _datetime(value: int | str | datetime | None) -> datetime | None:
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return value
    microseconds = value if isinstance(value, int) else (parse_time(value) or (None,))[0]
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1e6, tz=UTC)
