"""Forms of legal requests: which way, the request itself, answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.parties import visibility
from commonwatch.capabilities.evidence.legal.actions import Asking
from commonwatch.capabilities.evidence.legal.instruments import instruments
from commonwatch.console.response import evidence_words as words
from commonwatch.console.response.list_words import field_named, legal_said
from commonwatch.console.shell.tables import Filter
from commonwatch.console.shell.who import identity
from commonwatch.core.stix.response.evidence import ANSWERS


class WaysFilter(Filter):
    """Who asks whom, what for, on which day."""

    asking = forms.ChoiceField(label=_("Who asks"))
    to = forms.ChoiceField(label=_("Who is asked"))
    purpose = forms.ChoiceField(label=_("What for"))
    on = forms.DateField(label=_("On"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        choices = [("", ""), *_members(identity(request))]
        for name in ("asking", "to"):
            _choose(self.fields[name], choices)
        _choose(
            self.fields["purpose"],
            [("", ""), *((one, legal_said(text)) for one, text in instruments().purposes.items())],
        )
        self.full_clean()


class AskForm(forms.Form):
    """A request, but for the fields of its form, which come from the data."""

    name = forms.CharField(label=_("What it is about"), max_length=500)
    person = forms.CharField(label=_("Who signs it"), max_length=500)
    offences = forms.MultipleChoiceField(label=_("Offences"), required=False)
    days = forms.IntegerField(label=_("Days of preservation"), min_value=1, max_value=3650, initial=60)
    case = forms.CharField(label=_("Id of the case"), max_length=300, required=False)
    preservation = forms.CharField(label=_("Preservation that it follows"), max_length=300, required=False)
    looked_up = forms.CharField(
        label=_("How it was settled what is not known here"), max_length=2000, required=False,
        help_text=_("Goes into the request. Needed only where the way is not known."),
    )  # fmt: skip
    tlp = forms.ChoiceField(
        label=_("Marking"), choices=[(one, one) for one in ("TLP:AMBER+STRICT", "TLP:AMBER", "TLP:RED")]
    )

    def __init__(self, to: str, purpose: str, known_already: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = instruments()
        _choose(
            self.fields["offences"], [(one.id, f"{legal_said(one.title)} ({one.source})") for one in known.offences]
        )
        self.to, self.purpose = to, purpose
        self.form = known.form(_form_of(purpose))
        for one in self.form.fields if self.form else ():
            label = field_named(one.id) + (" *" if one.required and not one.fact else "")
            widget = forms.Textarea(attrs={"rows": 2, "placeholder": known_already.get(one.id, "")})
            self.fields[f"field-{one.id}"] = forms.CharField(
                label=label, help_text=legal_said(one.text), widget=widget, required=False, max_length=20_000
            )

    @property
    def asking(self) -> Asking:
        """The same, as the action takes it."""
        said = self.cleaned_data
        fields = {one.id: said.get(f"field-{one.id}", "") for one in self.form.fields} if self.form else {}
        return Asking(
            self.to,
            self.purpose,
            said["name"],
            said["person"],
            offences=tuple(said["offences"]),
            days=said["days"],
            case=said["case"],
            preservation=said["preservation"],
            looked_up=said["looked_up"],
            fields={name: text for name, text in fields.items() if text},
            tlp=said["tlp"],
        )


class AnswerForm(forms.Form):
    """What the side that is asked does."""

    answer = forms.ChoiceField(label=_("Answer"), choices=[(one, words.STATES[one]) for one in ANSWERS])
    reference = forms.CharField(label=_("Your own reference"), max_length=500, required=False)
    preserved_until = forms.CharField(
        label=_("Preserved until"), widget=forms.DateInput(attrs={"type": "date"}), max_length=10, required=False
    )
    grounds = forms.MultipleChoiceField(label=_("Grounds of a refusal or postponement"), required=False)
    text = forms.CharField(
        label=_("In words"), widget=forms.Textarea(attrs={"rows": 3}), max_length=20_000, required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self.fields["grounds"], [(one.id, legal_said(one.title)) for one in instruments().grounds])


class ExtendForm(forms.Form):
    """Until when data are to be kept."""

    until = forms.CharField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}), max_length=10)
    reason = forms.CharField(label=_("Reason"), widget=forms.Textarea(attrs={"rows": 3}), max_length=20_000)


def _members(who: Identity) -> list[tuple[str, str]]:
    found = visibility.members(who).order_by("title", "name")
    return [(one.name, f"{one.title or one.name} ({one.country})") for one in found]


def _choose(field: Any, choices: list[tuple[Any, Any]]) -> None:
    field.choices = choices


def _form_of(purpose: str) -> str:
    """The form that most treaties have for a purpose: the first that names it."""
    known = instruments()
    articles = [article for one in known.instruments for article in one.articles if article.purpose == purpose]
    return articles[0].form if articles else known.forms[0].id
