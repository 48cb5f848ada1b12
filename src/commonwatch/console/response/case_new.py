"""Reporting a case: what happened, who works on it; whom it reaches is shown before it is written.

Other pages lead here with what they know in the address: `name`, `object` (repeatable), `detected`, `source`, `description`.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.parties import visibility
from commonwatch.base.parties.models import HOME
from commonwatch.capabilities.incidents.actions import opening
from commonwatch.capabilities.incidents.actions.opening import Invited, Report
from commonwatch.capabilities.incidents.lists import taxonomy
from commonwatch.console.response import case_words as words
from commonwatch.console.shell.changing import asked as question
from commonwatch.console.shell.changing import is_sure
from commonwatch.console.shell.pages import CONTRIBUTOR, done, shown_to
from commonwatch.console.shell.told import RefusalsOn, told
from commonwatch.console.shell.who import acting, identity
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.scales import TLP_NAMES
from commonwatch.core.stix.response.incidents import ACTORS, FIDELITIES, Stamp, TimeKind
from commonwatch.core.stix.times import format_time, parse_time

MOST_OBJECTS = 20
WHEN = _("In UTC: 2026-11-29T10:00:00Z, or 2026-11-29 10:00.")
CLASSES = [
    ("", _("Not classified yet")),
    *((kind.id, f"{one.title}: {kind.title}") for one in taxonomy().classes for kind in one.types),
]


class ReportForm(forms.Form):
    """What a case begins with."""

    name = forms.CharField(label=_("What happened, in a few words"), max_length=500)
    description = forms.CharField(
        label=_("More about it"), widget=forms.Textarea(attrs={"rows": 4}), required=False, max_length=20_000
    )
    rsit = forms.ChoiceField(label=_("Class"), choices=CLASSES, required=False)
    severity = forms.ChoiceField(
        label=_("Severity"),
        choices=[("", _("Not rated yet")), *((one, words.LEVELS[one]) for one in list(words.LEVELS)[:-1])],
        required=False,
    )
    occurred = forms.CharField(label=_("When it began"), required=False, max_length=40, help_text=WHEN)
    detected = forms.CharField(label=_("When it was first detected"), required=False, max_length=40)
    fidelity = forms.ChoiceField(
        label=_("How exactly these are known"), choices=list(words.FIDELITIES.items()), initial="minute"
    )
    source = forms.CharField(label=_("Where they are from"), required=False, max_length=500)
    reference = forms.CharField(label=_("Own number of the case"), required=False, max_length=500)
    objects = forms.CharField(
        label=_("Intelligence that it is about"),
        widget=forms.Textarea(attrs={"rows": 2}),
        required=False,
        help_text=_("STIX ids, one a line."),
    )
    members = forms.MultipleChoiceField(label=_("Who takes part"), required=False, widget=forms.CheckboxSelectMultiple)
    police = forms.MultipleChoiceField(
        label=_("Who takes part as police"), required=False, widget=forms.CheckboxSelectMultiple
    )
    communities = forms.MultipleChoiceField(
        label=_("Communities that may read it"), required=False, widget=forms.CheckboxSelectMultiple
    )
    tlp = forms.ChoiceField(label=_("Marking"), choices=[(one, one) for one in TLP_NAMES], initial="TLP:AMBER")
    actor = forms.ChoiceField(
        label=_("As what we take part"), choices=[(one, words.ACTORS[one]) for one in ACTORS], initial="csirt"
    )
    altered = forms.BooleanField(
        label=_("Law may have it pseudonymised for some"),
        required=False,
        help_text=_("Else it is not sent to anybody."),
    )

    def __init__(self, who: Identity, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = visibility.members(who).exclude(name=HOME).order_by("title", "name")
        choices = [(one.name, one.title or one.name) for one in others]
        for name in ("members", "police"):
            field: Any = self.fields[name]
            field.choices = choices
        communities: Any = self.fields["communities"]
        communities.choices = [(one.name, one.name) for one in visibility.communities(who).order_by("name")]

    @property
    def report(self) -> Report:
        """The same, as the action takes it; raises InvalidInput."""
        said = self.cleaned_data
        fidelity = next(one for one in FIDELITIES if one == said["fidelity"])
        kinds: tuple[TimeKind, ...] = ("occurred", "detected")
        times = [
            Stamp(kind, format_time(moment(said[kind]) or 0, 3), fidelity, said["source"])
            for kind in kinds
            if said[kind]
        ]
        taking = [Invited(name) for name in said["members"] if name not in said["police"]]
        taking += [Invited(name, "police") for name in said["police"]]
        return Report(
            name=said["name"],
            description=said["description"],
            rsit=said["rsit"],
            severity=said["severity"],
            reference=said["reference"],
            actor=next(one for one in ACTORS if one == said["actor"]),
            with_=tuple(taking),
            communities=tuple(said["communities"]),
            tlp=said["tlp"],
            times=tuple(times),
            objects=tuple(said["objects"].split()[:MOST_OBJECTS]),
            altered=said["altered"],
        )


def moment(text: str) -> int | None:
    """A time as people write it, in UTC; None for nothing. Raises InvalidInput."""
    text = text.strip()
    if not text:
        return None
    whole = text.replace(" ", "T", 1).removesuffix("Z")
    for tail in ("Z", ":00Z", "T00:00:00Z"):
        if (found := parse_time(f"{whole}{tail}")) is not None:
            return found[0]
    raise InvalidInput("time-unreadable", f"{text} is no time.", "Write 2026-11-29T10:00:00Z, or 2026-11-29.")


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Fill it in, see whom it reaches, begin it."""
    known = {name: request.GET.get(name, "")[:500] for name in ("name", "detected", "source", "description")}
    known["objects"] = "\n".join(request.GET.getlist("object")[:MOST_OBJECTS])
    form = ReportForm(
        identity(request), request.POST or None, initial={name: one for name, one in known.items() if one}
    )
    by = acting(request)
    if request.method == "POST" and form.is_valid():
        with RefusalsOn(form):
            what = form.report
            if is_sure(request):
                made = opening.report(what, by)
                done(request, gettext("The case is begun. Your member leads it."))
                return redirect("case", made)
            found = opening.would_reach(what, by)
            if not found.refused:
                return question(request, gettext("Report a case"), reaches(found), reverse("case-new"))
            for sentence in found.refused:
                form.add_error(None, told(sentence))
    context = {"form": form, "trail": [(gettext("Cases"), reverse("cases")), (gettext("Report a case"), "")]}
    return render(request, "console/response/case_new.html", context, status=422 if form.errors else 200)


def reaches(found: Any) -> str:
    """Whom it would reach, in a sentence."""
    who = ", ".join(one.member for one in found.receiving)
    if not who:
        return gettext("Nobody but your own member would get it.")
    return gettext("These would get it: %(members)s.") % {"members": who}
