"""Words of the lists of help and of legal requests, in the language that is active: forms, skills, ways, grounds, offences.

`tools/messages.py` collects those of the shipped lists. A list that was replaced may have others: those stay as they are written there.
"""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import pgettext

from commonwatch.capabilities.duties.words import plain
from commonwatch.console.shell import cells, told

HELP, SKILL, LEGAL = "request for help", "what can be given", "legal request"  # contexts of the translations


def help_said(text: str) -> str:
    """What a form on which help is asked for says."""
    return pgettext(HELP, text)


def skill_said(text: str) -> str:
    """What can be given, or the unit of it."""
    return pgettext(SKILL, text)


def legal_said(text: str) -> str:
    """What the list of legal instruments says in words of ours."""
    return pgettext(LEGAL, text)


def field_named(name: str) -> str:
    """What a field of a legal request is called."""
    said = legal_said(plain(name))
    return said[:1].upper() + said[1:]


def legal(text: str) -> SafeString:
    """The same on a page, or a sentence of the room itself; what stays English says so to programs that read aloud."""
    said = legal_said(text)
    return format_html("{}", cells.visible(said)) if said != text else told.sentence(cells.visible(text))


def known(text: str) -> SafeString:
    """What is known already: in words of the list or of the room, or as a member wrote it."""
    if (said := legal_said(text)) == text:
        said = told.told(text)
    return format_html("{}", said) if said != text else cells.text(text)
