"""Responding together, as the console knows it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from commonwatch.console.response import assistance, contacts, duties, evidence, incidents
from commonwatch.console.shell.areas import Area

_ROOMS = (incidents, assistance, evidence, duties, contacts)

AREA = Area(
    "response",
    _("Response"),
    icon="response",
    urls="commonwatch.console.response.urls",
    entries=tuple(one for room in _ROOMS for one in room.ENTRIES),
    finders=tuple(one for room in _ROOMS for one in room.FINDERS),
    notices=tuple(one for room in _ROOMS for one in room.NOTICES),
)
