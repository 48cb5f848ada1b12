"""Detection, as the console knows it."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from commonwatch.base.accounts.identify import Identity
from commonwatch.capabilities.detection.alerts import queries
from commonwatch.console.detection import hunts
from commonwatch.console.detection.alerts import WORKS
from commonwatch.console.detection.anomalies import lately
from commonwatch.console.shell.areas import Area, Entry, Hit, NoticeKind
from commonwatch.console.shell.pages import CONTRIBUTOR

MOST_HITS = 5


def alerts_of(who: Identity, words: str) -> Sequence[Hit]:
    """Alerts on a host, or an alert by its number."""
    if not who.is_at_home:
        return ()
    found = queries.alerts(queries.Wanted(verdict="", entity=words, limit=MOST_HITS))
    return [Hit(f"{one.value} · {one.name}", reverse("alert", args=[one.pk]), one.severity) for one in found]


AREA = Area(
    "detection",
    _("Detection"),
    icon="detection",
    urls="commonwatch.console.detection.urls",
    entries=(
        Entry("alerts", _("Alerts"), key="a"),
        Entry("hunts", _("Hunts")),
        Entry("anomalies", _("Anomalies")),
        Entry("feedback", _("Feedback"), key="f"),
        Entry("in-force", _("What is in force"), key="i"),
        Entry("telemetry", _("Telemetry"), key="t"),
        Entry("lists", _("Lists for other programs"), key="l"),
    ),
    finders=(alerts_of,),
    notices=(NoticeKind("anomalies", _("Unusual things of the last day"), CONTRIBUTOR, lately),),
    works=(*WORKS, *hunts.WORKS),
)
