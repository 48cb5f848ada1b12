"""Searching: words, values and properties, with facets, and a sentence that says what is shown; and many values at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.release.reader import Reader, reader_of
from commonwatch.base.search import matching, queries
from commonwatch.base.search.follower import behind
from commonwatch.base.search.heads import Row
from commonwatch.base.search.history import held
from commonwatch.base.search.wanted import LEVELS, Sort, Wanted, moment
from commonwatch.base.search.words import LONGEST_QUESTION
from commonwatch.console.intelligence.rows import address_of, brief, originals, row_of, titled
from commonwatch.console.shell import cells
from commonwatch.console.shell.areas import Hit
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, gone_to, shown_to
from commonwatch.console.shell.several import Several
from commonwatch.console.shell.tables import COUNT, Column, Empty, Facet, Filter, Said, Table, counts_after
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import identity, reader
from commonwatch.core.errors import InvalidInput, NotFound, TooBusy
from commonwatch.core.patterns.plain import refanged
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.tables import PROPERTIES

AT_ONCE_SECONDS = 0.03  # for counting, before the page is there
FACETS_SECONDS = 0.4  # for counting, when it is fetched after the page
MOST_OPTIONS = 12
MOST_HITS = 5
HITS_SECONDS = 1.0  # for what is looked for while somebody types
SHORTEST_PREFIX = 3  # letters; shorter ones begin too many words to be looked for while somebody types
MOST_MATCHES = 1_000  # rows of a look-up that one page shows
REVOKED = {"no": _("In force"), "yes": _("Revoked")}
ORDERS = {"newest": _("Newest first"), "oldest": _("Oldest first"), "modified": _("Latest modified first")}
HOW = {
    "exact": _("names it"),
    "covers": _("names a network or domain around it"),
    "host": _("names a URL on it"),
    "below": _("names something below it"),
    "inside": _("names something inside it"),
}
OBJECTS = Table(
    _("Objects"),
    (
        Column("type", _("Type"), cells.code),
        Column("name", _("Name"), titled, link=True),
        Column("line", _("In short"), brief),
        Column("producer", _("Producer")),
        Column("marking", _("Marking"), cells.marking),
        Column("state", _("State"), cells.status, chosen=False),
        Column("modified", _("Modified"), cells.moment),
        Column("admitted", _("Admitted"), cells.moment),
        Column("id", _("Id"), cells.code, chosen=False),
    ),
)
MATCHES = Table(
    _("Objects that name these values"),
    (
        Column("value", _("Value"), cells.indicator),
        Column("how", _("How")),
        Column("type", _("Type"), cells.code),
        Column("name", _("Name"), titled, link=True),
        Column("producer", _("Producer")),
        Column("marking", _("Marking"), cells.marking),
        Column("modified", _("Modified"), cells.moment),
    ),
)


class ObjectFilter(Filter):
    """Which objects."""

    text = forms.CharField(label=_("Words"), max_length=LONGEST_QUESTION)
    value = forms.CharField(label=_("Address, name, URL, digest"), max_length=matching.LONGEST)
    type = Several(label=_("Type"), max_length=100, suggested="types")
    marking = Several(label=_("Marking"), choices=[(one, one) for one in LEVELS])
    producer = Several(label=_("Producer"), max_length=300, suggested="producers")
    label = Several(label=_("Label"), max_length=250, suggested="labels")
    since = forms.DateField(label=_("Admitted since"), widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label=_("Admitted before"), widget=forms.DateInput(attrs={"type": "date"}))
    revoked = forms.ChoiceField(label=_("State"), choices=[("", _("Any")), *REVOKED.items()])
    order = forms.ChoiceField(label=_("Order"), choices=[("", _("As usual")), *ORDERS.items()])

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        self.called: dict[str, str] = {}  # producers by id

    @property
    def said(self) -> list[Said]:
        """With producers by name."""
        return [
            replace(one, words=self.called.get(one.value, one.words)) if one.name == "producer" else one
            for one in super().said
        ]

    @property
    def named(self) -> str:
        """The id that was given in place of words, or nothing."""
        words = self.wanted("text").strip()
        return words if parse_id(words) is not None else ""

    @property
    def question(self) -> Wanted:
        """The same for the query."""

        order: Sort = self.wanted("order") or "newest"
        revoked = self.wanted("revoked")
        return Wanted(
            self.wanted("text").strip(),
            self.wanted("type") or (),
            self.wanted("producer") or (),
            self.wanted("marking") or (),
            self.wanted("label") or (),
            moment(str(self.wanted("since"))),
            moment(str(self.wanted("until"))),
            refanged(self.wanted("value")).strip(),
            None if not revoked else revoked == "yes",
            order,
        )


@shown_to(READER)
@require_safe
def objects(request: HttpRequest) -> HttpResponse:
    """What there is, as the address asks."""
    asked, looks = ObjectFilter(request), reader(request)
    if (named := asked.named) and found_objects(identity(request), named):
        return gone_to(request, address_of(named))
    wanted = asked.question

    def pages(after: Any, count: int) -> tuple[list[dict[str, Any]], Any]:
        found = queries.find(looks, wanted, after, count)
        return [row_of(row) for row in found.rows], found.next

    seconds = FACETS_SECONDS if request.GET.get(COUNT) else AT_ONCE_SECONDS
    counted = queries.facets(looks, wanted, seconds)
    others = queries.alternatives(looks, wanted, seconds) if counted.total is not None else {}
    counted = msgspec.structs.replace(counted, facets={**counted.facets, **others})
    producers = counted.facets["producer"] or ()
    listing = OBJECTS.paged(
        request,
        pages,
        total=counted.total,
        filter=asked,
        facets=_facets(counted),
        empty=_nothing(request),
    )
    listing = counts_after(listing, request, is_counted=counted.total is not None)
    asked.called = {one.value: one.name for one in producers}
    asked.called |= {row["producer_id"]: row["producer"] for row in listing.rows}
    context = {
        "objects": listing,
        "types": sorted(PROPERTIES),
        "producers": producers,
        "labels": [one for one in counted.facets["label"] or () if cells.visible(one.value) == one.value],
        "behind": behind(),
        "may_write": may_write(request),
    }
    return listed(request, "console/intelligence/objects.html", context, "objects", originals(request))


@shown_to(READER)
@require_http_methods(["GET", "HEAD", "POST"])
def values(request: HttpRequest) -> HttpResponse:
    """Many values at once: which of them are named, and by what. They are too many for an address, so they are posted."""
    text, wide = request.POST.get("values", ""), bool(request.POST.get("wide"))
    asked = list(dict.fromkeys(refanged(line).strip() for line in text.splitlines() if line.strip()))
    context: dict[str, Any] = {"text": text, "wide": wide, "most": matching.MOST_VALUES}
    if asked:
        found = matching.values(reader(request), asked, wide=wide)
        named = {one.value for one in found}
        rows = [{**row_of(one.object), "value": one.value, "how": HOW[one.how]} for one in found]
        context["matches"] = MATCHES.listing(request, rows[:MOST_MATCHES], total=len(rows), bare=True)
        context["unknown"] = [one for one in asked if one not in named]
        context["said"] = _known(len(named), len(asked))
    return render(request, "console/intelligence/values.html", context)


def found_objects(who: Identity, words: str) -> Sequence[Hit]:
    """For the search box: by id, by value, by words, the last of which may be unfinished."""
    looks = reader_of(who)
    if parse_id(words) is not None:
        try:
            head = held(looks, words).head
        except NotFound:
            return ()
        return [Hit(head.name, address_of(head.id), head.type)]
    ways = [Wanted(value=refanged(words)), Wanted(text=f"{words}*" if len(words) >= SHORTEST_PREFIX else words)]
    rows = [row for way in ways for row in _some(looks, way)]
    shown = list(dict.fromkeys(rows))[:MOST_HITS]
    return [
        Hit(cells.defanged(row.name) if "://" in row.name else row.name, address_of(row.id), row.type) for row in shown
    ]


def may_write(request: HttpRequest) -> bool:
    """Whether somebody writes for the member that runs the node."""
    return identity(request).may(CONTRIBUTOR) and identity(request).is_at_home


def _some(looks: Reader, wanted: Wanted) -> Sequence[Row]:
    try:
        return queries.find(looks, wanted, limit=MOST_HITS, seconds=HITS_SECONDS).rows
    except (InvalidInput, TooBusy):  # there is no word in it, only signs; or it has to be asked on the page
        return ()


def _facets(counted: queries.Facets) -> list[Facet]:
    if counted.total is None:
        return []
    kinds: tuple[tuple[str, Any, dict[str, Any]], ...] = (
        ("type", _("Type"), {}),
        ("producer", _("Producer"), {}),
        ("marking", _("Marking"), {}),
        ("label", _("Label"), {}),
        ("revoked", _("State"), REVOKED),
    )
    found = []
    for name, label, words in kinds:
        options = [
            (one.value, words.get(one.value, one.name), one.count)
            for one in (counted.facets[name] or ())[:MOST_OPTIONS]
        ]
        if options:
            found.append(Facet(name, label, options))
    return found


def _nothing(request: HttpRequest) -> Empty:
    if may_write(request):
        return Empty(
            _("The node holds nothing yet"),
            _("Objects come from sources, from partners, from files that are imported, and from you."),
            _("Write an indicator"),
            reverse("object-new", args=["indicator"]),
        )
    return Empty(
        _("There is nothing for you yet"),
        _("What your member may have appears here as soon as it is shared with it."),
        _("See your communities"),
        reverse("communities"),
    )


def _known(named: int, asked: int) -> str:
    sentence = ngettext(
        "%(named)s of %(asked)s value is named by something that you may have.",
        "%(named)s of %(asked)s values are named by something that you may have.",
        asked,
    )
    return sentence % {"named": f"{named:,}", "asked": f"{asked:,}"}
