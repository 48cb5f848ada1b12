"""What waits for whom: recalls to answer, alerts, held objects, sources in trouble, followers that stopped."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.accounts.models import Role
from commonwatch.base.clock import now_us
from commonwatch.base.intake import quarantine
from commonwatch.base.journal import followers
from commonwatch.base.release.reader import reader_of
from commonwatch.base.release.received import unanswered
from commonwatch.capabilities.detection.alerts.queries import counts
from commonwatch.capabilities.exchange.sources.queries import servers
from commonwatch.console.shell.areas import Notice, NoticeKind


def recalls(who: Identity) -> list[Notice]:
    """Recalls to the person's member that have no answer."""
    count = unanswered(reader_of(who))
    said = ngettext("%(count)s recall waits for your answer", "%(count)s recalls wait for your answer", count)
    return [Notice(said % {"count": count}, reverse("recalls"), "bad", count=count)] if count else []


def alerts(who: Identity) -> list[Notice]:
    """Open alerts, the severe ones first; of the node's own member's telemetry, so for its people only."""
    if not who.is_at_home:
        return []
    found = counts()
    said = {
        "high": ngettext("%(count)s severe alert is open", "%(count)s severe alerts are open", found.get("high", 0)),
        "medium": ngettext(
            "%(count)s medium alert is open", "%(count)s medium alerts are open", found.get("medium", 0)
        ),
    }
    tones = {"high": "bad", "medium": "warn"}
    return [
        Notice(said[one] % {"count": found[one]}, reverse("alerts"), tones[one], count=found[one])
        for one in said
        if found.get(one)
    ]


def held(who: Identity) -> list[Notice]:
    """Objects in quarantine."""
    count = quarantine.page(everything=False, limit=1)[1]
    said = ngettext("%(count)s object is held in quarantine", "%(count)s objects are held in quarantine", count)
    return [Notice(said % {"count": count}, reverse("quarantine"), count=count)] if count else []


def sources(who: Identity) -> list[Notice]:
    """Sources whose last pull failed."""
    return [
        Notice(_("The source %(name)s failed") % {"name": one["name"]}, reverse("sources"), "bad", one["last_error"])
        for one in servers(now_us())
        if one["last_error"]
    ]


def stopped(who: Identity) -> list[Notice]:
    """Followers that stopped at an entry."""
    return [
        Notice(_("The follower %(name)s has stopped") % {"name": one.name}, reverse("health"), "bad", one.failure)
        for one in followers.states()
        if one.failed_at is not None
    ]


KINDS = (
    NoticeKind("recalls", gettext_lazy("Recalls to answer"), Role.READER, recalls),
    NoticeKind("alerts", gettext_lazy("Open alerts"), Role.OPERATOR, alerts),
    NoticeKind("held", gettext_lazy("Objects in quarantine"), Role.OPERATOR, held),
    NoticeKind("sources", gettext_lazy("Sources that fail"), Role.OPERATOR, sources),
    NoticeKind("followers", gettext_lazy("Followers that stopped"), Role.OPERATOR, stopped),
)


def _page() -> str:
    return reverse("overview") + "#lag"
