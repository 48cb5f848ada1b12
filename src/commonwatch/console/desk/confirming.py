"""Whether who wants digests at an address reads what comes there: a link is sent to it, and has to be followed by the same person, signed in.

1. A link is made of the account, the address and the moment it was asked for, with the node's key: nothing of it is kept but the moment.
2. It counts until it was followed, another is asked for, the address is another, or `HOLDS_US` are over. 3. The address may be a
stranger's: its mail names nobody, and few are sent, whatever addresses are given. 4. Opening the page of a link confirms nothing, because
programs that guard mailboxes open links; its button does.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext, override

from commonwatch.base.accounts.models import Account
from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import enqueue
from commonwatch.console.desk import queries
from commonwatch.console.desk.letters import here, letter
from commonwatch.console.models import Desk
from commonwatch.core.errors import NotFound, TooBusy

KIND = "digest.confirm"
HOLDS_US = 3 * 86_400 * MICROSECONDS  # over a weekend
MOST_LINKS = 5  # in `WITHIN_US`, of one account: enough for slips, too few to bother a stranger with
WITHIN_US = 86_400 * MICROSECONDS


def ask(desk: Desk, now_us: int) -> None:
    """Have a link sent to the address that waits, with the desk's next save. Raises TooBusy after many."""
    lately = [at for at in desk.mail_links_us if at > now_us - WITHIN_US]
    if len(lately) >= MOST_LINKS:
        again = (lately[0] + WITHIN_US - now_us) // MICROSECONDS + 1
        raise TooBusy("mail-links", "Many links were sent for you today.", retry_after_seconds=again, status=429)
    desk.mail_links_us = [*lately, now_us]
    enqueue(KIND, str(desk.account_id), {}, run_at_us=now_us)


def waits(desk: Desk | None, link: str, now_us: int) -> str:
    """The address that this link confirms; raises NotFound where it confirms none."""
    if desk is None or not desk.mail_wanted or ends_us(desk) <= now_us or not constant_time_compare(link, _link(desk)):
        raise NotFound(
            "mail-link",
            "This link is used, expired, or of another account.",
            "Sign in as who asked for it, and have another one sent from your notices.",
        )
    return desk.mail_wanted


def ends_us(desk: Desk) -> int:
    """Until when the link to the address that waits can be followed; 0 where none was asked for."""
    return int(desk.mail_links_us[-1]) + HOLDS_US if desk.mail_links_us else 0


def send(job: Job) -> None:
    """Send the link that was asked for last. Who took the address back meanwhile, or may not sign in any more, is left."""
    desk, account = queries.digest_of(int(job.key)), Account.objects.filter(pk=int(job.key), is_active=True).first()
    if desk is None or not desk.mail_wanted or account is None:
        return
    with override(account.language or settings.LANGUAGE_CODE):
        node = urlsplit(settings.COMMONWATCH.public_url).hostname or ""
        subject = gettext("Confirm this address for notices of %(node)s") % {"node": node}
        address = here(reverse("confirm-mail", args=[_link(desk)]))
        letter("confirming", subject, {"node": node, "address": address}, desk.mail_wanted).send()


def _link(desk: Desk) -> str:
    what = f"{desk.account_id} {desk.mail_links_us[-1]} {desk.mail_wanted}"
    return salted_hmac(__name__, what, algorithm="sha256").hexdigest()
