"""Acts that are taken back by the button beside the word that they are done."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.http import urlencode

from commonwatch.console.shell.pages import reason_given

_UNDO = "undo"


def undo_at(address: str, **more: str) -> str:
    """Where an act is taken back: the address of its opposite, with what that needs to know."""
    return f"{address}?{urlencode({_UNDO: 'yes', **more})}"


def reason_or_undo(request: HttpRequest) -> str:
    """The reason that was given; whoever takes an act back has given one already."""
    return "Taken back" if _UNDO in request.GET else reason_given(request)
