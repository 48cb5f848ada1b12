"""Forms of duties. Times are read in the person's own zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from commonwatch.capabilities.duties.words import event_said
from commonwatch.console.response.duty_words import first_upper


def moment_field(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateTimeField:
    """A time of day on a day."""
    widget = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    return forms.DateTimeField(label=label, required=required, help_text=help_text, widget=widget)


def _long(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class EventForm(forms.Form):
    """An event that starts clocks."""

    event = forms.ChoiceField(label=_("What happened"))
    at = moment_field(_("When"), help_text=_("In your own time zone."))
    answer_by = moment_field(
        _("Answer asked for by"), required=False, help_text=_("Only for a request of an authority.")
    )
    basis = forms.CharField(
        label=_("Who says so"), max_length=2000, widget=_long(2), help_text=_("Or where it stands.")
    )

    def __init__(self, events: Sequence[dict[str, str]], data: Any = None) -> None:
        super().__init__(data)
        field = self.fields["event"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - for the type checker
        field.choices = [(one["event"], first_upper(event_said(one["means"]).text)) for one in events]


class LanguageForm(forms.Form):
    """In which language a draft is made."""

    language = forms.ChoiceField(label=_("Language of the draft"), choices=settings.LANGUAGES)


class DraftForm(forms.Form):
    """A draft as a person writes it."""

    text = forms.CharField(
        label=_("Draft"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 18, "dir": "auto"}),
        help_text=_("Save it empty to have it made from the facts of the case again."),
    )

    def __init__(self, data: Any, *, language: str = "") -> None:
        super().__init__(data, auto_id="draft_%s")
        self.fields["text"].widget.attrs |= {"lang": language} if language else {}


class SentForm(forms.Form):
    """What a person sent, by a way outside this node."""

    at = moment_field(_("Sent at"), help_text=_("In your own time zone."))
    how = forms.CharField(label=_("By which way"), max_length=200, help_text=_("Portal, mail, telephone …"))
    to = forms.CharField(label=_("To whom"), max_length=300)
    text = forms.CharField(
        label=_("What was sent"),
        required=False,
        max_length=200_000,
        widget=_long(4),
        help_text=_("Only where it differs from the draft."),
    )
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False, widget=forms.HiddenInput)  # of the draft


class ReceiptForm(forms.Form):
    """What came back."""

    at = moment_field(_("Received at"))
    reference = forms.CharField(label=_("Reference"), required=False, max_length=300)
    receipt = forms.CharField(label=_("What it says"), required=False, max_length=200_000, widget=_long(3))
    file = forms.FileField(
        label=_("Its file"),
        required=False,
        help_text=_("Its name and digest are kept. Keep the file itself where you keep files."),
    )


class ExtensionForm(forms.Form):
    """More time."""

    until = moment_field(_("Until"), help_text=_("In your own time zone."))
    ground = forms.CharField(label=_("Who granted it, on which ground"), max_length=2000, widget=_long(2))


class FeedForm(forms.Form):
    """An address of the calendar."""

    label = forms.CharField(label=_("Who reads it"), max_length=200)


class LawForm(forms.Form):
    """An edited list."""

    kind = forms.ChoiceField(label=_("Which list"), choices=[("duties", _("Duties")), ("holidays", _("Holidays"))])
    file = forms.FileField(label=_("The edited list"), help_text=_("A JSON file in the form of the one to take along."))
    reason = forms.CharField(
        label=_("Reason"), max_length=2000, widget=_long(2), help_text=_("What changed, and who says so.")
    )
