"""What of the partnership waits for somebody: peers that are behind, approvals, what runs out, and records that lie."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.capabilities.federation.membership.standing import standing
from commonwatch.capabilities.federation.queries import states
from commonwatch.capabilities.transparency.queries import evidence as held
from commonwatch.console.shell.areas import Notice, NoticeKind
from commonwatch.console.shell.pages import ADMINISTRATOR, OPERATOR


def peers(who: Identity) -> list[Notice]:
    """Peers that cannot be reached, or are behind for longer than the settings allow."""
    return [
        Notice(
            gettext("The peer %(name)s is behind") % {"name": one.name},
            reverse("peer", args=[one.name]),
            "bad" if one.trouble else "warn",
            one.trouble,
        )
        for one in states(now_us())
        if one.trouble or one.late
    ]


def approvals(who: Identity) -> list[Notice]:
    """Changes of the membership that this node has not approved, where it may."""
    found = standing(now_us())
    if found is None or not any(one.ours for one in found.roles if one.role == "targets"):
        return []
    waiting = [one for one in found.waiting if not one.ours]
    said = ngettext(
        "%(count)s change of the partnership waits for approval",
        "%(count)s changes of the partnership wait for approval",
        len(waiting),
    )
    return [Notice(said % {"count": len(waiting)}, reverse("joining"), count=len(waiting))] if waiting else []


def membership(who: Identity) -> list[Notice]:
    """What of the membership runs out or has to be signed anew."""
    found = standing(now_us())
    said = gettext("The membership has to be renewed")
    return [Notice(said, reverse("joining"), "warn", line) for line in found.renew] if found is not None else []


def evidence(who: Identity) -> list[Notice]:
    """Records that contradict themselves; the node's own among them would be the worst."""
    return [
        Notice(gettext("The record %(name)s contradicts itself") % {"name": one.origin}, reverse("witnesses"), "bad")
        for one in held()
    ]


KINDS = (
    NoticeKind("evidence", _("Evidence against a record"), OPERATOR, evidence),
    NoticeKind("peers", _("Peers that are behind"), OPERATOR, peers),
    NoticeKind("approvals", _("Approvals of the partnership"), ADMINISTRATOR, approvals),
    NoticeKind("membership", _("What runs out in the partnership"), OPERATOR, membership),
)
