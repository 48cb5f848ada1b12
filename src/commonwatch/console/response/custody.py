"""Evidence: the list of items, one item with its chain, what can be done with it, and the verification of a carried chain."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec
from django import forms
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.base.parties import visibility
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import reader_of
from commonwatch.capabilities.evidence import actions, carrying, custody_file, queries
from commonwatch.capabilities.evidence.case_uco import case_uco
from commonwatch.capabilities.evidence.custody_file import Trust
from commonwatch.capabilities.evidence.store import opened
from commonwatch.capabilities.transparency.handing import proof_of_entry
from commonwatch.console.partnership.witnesses import download
from commonwatch.console.response import evidence_words as words
from commonwatch.console.shell import cells, told
from commonwatch.console.shell.areas import Hit, Notice
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, done, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.told import RefusalsOn
from commonwatch.console.shell.who import acting, identity, reader
from commonwatch.core.merkle.policies import parse_policy
from commonwatch.core.signing.stamps import roots_of
from commonwatch.core.stix.times import format_time

MOST_HITS, MOST_LOOKED_AT = 5, 100
LARGEST_FILE = 8 * 2**20  # of a chain that is looked at on a page
ITEMS = Table(
    _("Evidence, what changed last first"),
    (
        Column("name", _("What"), link=True),
        Column("size", _("Bytes"), cells.number),
        Column("holder", _("Held by")),
        Column("offered_to", _("Offered to")),
        Column("state", _("State"), words.state),
        Column("collected_by", _("Collected by")),
        Column("collected_at", _("Collected"), cells.moment),
        Column("basis", _("Legal basis")),
        Column("marking", _("Marking"), cells.marking),
        Column("sha256", _("SHA-256"), cells.code, chosen=False),
        Column("id", _("Id"), cells.code, chosen=False),
    ),
)
CHAIN = Table(
    _("Chain of custody"),
    (
        Column("at", _("When"), cells.moment),
        Column("what", _("Act"), words.act),
        Column("by", _("By")),
        Column("said", _("Said")),
        Column("stamps", _("Time stamps by")),
        Column("sha256", _("SHA-256 of the act"), cells.code, chosen=False),
    ),
)
MISSING = Table(
    _("Time stamps that are missing"),
    (
        Column("authority", _("Authority")),
        Column("subject", _("Of"), cells.code),
        Column("state", _("State"), words.state),
        Column("error", _("Because"), told.sentence),
        Column("next_try", _("Asked again"), cells.moment),
    ),
)
CHECKED = Table(
    _("What was checked"),
    (
        Column("state", _("Result"), words.state),
        Column("what", _("What"), words.checked),
        Column("place", _("Where"), cells.code),
        Column("sentence", _("Says"), told.sentence),
    ),
)


class ItemsFilter(Filter):
    """Which items."""

    case = forms.CharField(label=_("Of the case (id)"), max_length=300)


class OfferForm(forms.Form):
    """To whom an item is handed over."""

    member = forms.ChoiceField(label=_("To"))
    purpose = forms.CharField(label=_("What for"), max_length=500)
    conditions = forms.CharField(
        label=_("Conditions"), widget=forms.Textarea(attrs={"rows": 3}), required=False, max_length=20_000
    )

    def __init__(self, who: Identity, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        member: Any = self.fields["member"]
        others = visibility.members(who).exclude(name=HOME).order_by("title", "name")
        member.choices = [(one.name, one.title or one.name) for one in others]


class NoteForm(forms.Form):
    """What was done with an item."""

    kind = forms.ChoiceField(
        label=_("What was done"),
        choices=[(one, words.ACTS[one]) for one in ("examined", "copied", "moved", "returned", "destroyed")],
    )
    done_by = forms.CharField(label=_("By whom"), max_length=500)
    done_at = forms.CharField(label=_("When (UTC)"), max_length=40, help_text=_("As 2026-11-29T10:15:00Z."))
    tool = forms.CharField(label=_("With what"), max_length=500, required=False)
    text = forms.CharField(
        label=_("In words"), widget=forms.Textarea(attrs={"rows": 3}), required=False, max_length=20_000
    )


class VerifyForm(forms.Form):
    """A chain, and whom one trusts."""

    file = forms.FileField(label=_("Chain of custody"))
    keys = forms.CharField(
        label=_("Keys that you compared"),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        help_text=_("Ids of members' first keys, one a line."),
    )
    roots = forms.CharField(
        label=_("Roots of time-stamping authorities (PEM)"), widget=forms.Textarea(attrs={"rows": 3}), required=False
    )
    policy = forms.CharField(
        label=_("Logs that you trust"),
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
        help_text=_("Lines of a policy file (C2SP tlog-policy)."),
    )


@shown_to(READER)
@require_safe
def items(request: HttpRequest) -> HttpResponse:
    """The items that the reader may know of."""
    who, chosen = reader(request), ItemsFilter(request)
    case = chosen.wanted("case")
    add = reverse("evidence-new") + (f"?{urlencode({'case': case})}" if case else "")
    add = add if may_act(identity(request)) else ""
    empty = Empty(
        _("No evidence yet"),
        _("Content is sealed while it is added, here or on the command line, and nowhere opened."),
        *((_("Add evidence"), add) if add else ()),
    )
    pages = by_key(lambda after, count: queries.items(who, after, count, case), lambda one: one.seq, _row)
    return listed(
        request,
        "console/response/evidence.html",
        {
            "items": ITEMS.paged(request, pages, filter=chosen, empty=empty),
            "add": add,
        },
        "items",
    )


@shown_to(READER)
@require_safe
def one(request: HttpRequest, name: str) -> HttpResponse:
    """One item with its chain, and what can be done with it."""
    return _page(request, name)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def offer(request: HttpRequest, name: str) -> HttpResponse:
    """Offer it to another member."""
    form = OfferForm(identity(request), request.POST)
    if form.is_valid():
        said = form.cleaned_data
        with RefusalsOn(form):
            actions.hand_over(name, said["member"], said["purpose"], acting(request), said["conditions"])
            done(request, gettext("It is offered. It is theirs once they accept; its content travels apart."))
            return redirect("evidence-item", name)
    return _page(request, name, offer=form)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def note(request: HttpRequest, name: str) -> HttpResponse:
    """Say what was done with it."""
    form = NoteForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        with RefusalsOn(form):
            actions.note(
                name, said["kind"], said["done_by"], said["done_at"], acting(request), said["text"], said["tool"]
            )
            done(request, gettext("It is in the chain."))
            return redirect("evidence-item", name)
    return _page(request, name, note=form)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def answer(request: HttpRequest, name: str) -> HttpResponse:
    """Take over, refuse, or take an offer back."""
    by, act = acting(request), request.POST.get("act", "")
    if act == "accept":
        actions.accept(name, by, most_bytes=actions.AT_ONCE_BYTES)
        done(request, gettext("It is held here now."))
    elif act == "refuse":
        actions.refuse(name, reason_given(request), by)
        done(request, gettext("It is refused, and stays with who offered it."))
    else:
        actions.note(name, "withdrawn", by.actor, format_time(by.now_us, 0), by, reason_given(request))
        done(request, gettext("The offer is taken back."))
    return redirect("evidence-item", name)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def stamp(request: HttpRequest, name: str) -> HttpResponse:
    """Ask again for every time stamp that is missing."""
    one = queries.known(reader(request), name)
    actions.ask_stamps([act.id for act in one.chain.every if act.author == own_member().identity], now_us())
    done(request, gettext("The authorities are asked; see below which have not answered."))
    return redirect("evidence-item", name)


@shown_to(READER)
@require_safe
def custody(request: HttpRequest, name: str) -> HttpResponse:
    """The chain as a file that verifies without a node."""
    made = queries.export(reader(request), name, proof_of_entry, now_us())
    return download(made.encode(), f"{name}.custody.json", "application/json")


@shown_to(READER)
@require_safe
def uco(request: HttpRequest, name: str) -> HttpResponse:
    """The item as CASE/UCO."""
    made = case_uco(queries.item(reader(request), name))
    return download(msgspec.json.format(msgspec.json.encode(made), indent=1), f"{name}.jsonld", "application/ld+json")


@shown_to(READER)
@require_safe
def content(request: HttpRequest, name: str) -> HttpResponse:
    """The sealed content, packed, as `commonwatch evidence take` and `open-file` read it. That is on record."""
    pieces = actions.give_content(reader(request), name, acting(request))
    made: Any = StreamingHttpResponse(carrying.packed(opened(), pieces), content_type="application/octet-stream")
    made["Content-Disposition"] = f'attachment; filename="{name}.sealed.tar"'
    return made  # type: ignore[no-any-return]  # a response like any other


@shown_to(READER)
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Verify a chain of custody that somebody carried here; nothing of it is kept."""
    form = VerifyForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {
        "form": form,
        "trail": [(gettext("Evidence"), reverse("evidence")), (gettext("Verify"), "")],
    }
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        with RefusalsOn(form):
            trust = Trust(
                frozenset(said["keys"].split()),
                tuple(roots_of(said["roots"].encode())) if said["roots"].strip() else (),
                parse_policy(said["policy"].encode()) if said["policy"].strip() else None,
            )
            found = custody_file.verify(said["file"].read(LARGEST_FILE), trust, now_us())
            order = {"broken": 0, "not-judged": 1, "holds": 2}
            rows = [
                {"state": one.state, "what": one.what, "place": one.place, "sentence": one.sentence}
                for one in sorted(found.checked, key=lambda one: order[one.state])
            ]
            holder = found.names.get(found.chain.holder, found.chain.holder) if found.chain else ""
            context |= {"found": found, "holder": holder, "checked": CHECKED.listing(request, rows, bare=True)}
    return render(request, "console/response/evidence_verify.html", context, status=422 if form.errors else 200)


def find_items(who: Identity, text: str) -> list[Hit]:
    """Items by a part of their name, their id or their SHA-256."""
    found = queries.items(reader_of(who), None, MOST_LOOKED_AT)
    fitting = [one for one in found if text.lower() in one.name.lower() or text in (one.id, one.sha256)]
    return [Hit(one.name, reverse("evidence-item", args=[one.id]), gettext("Evidence")) for one in fitting[:MOST_HITS]]


def waiting(who: Identity) -> list[Notice]:
    """Items that are offered to us, chains that are broken, and stamps that were given up."""
    if not who.is_at_home:
        return []
    mine, notices = reader_of(who), []
    for one in queries.items(mine, None, MOST_LOOKED_AT):
        address, said = reverse("evidence-item", args=[one.id]), {"name": one.name, "member": one.holder}
        if one.state == "offered-here":
            notices.append(Notice(gettext("%(member)s offers you %(name)s.") % said, address))
        elif one.state == "broken":
            notices.append(Notice(gettext("The chain of custody of %(name)s is broken.") % said, address, "bad"))
    for one in queries.given_up(mine):
        address, said = reverse("evidence-item", args=[one.id]), {"name": one.name}
        notices.append(Notice(gettext("A time stamp of %(name)s was given up.") % said, address, "bad"))
    return notices


def _page(request: HttpRequest, name: str, **filled: forms.Form) -> HttpResponse:
    found = queries.item(reader(request), name)
    who = identity(request)
    acts = may_act(who)
    chain = [
        {
            "at": act.at,
            "what": act.what,
            "by": act.by,
            "said": "; ".join(f"{words.SAID[label]}: {text}" for label, text in act.detail.items()),
            "stamps": ", ".join(act.stamps),
            "sha256": act.sha256,
        }
        for act in found.acts
    ]
    state = found.item.state
    initial = {"done_at": format_time(now_us(), 0), "done_by": who.name}
    context = {
        "found": found,
        "item": found.item,
        "about": found.about,
        "state": words.state(state),
        "chain": CHAIN.listing(request, chain, bare=True),
        "missing": MISSING.listing(request, [msgspec.to_builtins(one) for one in found.missing_stamps], bare=True),
        "may_offer": acts and state == "held-here",
        "may_answer": acts and state == "offered-here",
        "may_withdraw": acts and state == "offered",
        "may_stamp": acts and bool(found.missing_stamps),
        "offer": filled.get("offer") or OfferForm(who),
        "note": filled.get("note") or NoteForm(initial=initial),
        "has_errors": {form for form, one in filled.items() if one.errors},
        "trail": [(gettext("Evidence"), reverse("evidence")), (found.item.name, "")],
    }
    status = 422 if any(form.errors for form in filled.values()) else 200
    return render(request, "console/response/evidence_item.html", context, status=status)


def may_act(who: Identity) -> bool:
    """Whether somebody acts for the member that runs this node."""
    return who.is_at_home and who.may(CONTRIBUTOR)


def _row(one: queries.ItemView) -> dict[str, Any]:
    return {**msgspec.to_builtins(one), "url": reverse("evidence-item", args=[one.id])}
