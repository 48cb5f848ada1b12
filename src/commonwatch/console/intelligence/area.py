"""Intelligence, as the console knows it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from commonwatch.console.intelligence.finding import found_objects
from commonwatch.console.shell.areas import Area, Entry

AREA = Area(
    "intelligence",
    _("Intelligence"),
    icon="intelligence",
    urls="commonwatch.console.intelligence.urls",
    entries=(
        Entry("objects", _("Search"), key="s"),
        Entry("values", _("Look up many values"), key="v"),
        Entry("matrix", _("Matrix of techniques"), key="h"),
        Entry("object-write", _("Write"), key="d"),
    ),
    finders=(found_objects,),
)
