"""Forms about a case: what is written into it, and what is said of it as a whole."""

from __future__ import annotations

from typing import Any, TypeAlias

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import HOME
from commonwatch.capabilities.incidents.actions import entries, opening, taking_part
from commonwatch.capabilities.incidents.actions.opening import Invited
from commonwatch.capabilities.incidents.actions.writing import For, called
from commonwatch.capabilities.incidents.lists import Scheme, SeverityValue, schemes
from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.console.response import case_words as words
from commonwatch.console.response.case_new import CLASSES, WHEN, moment
from commonwatch.core.policy.scales import TLP_NAMES
from commonwatch.core.stix.response.incidents import (
    ACTORS,
    CATEGORIES,
    DETERMINATIONS,
    FIDELITIES,
    PARTNERSHIP,
    TIME_KINDS,
    TRACKS,
    Outlook,
)

_AREA = forms.Textarea(attrs={"rows": 4})
_NONE = [("", "")]


class Form(forms.Form):
    """A form about a case: it knows who takes part."""

    def __init__(self, case: Case, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(one, one) for one in called(case.involved()) if one != HOME]
        for field, choices in (
            ("owner", [*_NONE, (HOME, gettext("Your own member")), *named]),
            ("only", named),
            ("to", named),
        ):
            if field in self.fields:
                chosen: Any = self.fields[field]
                chosen.choices = choices


class Written(Form):
    """What is written, and for whom."""

    only = forms.MultipleChoiceField(
        label=_("Only for"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nobody chosen: everybody on your track."),
    )
    only_us = forms.BooleanField(label=_("For our own member alone"), required=False)
    tracks = forms.MultipleChoiceField(
        label=_("Share it with further tracks"),
        choices=[(one, words.TRACKS[one]) for one in TRACKS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    tlp = forms.ChoiceField(
        label=_("Stricter marking"),
        choices=[("", _("As the case")), *((one, one) for one in TLP_NAMES)],
        required=False,
    )

    @property
    def for_(self) -> For:
        """Whom it is for."""
        said = self.cleaned_data
        shared = tuple(one for one in TRACKS if one in said["tracks"])
        return For(tuple(said["only"]), said["only_us"], shared, said["tlp"])


class EntryForm(Written):
    """Something that happened."""

    name = forms.CharField(label=_("What happened"), max_length=500)
    at = forms.CharField(label=_("When"), max_length=40, help_text=WHEN)
    fidelity = forms.ChoiceField(
        label=_("How exactly that is known"), choices=list(words.FIDELITIES.items()), initial="minute"
    )
    source = forms.CharField(label=_("Where it is from"), max_length=500, required=False)
    description = forms.CharField(label=_("More about it"), widget=_AREA, max_length=20_000, required=False)

    def write(self, case: str, by: By) -> None:
        """Write it."""
        said = self.cleaned_data
        fidelity = next(one for one in FIDELITIES if one == said["fidelity"])
        at_us = moment(said["at"])
        what = entries.Entry(
            said["name"],
            by.now_us if at_us is None else at_us,
            said["description"],
            fidelity,
            said["source"],
            (),
            self.for_,
        )
        entries.add_entry(case, what, by)


class NoteForm(Written):
    """Something to write down."""

    title = forms.CharField(label=_("Title"), max_length=500, required=False)
    text = forms.CharField(label=_("Text"), widget=_AREA, max_length=20_000)

    def write(self, case: str, by: By) -> None:
        """Write it."""
        said = self.cleaned_data
        entries.add_note(case, said["text"], by, title=said["title"], for_=self.for_)


class TaskForm(Written):
    """Something to do."""

    name = forms.CharField(label=_("What is to be done"), max_length=500)
    description = forms.CharField(label=_("More about it"), widget=_AREA, max_length=20_000, required=False)
    owner = forms.ChoiceField(label=_("By which member"), required=False)
    person = forms.CharField(label=_("By whom there"), max_length=500, required=False)
    due = forms.CharField(label=_("By when"), max_length=40, required=False, help_text=WHEN)
    lesson = forms.BooleanField(label=_("It is a lesson of the case"), required=False)

    def write(self, case: str, by: By) -> None:
        """Write it."""
        said = self.cleaned_data
        what = entries.ToDo(
            said["name"], said["description"], said["owner"], said["person"], moment(said["due"]), lesson=said["lesson"],
            for_=self.for_,
        )  # fmt: skip
        entries.add_task(case, what, by)


class ImpactForm(Written):
    """What it did to whom."""

    category = forms.ChoiceField(label=_("Category"), choices=[(one, words.CATEGORIES[one]) for one in CATEGORIES])
    what = forms.CharField(
        label=_("How much, or what"),
        max_length=100,
        help_text=_(
            "Availability: 0 to 100. Confidentiality: suspected-loss, confirmed-loss, exploited-loss, contained, none. Integrity: partial-modification, full-destruction and so on."
        ),
    )
    description = forms.CharField(label=_("More about it"), widget=_AREA, max_length=20_000, required=False)
    criticality = forms.IntegerField(label=_("How grave, 0 to 100"), min_value=0, max_value=100, required=False)
    systems = forms.IntegerField(label=_("Systems"), min_value=0, required=False)
    individuals = forms.IntegerField(label=_("People"), min_value=0, required=False)

    def write(self, case: str, by: By) -> None:
        """Write it."""
        said = self.cleaned_data
        counts = {
            name: said[field]
            for name, field in (("system", "systems"), ("individual", "individuals"))
            if said[field] is not None
        }
        category = next(one for one in CATEGORIES if one == said["category"])
        what = entries.Damage(category, said["what"], said["description"], said["criticality"], counts, for_=self.for_)
        entries.add_impact(case, what, by)


class DecisionForm(Written):
    """A decision."""

    name = forms.CharField(label=_("What it is about"), max_length=500)
    decision = forms.CharField(label=_("What was decided"), widget=_AREA, max_length=20_000)
    reason = forms.CharField(label=_("Why"), widget=_AREA, max_length=4_000, required=False)
    basis = forms.CharField(label=_("Mandate or law it rests on"), max_length=500, required=False)
    decided_by = forms.CharField(label=_("Who decided"), max_length=500, required=False)

    def write(self, case: str, by: By) -> None:
        """Write it."""
        said = self.cleaned_data
        who = (said["decided_by"],) if said["decided_by"] else ()
        what = entries.Decided(said["name"], said["decision"], said["reason"], said["basis"], None, who, self.for_)
        entries.decide(case, what, by)


class SituationForm(Written):
    """What a person adds to a situation report."""

    assessment = forms.CharField(label=_("Assessment"), widget=_AREA, max_length=20_000, required=False)
    outlook = forms.ChoiceField(label=_("Outlook"), choices=[*_NONE, *words.OUTLOOKS.items()], required=False)
    next_due = forms.CharField(label=_("When the next one comes"), max_length=40, required=False, help_text=WHEN)

    def write(self, case: str, by: By) -> None:
        """Write it."""
        said = self.cleaned_data
        looks: Outlook = next((one for one in ("improving", "stable", "worsening") if one == said["outlook"]), "")
        entries.report_situation(
            case, by, assessment=said["assessment"], outlook=looks, next_due_us=moment(said["next_due"]), for_=self.for_
        )


Kind: TypeAlias = (
    EntryForm | NoteForm | TaskForm | ImpactForm | DecisionForm | SituationForm
)  # each writes itself into a case
KINDS: dict[str, tuple[Any, type[Kind]]] = {
    "entry": (_("Put into the timeline"), EntryForm),
    "note": (_("Write a note"), NoteForm),
    "task": (_("Add a task"), TaskForm),
    "impact": (_("Say what it did"), ImpactForm),
    "decision": (_("Record a decision"), DecisionForm),
    "report": (_("Write a situation report"), SituationForm),
}


class TriageForm(Form):
    """What it is and how severe."""

    rsit = forms.ChoiceField(label=_("Class"), choices=CLASSES, required=False)
    severity = forms.ChoiceField(
        label=_("Severity"),
        choices=[*_NONE, *((one, words.LEVELS[one]) for one in list(words.LEVELS)[:-1])],
        required=False,
    )
    determination = forms.ChoiceField(
        label=_("Finding"),
        choices=[*_NONE, *((one, words.DETERMINATIONS[one]) for one in DETERMINATIONS)],
        required=False,
    )
    reason = forms.CharField(label=_("Why"), widget=_AREA, max_length=4_000, required=False)

    def say(self, case: str, by: By) -> None:
        """Say it."""
        said = self.cleaned_data
        opening.triage(case, said["rsit"], said["severity"], said["determination"], said["reason"], by)


class RateForm(Form):
    """How severe it is in a scheme of one's own."""

    value = forms.ChoiceField(label=_("Value"))
    reason = forms.CharField(label=_("Why"), widget=_AREA, max_length=4_000, required=False)

    def __init__(self, case: Case, *args: Any, **kwargs: Any) -> None:
        super().__init__(case, *args, **kwargs)
        value: Any = self.fields["value"]
        value.choices = [
            (_scheme(scheme), [(f"{scheme.id} {one.value}", _graded(scheme, one)) for one in scheme.values])
            for scheme in schemes().values()
        ]

    def say(self, case: str, by: By) -> None:
        """Say it."""
        scheme, _, value = self.cleaned_data["value"].partition(" ")
        opening.rate(case, scheme, value, self.cleaned_data["reason"], by)


def _scheme(scheme: Scheme) -> str:
    """What a scheme is called; others than the partnership's have names of their own."""
    return gettext("The partnership's scale") if scheme.id == PARTNERSHIP else scheme.title


def _graded(scheme: Scheme, one: SeverityValue) -> str:
    return str(words.LEVELS[one.value]) if scheme.id == PARTNERSHIP else f"{one.value}: {one.title}"


class StateForm(Form):
    """How it stands."""

    state = forms.ChoiceField(
        label=_("State"),
        choices=[(one, word) for one, word in words.STATES.items() if one not in ("closed", "reported")],
    )
    at = forms.CharField(label=_("Since when"), max_length=40, required=False, help_text=WHEN)
    fidelity = forms.ChoiceField(
        label=_("How exactly that is known"), choices=list(words.FIDELITIES.items()), initial="minute"
    )
    reason = forms.CharField(label=_("Why"), widget=_AREA, max_length=4_000, required=False)

    def say(self, case: str, by: By) -> None:
        """Say it."""
        said = self.cleaned_data
        fidelity = next(one for one in FIDELITIES if one == said["fidelity"])
        opening.move(case, said["state"], said["reason"], by, at_us=moment(said["at"]), fidelity=fidelity)


class TimeForm(Form):
    """When something happened."""

    kind = forms.ChoiceField(label=_("What"), choices=[(one, words.TIMES[one]) for one in TIME_KINDS])
    at = forms.CharField(label=_("When"), max_length=40, help_text=WHEN)
    fidelity = forms.ChoiceField(
        label=_("How exactly that is known"), choices=list(words.FIDELITIES.items()), initial="minute"
    )
    source = forms.CharField(label=_("Where it is from"), max_length=500, required=False)

    def say(self, case: str, by: By) -> None:
        """Say it."""
        said = self.cleaned_data
        kind = next(one for one in TIME_KINDS if one == said["kind"])
        fidelity = next(one for one in FIDELITIES if one == said["fidelity"])
        opening.stamp(case, kind, moment(said["at"]) or by.now_us, fidelity, said["source"], "", by)


class CloseForm(Form):
    """Closing, with the root cause."""

    root_cause = forms.CharField(label=_("Root cause"), widget=_AREA, max_length=4_000)
    determination = forms.ChoiceField(
        label=_("Finding"),
        choices=[*_NONE, *((one, words.DETERMINATIONS[one]) for one in DETERMINATIONS)],
        required=False,
    )

    def say(self, case: str, by: By) -> None:
        """Say it."""
        said = self.cleaned_data
        finding = next((one for one in DETERMINATIONS if one == said["determination"]), None)
        opening.close(case, said["root_cause"], finding, "", by)


class LinkForm(Form):
    """Intelligence that it is about."""

    objects = forms.CharField(label=_("STIX ids, one a line"), widget=_AREA, max_length=20_000)

    def say(self, case: str, by: By) -> None:
        """Say it."""
        opening.link(case, tuple(self.cleaned_data["objects"].split()[:100]), by)


class AddForm(Form):
    """A member that is to take part."""

    member = forms.ChoiceField(label=_("Member"))
    actor = forms.ChoiceField(label=_("As"), choices=[(one, words.ACTORS[one]) for one in ACTORS])
    roles = forms.CharField(label=_("Roles"), max_length=500, required=False, help_text=_("Apart by commas."))
    reason = forms.CharField(label=_("Why"), widget=_AREA, max_length=4_000, required=False)

    def say(self, case: str, by: By) -> None:
        """Say it."""
        said = self.cleaned_data
        actor = next(one for one in ACTORS if one == said["actor"])
        roles = tuple(one.strip() for one in said["roles"].split(",") if one.strip())
        taking_part.add(case, Invited(said["member"], actor, roles), said["reason"], by)


class LeadForm(Form):
    """To whom the lead is offered."""

    to = forms.ChoiceField(label=_("Member"))
    reason = forms.CharField(label=_("Why"), widget=_AREA, max_length=4_000, required=False)

    def say(self, case: str, by: By) -> None:
        """Say it."""
        taking_part.offer_lead(case, self.cleaned_data["to"], self.cleaned_data["reason"], by)


Saying: TypeAlias = (
    TriageForm | RateForm | StateForm | TimeForm | CloseForm | LinkForm | AddForm | LeadForm
)  # of the case as a whole, for everybody that takes part
SAYINGS: dict[str, tuple[Any, type[Saying]]] = {
    "triage": (_("Triage"), TriageForm),
    "rate": (_("Rate its severity"), RateForm),
    "state": (_("Say how it stands"), StateForm),
    "time": (_("Say when something happened"), TimeForm),
    "close": (_("Close the case"), CloseForm),
    "link": (_("Link intelligence"), LinkForm),
    "add": (_("Add a member"), AddForm),
    "lead": (_("Offer the lead"), LeadForm),
}


class TaskChangeForm(Form):
    """How a task stands from now on."""

    outcome = forms.ChoiceField(label=_("State"), choices=list(words.OUTCOMES.items()))
    owner = forms.ChoiceField(label=_("By which member"), required=False)
    person = forms.CharField(label=_("By whom there"), max_length=500, required=False)
    due = forms.CharField(label=_("By when"), max_length=40, required=False, help_text=WHEN)
    result = forms.CharField(label=_("What came of it"), widget=_AREA, max_length=4_000, required=False)
    reason = forms.CharField(label=_("Why"), widget=_AREA, max_length=4_000, required=False)
