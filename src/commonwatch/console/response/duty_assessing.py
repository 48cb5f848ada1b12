"""The facts of a case in a form, and beside it what follows from them: which instruments, to whom, by when, why, and what is open.

Nothing is kept until a person ticks what is to be kept. The facts may be those of a case (`case` in the address) or of a duty that is there
already (`of`); with both, what the case says now counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import own_member
from commonwatch.capabilities.duties import actions, queries, words
from commonwatch.capabilities.duties.case_facts import Facts, read_facts
from commonwatch.capabilities.duties.clockwork import facts_of
from commonwatch.capabilities.duties.foreseeing import Foreseen, foreseen
from commonwatch.capabilities.duties.law import duties_list
from commonwatch.capabilities.duties.rules import STANDS
from commonwatch.capabilities.duties.vocabulary import FIRST, vocabulary
from commonwatch.console.response import duty_words
from commonwatch.console.response.duty_forms import moment_field
from commonwatch.console.response.duty_from_case import initial_from_case
from commonwatch.console.shell.pages import CONTRIBUTOR, done, shown_to
from commonwatch.console.shell.told import RefusalsOn
from commonwatch.console.shell.who import acting
from commonwatch.core.stix.times import EPOCH

_STATED = (("", _("Not stated")), ("yes", _("Yes")), ("no", _("No")))
_BETWEEN = "|"


class AssessForm(forms.Form):
    """What is known of a case. What is not stated stays open."""

    title = forms.CharField(label=_("What it is about"), max_length=300)
    case = forms.CharField(label=_("Case"), max_length=200, required=False, help_text=_("Its id, where there is one."))
    member = forms.CharField(label=_("Whose duties"), max_length=200)
    places = forms.CharField(
        label=_("Where it acts"),
        max_length=300,
        help_text=_("Codes of countries, such as DE, AT; union for a body of the EU."),
    )
    severity = forms.ChoiceField(
        label=_("Severity"), required=False, choices=[("", _("Not stated")), *duty_words.SEVERITIES.items()]
    )

    def __init__(self, data: Any = None, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        roles, sectors, flags = vocabulary(duties_list())
        several = forms.CheckboxSelectMultiple
        self.fields["roles"] = forms.MultipleChoiceField(
            label=_("What it is"), required=False, choices=_worded(roles, words.role_said), widget=several
        )
        self.fields["sectors"] = forms.MultipleChoiceField(
            label=_("Its sectors"), required=False, choices=_worded(sectors, words.sector_said), widget=several
        )
        for flag in flags:
            label = duty_words.first_upper(words.flag_said(flag).text)
            self.fields[f"flag_{flag}"] = forms.ChoiceField(label=label, required=False, choices=_STATED)
        for name, said in words.TIMES.items():
            self.fields[f"time_{name}"] = moment_field(said, required=False, help_text=_("In your own time zone."))
        for name, said in words.TEXTS.items():
            widget = forms.Textarea(attrs={"rows": 2})
            self.fields[f"text_{name}"] = forms.CharField(label=said, required=False, max_length=20_000, widget=widget)

    def group(self, prefix: str) -> list[forms.BoundField]:
        """The fields of one group."""
        return [self[name] for name in self.fields if name.startswith(prefix)]

    @property
    def head(self) -> list[forms.BoundField]:
        """The fields that come first."""
        return [
            self[name] for name in ("title", "case", "member", "places", "severity", "time_aware", "time_classified")
        ]

    @property
    def kinds(self) -> list[forms.BoundField]:
        """What the member is."""
        return [self["roles"], self["sectors"]]

    @property
    def flags(self) -> list[forms.BoundField]:
        """What holds, does not hold, or is open, in most cases."""
        return [self[f"flag_{name}"] for name in FIRST]

    @property
    def rare_flags(self) -> list[forms.BoundField]:
        """The same for what single instruments ask."""
        return [one for one in self.group("flag_") if one.name.removeprefix("flag_") not in FIRST]

    @property
    def times(self) -> list[forms.BoundField]:
        """When what else happened."""
        return [one for one in self.group("time_") if one.name not in ("time_aware", "time_classified")]

    @property
    def texts(self) -> list[forms.BoundField]:
        """What notices say."""
        return self.group("text_")

    @property
    def facts(self) -> Facts:
        """The same as values; raises InvalidInput."""
        given = self.cleaned_data
        places = [one for one in given["places"].replace(",", " ").split() if one]
        subject = {
            "name": given["member"],
            "places": [one if one == "union" else one.upper() for one in places],
            "roles": given["roles"],
            "sectors": given["sectors"],
        }
        parts: dict[str, dict[str, Any]] = {"flag_": {}, "time_": {}, "text_": {}}
        for name, value in given.items():
            for prefix, found in parts.items():
                if name.startswith(prefix) and value:
                    found[name.removeprefix(prefix)] = value
        return read_facts(
            {
                "title": given["title"],
                "case": given["case"],
                "severity": given["severity"],
                "subjects": [subject],
                "flags": {name: value == "yes" for name, value in parts["flag_"].items()},
                "times": {name: duty_words.us(value) for name, value in parts["time_"].items()},
                "texts": parts["text_"],
            }
        )


@shown_to(CONTRIBUTOR, at_home=True)
@require_http_methods(["GET", "HEAD", "POST"])
def assess(request: HttpRequest) -> HttpResponse:
    """The form with what follows; with something ticked, that is kept as proposals."""
    if request.method != "POST":
        initial, of_case = _initial(request)
        return _page(request, AssessForm(initial=initial), None, of_case=of_case)
    form = AssessForm(request.POST)
    facts = _facts(form)
    if facts is None:
        return _page(request, form, None)
    chosen = [tuple(one.split(_BETWEEN)) for one in request.POST.getlist("only")]
    keys = [(one[0], one[1], one[2]) for one in chosen if len(one) == 3]
    if not keys:
        return _page(request, form, facts)
    kept = actions.propose(facts, acting(request), keys)
    said = ngettext("%(count)s duty is kept as a proposal.", "%(count)s duties are kept as proposals.", len(kept))
    done(request, said % {"count": len(kept)})
    return redirect(f"{reverse('duties')}?state=proposed")


@shown_to(CONTRIBUTOR, at_home=True)
@require_POST
def live(request: HttpRequest) -> HttpResponse:
    """What follows from the form as it is filled in now."""
    facts = _facts(AssessForm(request.POST))
    return render(request, "console/response/duty_answers.html", _answers(facts))


def _page(request: HttpRequest, form: AssessForm, facts: Facts | None, *, of_case: bool = False) -> HttpResponse:
    context = {
        **_answers(facts),
        "form": form,
        "live": reverse("duties-assess-live"),
        "again": facts is not None,
        "of_case": of_case,
        "trail": [(gettext("Duties"), reverse("duties")), (gettext("Assess a case"), "")],
    }
    return render(request, "console/response/duty_assess.html", context, status=422 if form.errors else 200)


def _facts(form: AssessForm) -> Facts | None:
    if not form.is_valid():
        return None
    with RefusalsOn(form):
        return form.facts
    return None


def _answers(facts: Facts | None) -> dict[str, Any]:
    """What stands beside the form: what is in force, and apart from it what is voluntary or not in force."""
    if facts is None:
        return {"is_assessed": False}
    rows = [_row(one) for one in foreseen(facts, now_us())]
    as_of = duties_list().as_of
    stand = [row for row in rows if row["standing"] == STANDS]
    apart = [row for row in rows if row["standing"] != STANDS]
    return {"is_assessed": True, "stand": stand, "apart": apart, "as_of": as_of}


def _row(one: Foreseen) -> dict[str, Any]:
    answer = one.assessed
    return {
        "key": _BETWEEN.join((answer.member, answer.place, answer.regime)),
        "answer": answer,
        "standing": answer.standing,
        "law": duty_words.badge(answer.standing),
        "outcome": duty_words.badge(answer.outcome),
        "found": one,
        "recipient": words.recipient_said(one.recipient),
        "notices": [
            (
                notice,
                duty_words.stage(notice.name),
                duty_words.there(notice.local),
                duty_words.KINDS.get(notice.clock, ""),
                duty_words.event(notice.awaited) if notice.awaited else "",
            )
            for notice in one.notices
        ],
        "reasons": [duty_words.sentence(reason) for reason in answer.reasons],
        "questions": [duty_words.sentence(question) for question in answer.questions],
        "address": reverse("duties-instrument", args=[answer.regime]),
    }


def _initial(request: HttpRequest) -> tuple[dict[str, Any], bool]:
    """What the form holds at first, and whether that is from a case: of a duty, then of a case, then what the address says."""
    member = own_member()
    found = {
        "title": request.GET.get("title", "")[:300],
        "case": request.GET.get("case", "")[:200],
        "member": member.title,
        "places": member.country,
        "time_aware": timezone.localtime().replace(second=0, microsecond=0),
    }
    of = request.GET.get("of", "")
    if of.isascii() and of.isdigit() and len(of) < 10:
        found = _initial_of(facts_of(queries.duty_numbered(int(of))))
    known = initial_from_case(request, request.GET.get("case", "")[:200]) if request.GET.get("case") else {}
    return {**found, **known}, bool(known)


def _initial_of(facts: Facts) -> dict[str, Any]:
    """The form as it was filled in; of several members the first, whose duties a person changes here."""
    subject = facts.subjects[0]
    return {
        "title": facts.title,
        "case": facts.case,
        "member": subject.name,
        "places": ", ".join(subject.places),
        "severity": facts.severity,
        "roles": list(subject.roles),
        "sectors": list(subject.sectors),
        **{f"flag_{name}": "yes" if value else "no" for name, value in facts.flags.items()},
        **{f"time_{name}": EPOCH + timedelta(microseconds=at) for name, at in facts.times.items()},
        **{f"text_{name}": text for name, text in facts.texts.items()},
    }


def _worded(listed: Iterable[str], said: Callable[[str], words.Said]) -> list[tuple[str, str]]:
    return [(word, duty_words.first_upper(said(word).text)) for word in listed]
