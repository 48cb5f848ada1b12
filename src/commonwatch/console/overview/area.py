"""The overview, as the console knows it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from commonwatch.console.overview.notices import KINDS
from commonwatch.console.shell.areas import Area, Entry

AREA = Area(
    "overview",
    _("Overview"),
    icon="overview",
    urls="commonwatch.console.overview.urls",
    entries=(Entry("overview", _("What is new"), key="o"), Entry("first-start", _("First start"))),
    notices=KINDS,
)
