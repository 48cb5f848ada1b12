"""Nodes that this one exchanges with: how far each is behind, what it did not take, and pausing, limiting, purging."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.base.edge import page, rows
from commonwatch.capabilities.federation import actions, queries
from commonwatch.capabilities.federation.queries import PeerState
from commonwatch.console.shell import cells, told
from commonwatch.console.shell.areas import Hit
from commonwatch.console.shell.pages import ADMINISTRATOR, OPERATOR, done, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import acting, identity
from commonwatch.core.errors import InvalidInput

MOST_HITS = 5
WAYS = {
    "paused": _("paused"),
    "fetches from it": _("we fetch from it"),
    "sends": _("we send to it"),
    "waits to be asked": _("it fetches from us"),
}
SIDES = {"there": _("at the peer"), "here": _("here")}
PEERS = Table(
    _("Peers"),
    (
        Column("name", _("Peer"), link=True),
        Column("state", _("State"), cells.status),
        Column("behind", _("Behind")),
        Column("waits", _("Something waits for it since")),
        Column("heard", _("Last answer"), cells.moment),
        Column("sent", _("Sent"), cells.number),
        Column("received", _("Received"), cells.number),
        Column("skipped", _("Skipped"), cells.number),
        Column("limit", _("Limit")),
        Column("trouble", _("Last error")),
        Column("next_try", _("Next try"), cells.moment),
        Column("way", _("Way"), chosen=False),
    ),
)
SKIPPED = Table(
    _("What did not go in, the last first"),
    (
        Column("side", _("Where")),
        Column("object", _("Object"), cells.code),
        Column("version", _("Version"), cells.code),
        Column("sentence", _("Why"), told.sentence),
        Column("at", _("When"), cells.moment),
        Column("code", _("Code"), cells.code, chosen=False),
    ),
)


class LimitForm(forms.Form):
    """How much may go to a peer, or come from it."""

    kib = forms.IntegerField(
        label=_("KiB a second, on average"), min_value=0, max_value=2_000_000, help_text=_("0 means no limit.")
    )


@shown_to(OPERATOR)
@require_safe
def peers(request: HttpRequest) -> HttpResponse:
    """Every peer, and how the exchange with it goes."""
    now = now_us()
    found = [_row(one, now) for one in queries.states(now)]
    may_change = identity(request).may(ADMINISTRATOR)
    empty = Empty(
        _("There is no peer yet"),
        _("A peer is a node that this one exchanges with. Invite it, or join it with its code."),
        _("Invite a node") if may_change else "",
        reverse("node-invite") if may_change else "",
    )
    listing = PEERS.listing(request, found, total=len(found), empty=empty)
    context = {"peers": listing, "may_change": may_change}
    return listed(request, "console/partnership/peers.html", context, "peers")


@shown_to(OPERATOR)
@require_safe
def peer(request: HttpRequest, name: str) -> HttpResponse:
    """One peer, and what did not go in."""
    now, row = now_us(), actions.peer_named(name)
    state = queries.state(name, now)
    wanted = SKIPPED.wanted(request)
    paged = page(request, wanted.page, rows(queries.skipped_rows(name), "-pk"), lambda one: one.pk, _skipped)
    nothing = Empty(
        _("Nothing was skipped"), _("What a peer, or this node, did not take in stands here with its reason.")
    )
    context = {
        "peer": _row(state, now),
        "address": row.url,
        "key": grouped(row.key),
        "joined": row.joined_us,
        "collection": row.into.title,
        "member": row.member,
        "skipped": SKIPPED.listing(
            request, paged["items"], total=state.skipped, next_cursor=paged["next"], empty=nothing
        ),
        "may_change": identity(request).may(ADMINISTRATOR),
        "is_paused": row.paused,
        "limit": LimitForm(initial={"kib": row.bytes_per_second // 1024}),
        "trail": [(gettext("Peers"), reverse("peers")), (name, "")],
    }
    return render(request, "console/partnership/peer.html", context)


@shown_to(ADMINISTRATOR)
@require_POST
def pause(request: HttpRequest, name: str) -> HttpResponse:
    """Stop the exchange for a while."""
    actions.pause(name, paused=True, by=acting(request))
    said = gettext("The exchange with %(name)s is paused; nothing is lost by it.") % {"name": name}
    done(request, said, undo=reverse("peer-resume", args=[name]))
    return redirect("peer", name)


@shown_to(ADMINISTRATOR)
@require_POST
def resume(request: HttpRequest, name: str) -> HttpResponse:
    """Go on with it."""
    actions.pause(name, paused=False, by=acting(request))
    said = gettext("The exchange with %(name)s goes on.") % {"name": name}
    done(request, said, undo=reverse("peer-pause", args=[name]))
    return redirect("peer", name)


@shown_to(ADMINISTRATOR)
@require_POST
def limit(request: HttpRequest, name: str) -> HttpResponse:
    """Bound what goes to a peer, or comes from it. The limit before stands in the address that takes it back."""
    form = LimitForm(request.POST if "kib" in request.POST else request.GET)
    if not form.is_valid():
        raise InvalidInput("limit-invalid", gettext("A limit is a whole number of KiB a second."), "")
    before = actions.peer_named(name).bytes_per_second // 1024
    actions.limit(name, form.cleaned_data["kib"], acting(request))
    said = gettext("The limit of %(name)s is %(limit)s.") % {"name": name, "limit": _limit(form.cleaned_data["kib"])}
    done(request, said, undo=f"{reverse('peer-limit', args=[name])}?{urlencode({'kib': before})}")
    return redirect("peer", name)


def find_peers(who: Identity, words: str) -> list[Hit]:
    """Peers by a part of their name, for those who run the node."""
    if not who.may(OPERATOR):
        return []
    found = [one for one in queries.states(now_us()) if words.lower() in one.name]
    return [Hit(one.name, reverse("peer", args=[one.name]), gettext("Peer")) for one in found[:MOST_HITS]]


def grouped(key: str) -> str:
    """A key as people read it to one another by telephone."""
    return " ".join(key[start : start + 8] for start in range(0, len(key), 8))


def _row(one: PeerState, now: int) -> dict[str, Any]:
    return {
        "name": one.name,
        "state": "paused" if one.way == "paused" else "failed" if one.trouble else "late" if one.late else "ok",
        "way": WAYS.get(one.way, one.way),
        "behind": _behind(one),
        "waits": spoken(one.waiting_seconds) if one.waiting_seconds else "",
        "heard": one.heard_us or None,
        "sent": one.sent,
        "received": one.received,
        "skipped": one.skipped,
        "limit": _limit(one.bytes_per_second // 1024) if one.bytes_per_second else "",
        "trouble": one.trouble,
        "next_try": now + one.next_try_seconds * 1_000_000 if one.next_try_seconds else None,
        "late": one.late,
        "url": reverse("peer", args=[one.name]),
    }


def _behind(one: PeerState) -> str:
    if not one.lag:
        return ""
    if not one.behind_seconds:
        return gettext("up to date")
    return gettext("everything") if one.lag == "everything" else spoken(int(one.behind_seconds) or 1)


def spoken(seconds: int) -> str:
    """How long, in the largest unit that tells enough."""
    if seconds < 120:
        return ngettext("%(count)s second", "%(count)s seconds", seconds) % {"count": seconds}
    if seconds < 7_200:
        return ngettext("%(count)s minute", "%(count)s minutes", seconds // 60) % {"count": seconds // 60}
    if seconds < 172_800:
        return ngettext("%(count)s hour", "%(count)s hours", seconds // 3_600) % {"count": seconds // 3_600}
    return ngettext("%(count)s day", "%(count)s days", seconds // 86_400) % {"count": seconds // 86_400}


def _limit(kib: int) -> str:
    return f"{kib:,} KiB/s" if kib else gettext("no limit")


def _skipped(one: Any) -> dict[str, Any]:
    return {
        "side": SIDES.get(one.side, one.side),
        "object": one.object,
        "version": one.version,
        "sentence": one.sentence,
        "at": one.at_us,
        "code": one.code,
    }
