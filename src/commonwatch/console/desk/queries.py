"""What the console keeps for people, as pages show it."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.edge import Caller
from commonwatch.console.models import Desk, Digest, SavedView, SkippedStep

MOST_SHOWN = 30
EVERY_US = {Digest.DAILY.value: 86_400 * MICROSECONDS, Digest.WEEKLY.value: 7 * 86_400 * MICROSECONDS}


def views(who: Caller) -> QuerySet[SavedView]:
    """A person's own views, and those that people of the same member share."""
    return SavedView.objects.filter(Q(account_id=who.account_id) | Q(shared=True, account__member=who.member))


def views_of(who: Identity) -> list[SavedView]:
    """Of these, as many as pages show."""
    return list(views(who).order_by("name")[:MOST_SHOWN])


def muted(who: Identity) -> frozenset[str]:
    """The kinds of notices that a person does not want."""
    found = Desk.objects.filter(account_id=who.account_id).values_list("muted", flat=True).first()
    return frozenset(found or ())


def digest_of(account_id: int) -> Desk | None:
    """How a person wants to be written to, if at all."""
    return Desk.objects.filter(account_id=account_id).first()


def digests_due(now_us: int) -> list[int]:
    """The accounts of those whose time for a digest has come."""
    wanted = Desk.objects.exclude(digest="").exclude(mail_to="").filter(account__is_active=True)
    return [one.account_id for one in wanted if one.digest_us + EVERY_US[one.digest] <= now_us]


def never_asked() -> list[Desk]:
    """Those whose address waits to be confirmed, and to which no link was ever sent."""
    return [
        one for one in Desk.objects.exclude(mail_wanted="").filter(account__is_active=True) if not one.mail_links_us
    ]


def skipped_steps() -> frozenset[str]:
    """The steps of the first start that this node does without."""
    return frozenset(SkippedStep.objects.values_list("name", flat=True))
