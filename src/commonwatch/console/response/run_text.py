"""Texts of a playbook's steps with what its variables hold: a value is seen as one, and stays text.

The outer `bdi` gives the whole line its direction, which values (`bdi` within it) have no say in.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from commonwatch.capabilities.incidents.rules.values import Piece
from commonwatch.console.shell.cells import NOTHING, visible


def told(pieces: Iterable[Piece]) -> SafeString:
    """A text in pieces."""
    inner = format_html_join("", "{}", ((_piece(one),) for one in pieces))
    return format_html("<bdi dir=auto>{}</bdi>", inner) if inner else inner


def cell(value: SafeString) -> SafeString:
    """Such a text in a table."""
    return value or NOTHING


def _piece(one: Piece) -> str:
    text = visible(one.text)
    if one.state == "given":
        return format_html("<mark><bdi>{}</bdi></mark>", text)
    if one.state == "missing":
        return format_html("<mark><bdi>{}</bdi> ({})</mark>", text, _("has no value yet"))
    if one.state == "secret":
        return format_html("<mark><bdi>{}</bdi> ({})</mark>", text, _("secret, not kept here"))
    return text
