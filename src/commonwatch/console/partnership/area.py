"""The partnership, as the console knows it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.parties import visibility
from commonwatch.console.partnership.notices import KINDS
from commonwatch.console.partnership.peers import find_peers
from commonwatch.console.shell.areas import Area, Entry, Hit

MOST_HITS = 5


def members_named(who: Identity, words: str) -> Sequence[Hit]:
    """Members of whom somebody may know, by a part of their name or their identity."""
    named = Q(name__icontains=words) | Q(title__icontains=words) | Q(identity=words)
    found = visibility.members(who).filter(named).order_by("name")[:MOST_HITS]
    return [Hit(one.title, reverse("member", args=[one.name]), gettext("Member")) for one in found]


AREA = Area(
    "partnership",
    _("Partnership"),
    icon="partnership",
    urls="commonwatch.console.partnership.urls",
    entries=(
        Entry("members", _("Members"), key="m"),
        Entry("peers", _("Peers"), key="n"),
        Entry("joining", _("Joining"), key="j"),
        Entry("keys-of-node", _("Keys"), key="y"),
        Entry("witnesses", _("Witnesses"), key="e"),
        Entry("proofs", _("Proofs"), key="b"),
    ),
    finders=(members_named, find_peers),
    notices=KINDS,
)
