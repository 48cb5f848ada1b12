"""Proofs: verifying one that somebody hands over, making one of what the record holds, and comparing two partners' records."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.edge import rows
from commonwatch.base.parties.models import HOME, Member
from commonwatch.base.parties.queries import member_named
from commonwatch.capabilities.transparency import extracting, pairing, queries
from commonwatch.capabilities.transparency.handing import handed
from commonwatch.capabilities.transparency.judging import (
    Proven,
    ProvenAgainst,
    Stamps,
    judge_evidence,
    judge_proof,
    own_trust,
)
from commonwatch.capabilities.transparency.pairing import Pair
from commonwatch.console.partnership.witnesses import CODES, download
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import OPERATOR, READER, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table, by_key
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.told import error_told
from commonwatch.console.shell.who import identity
from commonwatch.core.errors import CommonwatchError, InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.evidence import is_evidence
from commonwatch.core.merkle.extracts import parse_extract
from commonwatch.core.merkle.policies import Policy, parse_policy
from commonwatch.core.signing.stamps import roots_of

LARGEST_PROOF, LARGEST_EXTRACT = 1_000_000, 50_000_000  # bytes
MEANINGS = {
    "receipt": _("It took in a version of an object, with the content that has this fingerprint."),
    "share": _("It gave a reader the objects of one page of a collection."),
    "sent": _("It sent a parcel of objects to a partner."),
    "taken": _("It took in a parcel of objects from a partner."),
    "policy": _("The rules by which it decides who may have what were changed."),
    "membership": _("Who is in the partnership, or what is known of a member, was changed."),
    "agreement": _("An agreement, or a party's step in it, was put on record."),
    "consent": _("An originator let a member have what it controls."),
    "recall": _("It asked a member to give up objects that it had shared."),
    "answer": _("A member answered the request to give up objects."),
    "erase": _("It destroyed content, and with it what could tell what certain entries said."),
    "act": _("Somebody acted on this node."),
}
ABOUT = ("object", "subject", "recall", "what", "recipient", "to")  # where a statement says what it is about
STATES = {
    pairing.PAIRED: _("both have it"),
    pairing.CARRIED: _("carried by a later one"),
    pairing.TOO_NEW: _("too new to be judged"),
    pairing.MISSING: _("missing"),
}
LEAVES = Table(
    _("What the record says, the last first"),
    (
        Column("number", _("Entry"), cells.code, link=True),
        Column("kind", _("Kind"), cells.code),
        Column("meaning", _("What happened")),
        Column("about", _("About"), cells.code),
        Column("statement", _("Statement"), cells.code, chosen=False),
    ),
)
STATEMENT = Table(_("The statement"), (Column("what", _("What"), cells.code), Column("says", _("Says"))))
PAIRS = Table(
    _("What is not the same on both sides"),
    (
        Column("what", _("What"), cells.code),
        Column("state", _("State")),
        Column("giver", _("Given by"), cells.code),
        Column("given", _("Entry"), cells.code),
        Column("taker", _("To"), cells.code),
        Column("taken", _("Entry there"), cells.code),
        Column("lacks", _("Missing in"), cells.code),
    ),
)


class LeafFilter(Filter):
    """Which entries."""

    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("Any")), *((name, name) for name in MEANINGS)])
    object = forms.CharField(label=_("About the object"), max_length=300)


class TrustForm(forms.Form):
    """Whom who judges believes."""

    policy = forms.FileField(
        label=_("Whom you believe"),
        required=False,
        help_text=_("A policy file; without one, what this node believes and the records that it witnesses."),
    )

    @property
    def trusted(self) -> Policy:
        """The policy of the file, or the node's own."""
        given: Any = self.cleaned_data["policy"]
        return parse_policy(_bytes(given, LARGEST_PROOF)) if given else own_trust()


class VerifyForm(TrustForm):
    """What is to be verified."""

    proof = forms.FileField(label=_("Proof, or evidence"), help_text=_("A file .tlog-proof or .tlog-evidence."))
    leaf = forms.FileField(label=_("The entry"), required=False, help_text=_("The file .leaf beside a proof."))
    stamps = forms.FileField(label=_("Time stamps"), required=False, help_text=_("The file .stamps beside a proof."))
    roots = forms.FileField(
        label=_("Roots of time-stamping authorities (PEM)"),
        required=False,
        help_text=_("Whom you believe when a thing existed; without them, time stamps are shown and not judged."),
    )
    field_order = ("proof", "leaf", "stamps", "policy", "roots")

    @property
    def stamps_given(self) -> Stamps | None:
        """The stamps of the file, with the roots by which they are judged."""
        file, roots = self.cleaned_data["stamps"], self.cleaned_data["roots"]
        if not file:
            return None
        return Stamps(_bytes(file, LARGEST_PROOF), roots_of(_bytes(roots, LARGEST_PROOF)) if roots else ())


class AuditForm(TrustForm):
    """The partner's side, and where the own one is not that of today, it as well."""

    theirs = forms.FileField(label=_("The partner's extract"), help_text=_("Made there by: proof extract."))
    ours = forms.FileField(
        label=_("Ours"), required=False, help_text=_("Without a file, the extract is made now from this node's record.")
    )
    field_order = ("theirs", "ours", "policy")


class ExtractForm(forms.Form):
    """About whom, since when."""

    partner = forms.ChoiceField(label=_("Partner"))
    since = forms.DateField(label=_("Since"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        names = Member.objects.exclude(name=HOME).order_by("name").values_list("name", "title")
        self.fields["partner"] = forms.ChoiceField(label=_("Partner"), choices=list(names))


@shown_to(READER)
@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Say in plain words what a file proves, and what not. Nothing of it is kept."""
    form = VerifyForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "tabs": tabs(request, "proofs")}
    if request.method == "POST" and form.is_valid():
        try:
            context |= _judged(request, form)
        except CommonwatchError as error:
            form.add_error("proof", error_told(error))
    return render(request, "console/partnership/verify.html", context, status=422 if form.errors else 200)


@shown_to(OPERATOR)
@require_safe
def leaves(request: HttpRequest) -> HttpResponse:
    """What was written down and can be proven."""
    asked = LeafFilter(request)
    found = queries.openings(asked.wanted("kind"), str(asked.wanted("object")).strip())
    pages = by_key(rows(found, "-number"), lambda one: one.number, _leaf)
    empty = Empty(
        _("Nothing is written down yet"), _("The record follows what this node takes in, gives out and decides.")
    )
    listing = LEAVES.paged(request, pages, filter=asked, empty=empty)
    context = {"leaves": listing, "tabs": tabs(request, "leaves")}
    return listed(request, "console/partnership/leaves.html", context, "leaves")


@shown_to(OPERATOR)
@require_safe
def leaf(request: HttpRequest, number: int) -> HttpResponse:
    """One entry opened, with the proof to take away."""
    found = handed(number, _name(number))
    context = {
        "number": number,
        "kind": found.opening.kind,
        "meaning": MEANINGS.get(found.opening.kind, ""),
        "cosigned": found.cosigned,
        "stamped": found.stamped,
        "statement": STATEMENT.listing(request, _said(found.opening.body), bare=True),
        "trail": [(gettext("The record"), reverse("leaves")), (f"{number:,}", "")],
    }
    return render(request, "console/partnership/leaf.html", context)


@shown_to(OPERATOR)
@require_safe
def leaf_files(request: HttpRequest, number: int) -> HttpResponse:
    """Proof, leaf, page and steps in one archive: everything that is handed over."""
    name = _name(number)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix, raw in handed(number, name).files.items():
            archive.writestr(zipfile.ZipInfo(f"{name}{suffix}"), raw)
    return download(packed.getvalue(), f"{name}.zip", "application/zip")


@shown_to(OPERATOR)
@require_safe
def leaf_page(request: HttpRequest, number: int) -> HttpResponse:
    """The page in plain words alone, for who has to judge it."""
    name = _name(number)
    return download(handed(number, name).files[".html"], f"{name}.html", "text/html; charset=utf-8")


@shown_to(OPERATOR)
@require_http_methods(["GET", "POST"])
def audit(request: HttpRequest) -> HttpResponse:
    """What one side wrote down that it gave, and the other did not write down that it got."""
    form = AuditForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form, "extract": ExtractForm(), "tabs": tabs(request, "proofs-audit")}
    if request.method == "POST" and form.is_valid():
        try:
            context |= _audited(request, form)
        except CommonwatchError as error:
            form.add_error("theirs", error_told(error))
    return render(request, "console/partnership/audit.html", context, status=422 if form.errors else 200)


@shown_to(OPERATOR)
@require_safe
def extract(request: HttpRequest) -> HttpResponse:
    """This node's side, for the partner or whoever audits the two."""
    form = ExtractForm(request.GET)
    if not form.is_valid():
        context = {"form": AuditForm(), "extract": form, "tabs": tabs(request, "proofs-audit")}
        return render(request, "console/partnership/audit.html", context, status=422)
    day, partner = form.cleaned_data["since"], form.cleaned_data["partner"]
    since_us = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000 if day else 0
    made = extracting.extract(member_named(partner), now_us(), since_us)
    return download(made.encode(), f"{partner}.tlog-extract", "application/json")


def tabs(request: HttpRequest, here: str) -> list[tuple[Any, str, bool]]:
    """The pages about proofs that the reader may open."""
    named = [("proofs", _("Verify"))]
    if identity(request).may(OPERATOR):
        named += [("leaves", _("The record")), ("proofs-audit", _("Compare with a partner"))]
    return [(label, reverse(name), name == here) for name, label in named]


def _judged(request: HttpRequest, form: VerifyForm) -> dict[str, Any]:
    raw, trusted = _bytes(form.cleaned_data["proof"], LARGEST_PROOF), form.trusted
    found: Proven | ProvenAgainst | Broken
    if is_evidence(raw):
        found = judge_evidence(raw, trusted)
    elif form.cleaned_data["leaf"] is None:
        form.add_error("leaf", gettext("A proof is verified with the entry that it is about."))
        return {}
    else:
        found = judge_proof(raw, _bytes(form.cleaned_data["leaf"], LARGEST_PROOF), trusted, form.stamps_given)
    if isinstance(found, Broken):
        return {"broken": found}
    if isinstance(found, ProvenAgainst):
        return {"against": found, "meaning": CODES.get(found.code, found.code), "seen": found.seen * 1_000_000}
    return {
        "proven": found,
        "at": found.at * 1_000_000,
        "meaning": MEANINGS.get(found.kind, ""),
        "statement": STATEMENT.listing(request, _said(found.statement), bare=True) if found.statement else None,
    }


def _audited(request: HttpRequest, form: AuditForm) -> dict[str, Any]:
    theirs = parse_extract(_bytes(form.cleaned_data["theirs"], LARGEST_EXTRACT))
    given = form.cleaned_data["ours"]
    if given:
        ours = parse_extract(_bytes(given, LARGEST_EXTRACT))
    else:
        partner = Member.objects.filter(identity=theirs.member).first()
        if partner is None:
            form.add_error("theirs", gettext("No member on record here has made that extract."))
            return {}
        ours = extracting.extract(partner, now_us())
    found = pairing.audit(ours, theirs, form.trusted)
    if isinstance(found, Broken):
        return {"broken": found}
    counts = Counter(one.state for one in found)
    missing = counts.get(pairing.MISSING, 0)
    said = ngettext(
        "%(count)s entry is missing on one side.", "%(count)s entries are missing on one side.", missing
    ) % {"count": f"{missing:,}"}
    other = [_pair(one) for one in found if one.state != pairing.PAIRED]
    return {
        "missing": missing,
        "verdict": said,
        "counts": [(STATES[state], count) for state, count in sorted(counts.items())],
        "pairs": PAIRS.listing(request, other, bare=True),
        "sides": (ours.log, theirs.log),
    }


def _pair(one: Pair) -> dict[str, Any]:
    return {
        "what": one.what,
        "state": STATES[one.state],
        "giver": one.giver,
        "given": "" if one.given is None else str(one.given),
        "taker": one.taker,
        "taken": "" if one.taken is None else str(one.taken),
        "lacks": one.lacks,
    }


def _leaf(one: Any) -> dict[str, Any]:
    body = msgspec.json.decode(one.body)
    return {
        "about": next((value for name in ABOUT if isinstance(value := body.get(name), str) and value), ""),
        "number": str(one.number),
        "kind": one.kind,
        "meaning": MEANINGS.get(one.kind, ""),
        "statement": one.body[:300],
        "url": reverse("leaf", args=[one.number]),
    }


def _said(body: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"what": name, "says": value if isinstance(value, str) else msgspec.json.encode(value).decode()}
        for name, value in sorted(body.items())
    ]


def _name(number: int) -> str:
    return f"entry-{number}.tlog-proof"


def _bytes(given: Any, most: int) -> bytes:
    if (given.size or 0) > most:
        raise InvalidInput("file-large", f"{given.name} has more than {most:,} bytes.", "Is it the right file?")
    return bytes(given.read())
