"""Every write to what the console keeps for people. Nothing here touches what is shared."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.urls import Resolver404, resolve

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.edge import Caller
from commonwatch.console.desk import confirming
from commonwatch.console.models import Desk, SavedView, SkippedStep
from commonwatch.core.errors import Conflict, InvalidInput, NotFound

LOOK_US = 3600 * 1_000_000  # looks within an hour are one
MOST_VIEWS = 50
_OF_MAIL = ("digest", "digest_us", "mail_to", "mail_wanted", "mail_links_us")


def look(who: Identity, now_us: int) -> int:
    """Note that somebody looks at the overview; returns since when things are new, 0 at the first look."""
    desk, _ = Desk.objects.get_or_create(account_id=who.account_id)
    if now_us - desk.looked_us > LOOK_US:
        Desk.objects.filter(pk=desk.pk).update(before_us=desk.looked_us, looked_us=now_us)
        return desk.looked_us
    return desk.before_us


def mute(who: Identity, kinds: Sequence[str]) -> None:
    """Have no notices of these kinds from now on, and of all others."""
    Desk.objects.update_or_create(account_id=who.account_id, defaults={"muted": sorted(set(kinds))})


def have_digests(who: Identity, how_often: str, to: str, now_us: int) -> None:
    """Be written to from now on, or no longer; the first comes when its time has passed. Raises TooBusy after many new addresses.

    A new address is sent a link first. Until that was followed, digests go on to the one before.
    """
    with transaction.atomic():
        desk = _desk(who)
        desk.digest, desk.digest_us = how_often, now_us
        is_new = bool(how_often) and to not in (desk.mail_to, desk.mail_wanted)
        if not how_often and to != desk.mail_to:
            desk.mail_to = ""
        if not how_often or to == desk.mail_to:
            desk.mail_wanted = ""
        if is_new:
            desk.mail_wanted = to
            confirming.ask(desk, now_us)
        desk.save(update_fields=_OF_MAIL)


def send_link_again(who: Identity, now_us: int) -> str:
    """Have another link sent, and void those before; the address that waits. Raises NotFound, or TooBusy after many."""
    with transaction.atomic():
        desk = _waiting(who)
        confirming.ask(desk, now_us)
        desk.save(update_fields=_OF_MAIL)
    return desk.mail_wanted


def take_address_back(who: Identity) -> str:
    """Have nothing sent to the address that waits, which is returned; what was confirmed before stays. Raises NotFound."""
    with transaction.atomic():
        desk = _waiting(who)
        wanted, desk.mail_wanted = desk.mail_wanted, ""
        if not desk.mail_to:
            desk.digest = ""
        desk.save(update_fields=_OF_MAIL)
    return wanted


def confirm_address(who: Identity, link: str, now_us: int) -> str:
    """Have digests go where this link was read, once; the address. Raises NotFound for a link that is used, void, expired or wrong."""
    with transaction.atomic():
        desk = _desk(who)
        desk.mail_to, desk.mail_wanted = confirming.waits(desk, link, now_us), ""
        desk.save(update_fields=_OF_MAIL)
    return desk.mail_to


def digest_sent(account_id: int, now_us: int) -> None:
    """Note that somebody was written to, or that there was nothing to write."""
    Desk.objects.filter(account_id=account_id).update(digest_us=now_us)


def save_view(who: Caller, name: str, address: str, *, shared: bool, now_us: int) -> SavedView:
    """Keep a page with its state; raises InvalidInput for what is no page here, Conflict for a name in use."""
    name, path = _named(name), address.partition("?")[0]
    try:
        resolve(path)
    except Resolver404:
        raise InvalidInput("view-address", f"{path} is no page of this console.", "Save a page that you see.") from None
    with transaction.atomic():
        _check_free(who, name)
        if SavedView.objects.filter(account_id=who.account_id).count() >= MOST_VIEWS:
            raise Conflict("views-too-many", f"You have {MOST_VIEWS} views already.", "Remove one first.")
        return SavedView.objects.create(
            account_id=who.account_id, name=name, address=address[:2000], shared=shared, created_us=now_us
        )


def change_view(who: Caller, number: int, *, name: str | None = None, shared: bool | None = None) -> SavedView:
    """Give a view of one's own another name, share it or no longer; None leaves as it is. Raises as `save_view`, and NotFound."""
    with transaction.atomic():
        found = _own(who, number)
        if name is not None and _named(name) != found.name:
            found.name = _named(name)
            _check_free(who, found.name)
        if shared is not None:
            found.shared = shared
        found.save(update_fields=["name", "shared"])
    return found


def remove_view(who: Caller, number: int) -> SavedView:
    """Forget a view of one's own; raises NotFound."""
    found = _own(who, number)
    SavedView.objects.filter(pk=number).delete()
    return found


def skip_step(name: str, *, skipped: bool) -> None:
    """Do without a step of the first start, or after all not."""
    if skipped:
        SkippedStep.objects.get_or_create(name=name)
    else:
        SkippedStep.objects.filter(name=name).delete()


def _desk(who: Identity) -> Desk:
    """A person's, to be written to; held until the transaction ends."""
    Desk.objects.get_or_create(account_id=who.account_id)
    return Desk.objects.select_for_update().get(account_id=who.account_id)


def _waiting(who: Identity) -> Desk:
    desk = _desk(who)
    if not desk.mail_wanted:
        raise NotFound("mail-waits-not", "No address of yours waits to be confirmed.", "See your notices.")
    return desk


def _named(name: str) -> str:
    named = " ".join(name.split())[:60].strip()
    if not named:
        raise InvalidInput("view-name-missing", "A view needs a name.", "Give it one.")
    return named


def _check_free(who: Caller, name: str) -> None:
    if SavedView.objects.filter(account_id=who.account_id, name=name).exists():
        raise Conflict("view-name-taken", f"You have a view called {name} already.", "Choose another name.")


def _own(who: Caller, number: int) -> SavedView:
    found = SavedView.objects.filter(pk=number, account_id=who.account_id).first()
    if found is None:
        raise NotFound("view-unknown", "You have no such view.", "See the list of views.")
    return found
