"""Indicators for other programs: rules, zones and block lists, and a person's word for what they would not hold."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.release.collections import collection, visible_collections
from commonwatch.capabilities.detection.exports import overrides as words
from commonwatch.capabilities.detection.exports.building import export
from commonwatch.capabilities.detection.exports.entries import Asked
from commonwatch.capabilities.detection.exports.forms import FORMS, form_named
from commonwatch.capabilities.detection.exports.places import exports_folder, feed_address
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import OPERATOR, READER, done, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table
from commonwatch.console.shell.told import error_told
from commonwatch.console.shell.who import acting, identity, reader
from commonwatch.core.errors import CommonwatchError
from commonwatch.core.policy.scales import PAP_NAMES

MOST_LEFT_OUT = 500
TITLES = {
    "suricata": _("Suricata rules with datasets and reputation"),
    "zeek": _("Zeek intelligence file"),
    "sigma": _("Sigma rules"),
    "yara": _("YARA rules"),
    "rpz": _("DNS response policy zone"),
    "hosts": _("Hosts file"),
    "addresses": _("Addresses and networks, one a line"),
    "names": _("Domain names, one a line"),
    "urls": _("URLs, one a line"),
    "hashes": _("File hashes, one a line"),
}
LISTS = Table(
    _("Formats, and where programs fetch them"),
    (
        Column("title", _("Format"), link=True),
        Column("pap", _("Up to"), cells.marking),
        Column("collection", _("Collection")),
        Column("address", _("Address"), cells.code),
    ),
)
LEFT_OUT = Table(
    _("What is left out, and why"),
    (
        Column("value", _("Value"), cells.indicator),
        Column("reason", _("Why")),
        Column("indicator", _("Indicator"), cells.code),
    ),
)


class AllowForm(forms.Form):
    """A word for a value."""

    value = forms.CharField(label=_("Value"), max_length=2000, help_text=_("An address, network, name or URL."))
    reason = forms.CharField(
        label=_("Reason"),
        min_length=words.SHORTEST_REASON,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Why it must go out although something protects it."),
    )


@shown_to(READER)
@require_safe
def lists(request: HttpRequest) -> HttpResponse:
    """Each format of each collection that the reader may have."""
    rows = [
        {
            "title": TITLES[form.name],
            "pap": PAP_NAMES[form.pap],
            "collection": one.title,
            "address": feed_address(one, form.file),
            "url": reverse("list-made", args=[form.name, one.alias or str(one.uuid)]),
        }
        for one in visible_collections(reader(request))
        if one.can_read
        for form in FORMS.values()
    ]
    empty = Empty(_("There is no collection that you may read"), _("Ask an administrator for access to one."))
    context = {
        "lists": LISTS.listing(request, rows, total=len(rows), empty=empty),
        "allowed": _allowed(),
        "sees_all": identity(request).sees_all,
    }
    return render(request, "console/detection/lists.html", context)


@shown_to(READER)
@require_safe
def made(request: HttpRequest, form: str, name: str) -> HttpResponse:
    """What a list holds now, and what it leaves out."""
    chosen = form_named(form)
    view = collection(reader(request), name)
    found = export(reader(request), view, Asked(chosen, now_us(), 0), exports_folder())
    left_out = [
        {"value": one.value, "reason": one.reason, "indicator": one.indicator} for one in found.left_out[:MOST_LEFT_OUT]
    ]
    context = {
        "title": TITLES[form],
        "view": view,
        "found": found,
        "values": ngettext("%(count)s value or rule", "%(count)s values or rules", found.values)
        % {"count": f"{found.values:,}"},
        "beginning": next(iter(found.files.values()))[:4_000].decode("utf-8", "replace"),
        "left_out": LEFT_OUT.listing(request, left_out, empty=Empty(_("Nothing is left out"), "")),
        "trail": [(gettext("Lists for other programs"), reverse("lists")), (TITLES[form], "")],
    }
    return render(request, "console/detection/list.html", context)


@shown_to(OPERATOR, at_home=True)
@require_http_methods(["GET", "POST"])
def allow(request: HttpRequest) -> HttpResponse:
    """Let a protected value out."""
    form = AllowForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            value = words.allow(
                exports_folder(), given["value"], given["reason"], actor=acting(request).actor, now_us=now_us()
            )
        except CommonwatchError as problem:
            form.add_error("value", error_told(problem))
        else:
            done(request, gettext("%(value)s goes out from now on.") % {"value": cells.defanged(value)})
            return redirect("lists")
    status = 422 if form.errors else 200
    return render(request, "console/detection/allow.html", {"form": form}, status=status)


@shown_to(OPERATOR, at_home=True)
@require_POST
def forbid(request: HttpRequest) -> HttpResponse:
    """Protect a value again."""
    reason_given(request)
    value = words.forbid(exports_folder(), request.POST.get("value", ""), actor=acting(request).actor, now_us=now_us())
    done(request, gettext("%(value)s is protected again.") % {"value": cells.defanged(value)})
    return redirect("lists")


def _allowed() -> list[dict[str, Any]]:
    return [
        {"value": value, "actor": one.actor, "at": one.at_us, "reason": one.reason}
        for value, one in sorted(words.overrides(exports_folder()).items())
    ]
