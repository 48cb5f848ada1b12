"""Sharing, as the console knows it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.parties import visibility
from commonwatch.console.sharing.quarantine import WORKS
from commonwatch.console.shell.areas import Area, Entry, Hit

MOST_HITS = 5


def communities_and_agreements(who: Identity, words: str) -> Sequence[Hit]:
    """Those of which somebody may know, by a part of their name."""
    groups = visibility.communities(who).filter(name__icontains=words).order_by("name")[:MOST_HITS]
    treaties = visibility.agreements(who).filter(title__icontains=words).order_by("name")[:MOST_HITS]
    return list(
        chain(
            (Hit(one.name, reverse("community", args=[one.name]), gettext("Community")) for one in groups),
            (Hit(one.title, reverse("agreement", args=[one.name]), gettext("Agreement")) for one in treaties),
        )
    )


AREA = Area(
    "sharing",
    _("Sharing"),
    icon="sharing",
    urls="commonwatch.console.sharing.urls",
    entries=(
        Entry("communities", _("Communities"), key="c"),
        Entry("agreements", _("Agreements"), key="g"),
        Entry("policies", _("Policies"), key="p"),
        Entry("explaining", _("Who may have it, and why"), key="w"),
        Entry("recalls", _("Recalls"), key="r"),
        Entry("quarantine", _("Quarantine"), key="q"),
    ),
    finders=(communities_and_agreements,),
    works=WORKS,
)
