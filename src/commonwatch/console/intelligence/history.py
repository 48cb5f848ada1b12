"""An object through time: its versions with who brought them and what differs, sightings of it, and everything in one line of time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.search import history
from commonwatch.base.search.history import Moment, Sighting, Version
from commonwatch.console.intelligence.about import about, held_for
from commonwatch.console.intelligence.facts import json_of
from commonwatch.console.intelligence.rows import address_of, marking_of, originals, row_of, titled
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import reader
from commonwatch.core.stix.difference import FieldChange, difference

MOST_IN_CELL = 2_000  # characters of a value beside another
CHANGES = {
    "added": _("Added"),
    "removed": _("Removed"),
    "changed": _("Changed"),
    "members": _("Members"),
    "order": _("Order"),
}
KINDS = {
    "said": _("Its own dates"),
    "version": _("Versions"),
    "admitted": _("Arrivals"),
    "neighbour": _("Relations"),
    "sighting": _("Sightings"),
}
# What `base.search.history` calls moments.
WORDS = {
    "created": _("created"),
    "valid from": _("valid from here on"),
    "valid until": _("valid until here"),
    "first seen": _("first seen"),
    "last seen": _("last seen"),
    "first observed": _("first observed"),
    "last observed": _("last observed"),
    "published": _("published"),
    "began": _("began"),
    "ended": _("ended"),
    "revoked": _("revoked"),
    "this version was written": _("a version was written"),
    "this version was admitted": _("a version was admitted here"),
    "sighted": _("sighted"),
}
_BROUGHT, _TO, _FROM = "brought by ", ", to", ", from"


def _value(value: Any) -> SafeString:
    """A part of an object beside another."""
    if value is None:
        return cells.NOTHING
    return cells.text(value[:MOST_IN_CELL]) if isinstance(value, str) else cells.code(json_of(value)[:MOST_IN_CELL])


VERSIONS = Table(
    _("Its versions, the latest first"),
    (
        Column("modified", _("Version of"), cells.both_moments),
        Column("admitted", _("Admitted"), cells.moment),
        Column("brought", _("Brought by")),
        Column("marking", _("Marking"), cells.marking),
        Column("state", _("State"), cells.status),
        Column("changed", _("Fields that changed"), cells.number),
    ),
)
DIFFERENCES = Table(
    _("What differs, field by field"),
    (
        Column("field", _("Field"), cells.code),
        Column("kind", _("What happened")),
        Column("old", _("Before"), _value),
        Column("new", _("After"), _value),
    ),
)
SIGHTINGS = Table(
    _("Sightings of it, the last reported first"),
    (
        Column("name", _("Sighting"), titled, link=True),
        Column("where", _("Seen by")),
        Column("count", _("How often"), cells.number),
        Column("first", _("First seen"), cells.moment),
        Column("last", _("Last seen"), cells.moment),
        Column("producer", _("Reported by")),
        Column("marking", _("Marking"), cells.marking),
        Column("admitted", _("Admitted"), cells.moment, chosen=False),
    ),
)


class MomentFilter(Filter):
    """Which moments."""

    kind = forms.ChoiceField(label=_("What happened"), choices=[("", _("All")), *KINDS.items()])


@shown_to(READER)
@require_safe
def versions(request: HttpRequest, identity: str) -> HttpResponse:
    """Every version, who brought it, and what differs between two of them."""
    one = held_for(request, identity)
    known = history.versions(reader(request), identity)
    old, new = _chosen(request, known)
    changed = [_change(change) for change in difference(old.value, new.value)] if old is not new else []
    same = Empty(_("Nothing differs"), _("Both are the same, field by field."))
    context = {
        **about(request, one, "object-versions"),
        "versions": VERSIONS.listing(request, [_version(each) for each in known], total=len(known), bare=True),
        "several": len(known) > 1,
        "known": [(each.head.admitted, each.head.modified or each.head.admitted) for each in known],
        "old": old,
        "new": new,
        "differences": DIFFERENCES.listing(request, changed, total=len(changed), empty=same, bare=True),
    }
    return render(request, "console/intelligence/versions.html", context)


@shown_to(READER)
@require_safe
def timeline(request: HttpRequest, identity: str) -> HttpResponse:
    """Its dates, versions, arrivals, neighbours and sightings, by day."""
    one, asked = held_for(request, identity), MomentFilter(request)
    found = history.timeline(reader(request), identity)
    shown = [_moment(each) for each in found if asked.wanted("kind") in ("", each.kind)]
    days = [(day, list(each)) for day, each in groupby(shown, key=lambda line: line["at"][:10])]
    context = {
        **about(request, one, "object-timeline"),
        "asked": asked,
        "days": days,
        "shown": len(shown),
        "cut": len(found) >= history.MOST_MOMENTS,
    }
    return render(request, "console/intelligence/timeline.html", context)


@shown_to(READER)
@require_safe
def sightings(request: HttpRequest, identity: str) -> HttpResponse:
    """Where and how often it was seen, and who says so."""
    one, looks = held_for(request, identity), reader(request)

    def pages(after: Any, count: int) -> tuple[list[dict[str, Any]], Any]:
        found, following = history.sightings(looks, identity, after, count)
        return [_sighting(each) for each in found], following

    listing = SIGHTINGS.paged(
        request,
        pages,
        empty=Empty(
            _("Nobody says that it was seen"), _("Sightings come from partners, and from verdicts on alerts here.")
        ),
    )
    context = {**about(request, one, "object-sightings"), "sightings": listing}
    return listed(request, "console/intelligence/sightings.html", context, "sightings", originals(request))


def _chosen(request: HttpRequest, known: Sequence[Version]) -> tuple[Version, Version]:
    """The two that the address names; the last two where it names none."""
    by_time = {one.head.admitted: one for one in known}
    before = known[min(1, len(known) - 1)]
    return by_time.get(request.GET.get("old", ""), before), by_time.get(request.GET.get("new", ""), known[0])


def _version(one: Version) -> dict[str, Any]:
    return {
        **row_of(one.head),
        "brought": ", ".join(voucher.member for voucher in one.vouchers),
        "marking": marking_of(one.head),
        "changed": len(one.changes) if one.changes else None,
    }


def _change(one: FieldChange) -> dict[str, Any]:
    """Members of a list that went stand before, those that came after."""
    old, new = (one.went, one.came) if one.kind == "members" else (one.old, one.new)
    return {
        "field": one.field,
        "kind": CHANGES[one.kind],
        "old": list(old) if isinstance(old, tuple) else old,
        "new": list(new) if isinstance(new, tuple) else new,
    }


def _moment(one: Moment) -> dict[str, Any]:
    other = one.object
    return {
        "at": one.at,
        "kind": KINDS[one.kind],
        "what": _said(one),
        "title": titled((other.type, other.name)) if other else "",
        "type": other.type if other else "",
        "marking": marking_of(other) if other else "",
        "url": address_of(other.id) if other else "",
    }


def _said(one: Moment) -> Any:
    """What happened, in the reader's language where it is a word of ours."""
    if one.what.startswith(_BROUGHT):
        return gettext("brought by %(member)s") % {"member": one.what.removeprefix(_BROUGHT)}
    if one.kind == "neighbour" and one.what.endswith(_TO):
        return gettext("“%(kind)s”, from it to") % {"kind": one.what.removesuffix(_TO)}
    if one.kind == "neighbour" and one.what.endswith(_FROM):
        return gettext("“%(kind)s”, to it from") % {"kind": one.what.removesuffix(_FROM)}
    return WORDS.get(one.what, one.what)


def _sighting(one: Sighting) -> dict[str, Any]:
    return {
        **row_of(one.head),
        "where": ", ".join(one.where),
        "count": one.count,
        "first": one.first_seen,
        "last": one.last_seen,
    }
