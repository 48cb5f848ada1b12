"""Administration, as the console knows it."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.accounts.queries import Wanted, accounts
from commonwatch.console.administration import backup, jobs, tokens
from commonwatch.console.shell.areas import Area, Entry, Hit
from commonwatch.console.shell.pages import ADMINISTRATOR

MOST_HITS = 5


def accounts_named(who: Identity, words: str) -> Sequence[Hit]:
    """Accounts by a part of their name, for administrators."""
    if not who.may(ADMINISTRATOR):
        return ()
    found = accounts(Wanted(words=words)).order_by("name")[:MOST_HITS]
    kinds = {True: gettext("Person"), False: gettext("Service account")}
    return [Hit(one.name, reverse("account", args=[one.pk]), kinds[one.is_person]) for one in found]


AREA = Area(
    "administration",
    _("Administration"),
    icon="administration",
    urls="commonwatch.console.administration.urls",
    entries=(
        Entry("people", _("People and accounts"), key="u"),
        Entry("tokens", _("Tokens"), key="k"),
        Entry("sources", _("Sources"), key="x"),
        Entry("jobs", _("Jobs")),
        Entry("health", _("Health"), key="z"),
        Entry("settings", _("Settings")),
        Entry("backup", _("Backup")),
        Entry("audit", _("Audit")),
    ),
    finders=(accounts_named,),
    works=(*backup.WORKS, *jobs.WORKS, *tokens.WORKS),
)
