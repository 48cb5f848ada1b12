"""Writing, changing and revoking what is the node's own member's. Who would get a draft stands on the page before its button.

1. The audience is worked out as the form is filled in, by the decision that release would make. 2. Publishing needs the audience
that stood on the page: where it has changed, or was not seen yet, the page shows it and asks again. 3. What must not be
published (contradictory markings, nobody to have it, a law) is said with what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.collections import collection, visible_collections
from commonwatch.base.release.publishing import BASIS_MISSING, Simulation, as_known_to
from commonwatch.base.release.received import collection_of
from commonwatch.capabilities.exchange.publishing.actions import Terms, publish
from commonwatch.capabilities.exchange.publishing.actions import revoke as revoked
from commonwatch.capabilities.exchange.publishing.queries import not_own, own_object
from commonwatch.console.intelligence.about import held_for
from commonwatch.console.intelligence.drafts import FORMS, DraftForm
from commonwatch.console.intelligence.rows import titled
from commonwatch.console.sharing.explaining import AUDIENCE, answer_row
from commonwatch.console.shell.pages import CONTRIBUTOR, done, reason_given, shown_to
from commonwatch.console.shell.tables import Table
from commonwatch.console.shell.told import error_told, told
from commonwatch.console.shell.who import acting, identity, reader
from commonwatch.core.errors import CommonwatchError, Conflict, InvalidInput, NotFound
from commonwatch.core.stix.summary import summary
from commonwatch.core.stix.times import format_time

DAY = 10  # letters of a day in a timestamp
DRAFT_AUDIENCE = Table(_("Who would get it"), AUDIENCE.columns)
KINDS = {"indicator": _("Write an indicator"), "report": _("Write a report"), "note": _("Write a note")}
CHANGING = {"indicator": _("Change an indicator"), "report": _("Change a report"), "note": _("Change a note")}


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, kind: str = "indicator") -> HttpResponse:
    """A form for a new object; `about` in the address names what it is about."""
    now = format_time(now_us(), 0)
    initial = {
        "object_refs": request.GET.get("about", ""),
        "published": now[:DAY],
        "tlp": settings.COMMONWATCH.default_marking,
    }
    return _page(request, _form(request, kind, initial), {}, KINDS[kind])


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, identity: str) -> HttpResponse:
    """A form for the next version of an own object."""
    held = held_for(request, identity)
    value, kind = held.value, held.head.type
    if value.get("created_by_ref") != own_member().identity:
        raise not_own(identity)
    if held.head.revoked:
        raise Conflict("already-revoked", gettext("It is revoked: nothing follows that."), gettext("Write a new one."))
    if kind not in FORMS or value.get("pattern_type", "stix") != "stix":
        raise InvalidInput(
            "no-form",
            gettext("There is no form for this kind of object."),
            gettext("Publish a new version with the command `publish`."),
        )
    initial = FORMS[kind].initial_of(value, held.head.marking, held.head.pap)
    return _page(request, _form(request, kind, initial, of=identity), value, CHANGING[kind])


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def audience(request: HttpRequest, kind: str) -> HttpResponse:
    """Who would get a draft, as a part of the page on which it is written; `of` is the object that it changes."""
    form, of = _form(request, kind, {}), request.GET.get("of", "")
    before: Mapping[str, Any] = held_for(request, of).value if of else {}
    return render(request, "console/intelligence/draft_audience.html", _looked(request, form, before))


@shown_to(CONTRIBUTOR, at_home=True)
@require_safe
def published(request: HttpRequest, identity: str) -> HttpResponse:
    """What was published: read from the journal, because search may take a moment to find it."""
    held = own_object(identity)
    value = orjson.loads(held.raw)
    said = summary(value)
    context = {
        "id": identity,
        "title": titled((value["type"], said.name)),
        "line": said.line,
        "version": held.version,
        "is_found": _is_found(request, identity),
    }
    return render(request, "console/intelligence/published.html", context)


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def revoke(request: HttpRequest, identity: str) -> HttpResponse:
    """Take an own object back, with a reason: a last version that says so, and recalls to whoever had it."""
    return _revoke(request, identity, reason_given(request))


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def undo(request: HttpRequest, identity: str) -> HttpResponse:
    """The same at once, for what should not have been published."""
    return _revoke(request, identity, gettext("Published by mistake, and taken back at once."))


def _page(request: HttpRequest, form: DraftForm, before: Mapping[str, Any], title: Any) -> HttpResponse:
    looked = _looked(request, form, before) if form.is_bound else {}
    if looked.get("may") and constant_time_compare(request.POST.get("seen", ""), looked["seen"]):
        return _publish(request, form, before)
    of = before.get("id", "")
    query = f"?of={of}" if of else ""
    context = {
        **looked,
        "title": title,
        "form": form,
        "again": bool(looked.get("may")),
        "live": reverse("draft-audience", args=[form.kind]) + query,
        "back": reverse("object", args=[of]) if of else reverse("objects"),
        "kinds": []
        if of
        else [(label, reverse("object-new", args=[kind]), kind == form.kind) for kind, label in KINDS.items()],
    }
    return render(request, "console/intelligence/draft.html", context)


def _publish(request: HttpRequest, form: DraftForm, before: Mapping[str, Any]) -> HttpResponse:
    terms, who = _terms(request, form), acting(request)
    body = _body(form, before)
    publication = publish(body, terms, actor=who.actor, reason=form.cleaned_data["reason"])
    results = publication.report.results if publication.report is not None else ()
    if not results or not results[0].is_in:
        finding = results[0].findings[0] if results and results[0].findings else None
        raise InvalidInput(
            "not-admitted",
            told(finding.sentence) if finding else gettext("Nothing was published."),
            finding.remedy if finding else gettext("Look at who would get it, and try again."),
        )
    name = results[0].object_id
    if before:
        done(request, _("The new version is published."))
    else:
        done(request, _("It is published."), undo=reverse("object-undo", args=[name]))
    return redirect("object-published", name)


def _revoke(request: HttpRequest, identity: str, reason: str) -> HttpResponse:
    own_object(identity)
    slot = collection_of(reader(request), identity).slot
    revoked(identity, Terms(slot), actor=acting(request).actor, reason=reason)
    done(request, _("It is revoked. Whoever had it is told."))
    return redirect("object-published", identity)


def _is_found(request: HttpRequest, identity: str) -> bool:
    try:
        held_for(request, identity)
    except NotFound:
        return False
    return True


def _form(request: HttpRequest, kind: str, initial: Mapping[str, Any], of: str = "") -> DraftForm:
    if kind not in FORMS:
        raise NotFound("kind-unknown", f"There is no form for {kind}.", gettext("See the navigation."))
    views = [view for view in visible_collections(reader(request)) if view.can_write]
    choices = [(str(view.uuid), view.title) for view in views]
    start = str(collection_of(reader(request), of).uuid) if of else ""
    given = request.POST if request.method == "POST" else None
    return FORMS[kind](given, initial={**initial, "collection": start}, collections=choices)


def _terms(request: HttpRequest, form: DraftForm) -> Terms:
    given = form.cleaned_data
    return Terms(collection(reader(request), given["collection"]).slot, given["tlp"], altered=given["altered"])


def _body(form: DraftForm, before: Mapping[str, Any]) -> bytes:
    made = form.draft(before)
    if form.kind == "indicator" and "valid_from" not in made:
        made["valid_from"] = format_time(now_us(), 3)
    return orjson.dumps(made)


def _looked(request: HttpRequest, form: DraftForm, before: Mapping[str, Any]) -> dict[str, Any]:
    """Who would get the draft, whether it may be published so, and a seal over the answer."""
    if not form.is_valid():
        missing = [form.fields[name].label for name in form.errors if name in form.fields]
        return {"missing": missing, "wrong": [*form.non_field_errors()]}
    try:
        publication = publish(_body(form, before), _terms(request, form), actor=acting(request).actor, preview=True)
    except CommonwatchError as error:  # of the draft: said beside the form, which keeps what was typed
        return {"missing": [], "wrong": [error_told(error)]}
    found = publication.simulations[0]
    rows = _reached(request, found)
    return {
        "audience": DRAFT_AUDIENCE.listing(request, rows, total=len(rows), bare=True),
        "names": [row["member"] for row in rows if row["outcome"] != "refuse"],
        "refused": sum(row["outcome"] == "refuse" for row in rows),
        "problems": [_problem(request, one) for one in found.problems],
        "may": not found.blocking,
        "seen": _seal(found),
    }


def _reached(request: HttpRequest, found: Simulation) -> list[dict[str, Any]]:
    """Those of whom the author may know, who get it first."""
    reached = as_known_to(found, identity(request)).reached
    rows = [answer_row(one.member, one.decision, one.decision.outcome) for one in reached]
    return sorted(rows, key=lambda row: row["outcome"] == "refuse")


def _problem(request: HttpRequest, one: Any) -> dict[str, Any]:
    """What stands in the way, or should be looked at. Whom a law shuts out is named to those who know everybody."""
    if one.code == "audience-empty":
        said = gettext(
            "Nobody else would get it. Choose a wider marking, or a collection of a community that others are in."
        )
        return {"said": said, "blocks": one.blocks}
    if one.code == BASIS_MISSING and not identity(request).sees_all:
        sentence = gettext("There is no legal basis for giving it in full to some whom it is meant for.")
        remedy = gettext("Tick that some may get it with pseudonyms, or choose a stricter marking.")
        return {"said": f"{sentence} {remedy}", "blocks": one.blocks}
    return {"said": f"{told(one.sentence)} {told(one.remedy)}", "blocks": one.blocks}


def _seal(found: Simulation) -> str:
    """Over everybody's answer: the page can prove what it showed, and tells nobody more than that."""
    told = ";".join(f"{one.member}={one.decision.variant}" for one in found.reached)
    return salted_hmac("intelligence.audience", told, algorithm="sha256").hexdigest()
