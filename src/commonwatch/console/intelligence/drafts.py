"""Forms for what the node's own member writes, and the STIX drafts that come of them. What a form does not know stays as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from commonwatch.capabilities.detection.indicators.writing import pattern_of
from commonwatch.console.shell.told import told
from commonwatch.core.patterns.plain import read_lines
from commonwatch.core.patterns.stix.reading import parse
from commonwatch.core.policy.scales import PAP_NAMES, TLP_NAMES, WELL_KNOWN
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.markings import TLP2

MOST_REFERENCES = 1_000
LONGEST_TEXT = 20_000
# STIX 2.1: indicator-type-ov and report-type-ov (section 10).
INDICATOR_TYPES = (
    *("malicious-activity", "anomalous-activity", "anonymization", "benign", "compromised", "attribution", "unknown"),
)
REPORT_TYPES = (
    *(
        "threat-report",
        "attack-pattern",
        "campaign",
        "identity",
        "indicator",
        "intrusion-set",
        "malware",
        "observed-data",
    ),
    *("threat-actor", "tool", "vulnerability"),
)
PAP_IDS = {PAP_NAMES[step]: marking for marking, (scale, step) in [*WELL_KNOWN.items()][::-1] if scale == "PAP"}


def _codes(words: Sequence[str]) -> list[tuple[str, str]]:
    return [("", "–"), *((one, one) for one in words)]


def _text(
    label: Any, rows: int, *, help_text: Any = "", required: bool = False, source: bool = False
) -> forms.CharField:
    more = {"rows": rows, **({"dir": "ltr", "class": "source"} if source else {"dir": "auto"})}
    widget = forms.Textarea(attrs=more)
    return forms.CharField(label=label, max_length=LONGEST_TEXT, help_text=help_text, required=required, widget=widget)


class DraftForm(forms.Form):
    """What every kind of object has: words, confidence, and how it is to be handled."""

    kind = ""
    texts: tuple[str, ...] = ()  # properties that are fields of the same name
    lists: tuple[str, ...] = ()  # the same for lists of one word

    labels = forms.CharField(label=_("Labels, with commas between"), max_length=1_000, required=False)
    confidence = forms.IntegerField(label=_("Confidence, 0 to 100"), min_value=0, max_value=100, required=False)
    tlp = forms.ChoiceField(label=_("TLP: who may have it"), choices=[(one, one) for one in TLP_NAMES])
    pap = forms.ChoiceField(
        label=_("PAP: what may be done with it"), choices=[("", _("Not said")), *((one, one) for one in PAP_NAMES)],
        required=False,
    )  # fmt: skip
    altered = forms.BooleanField(
        label=_("Some may get it with pseudonyms, or without personal data, where the law asks for that"),
        required=False,
    )
    reason = forms.CharField(label=_("Why, for the record"), max_length=2_000, required=False)

    def __init__(self, *given: Any, collections: Sequence[tuple[str, str]], **more: Any) -> None:
        super().__init__(*given, **more)
        self.fields["collection"] = forms.ChoiceField(label=_("Collection"), choices=collections)

    def draft(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The object as the form has it; `before` is its last version, or nothing."""
        given = self.cleaned_data
        made = {name: value for name, value in before.items() if name not in ("modified", "revoked")}
        made |= {"type": self.kind}
        made |= {name: given[name] for name in self.texts}
        made |= {name: [given[name]] if given[name] else None for name in self.lists}
        made["labels"] = [one.strip() for one in given["labels"].split(",") if one.strip()]
        made["confidence"] = given["confidence"]
        kept = [one for one in before.get("object_marking_refs", ()) if one not in WELL_KNOWN]
        made["object_marking_refs"] = [TLP2[given["tlp"]], *([PAP_IDS[given["pap"]]] if given["pap"] else []), *kept]
        return {name: value for name, value in self.own(made).items() if value not in (None, "", [])}

    def own(self, made: dict[str, Any]) -> dict[str, Any]:
        """What this kind adds."""
        return made

    @classmethod
    def initial_of(cls, value: Mapping[str, Any], tlp: str, pap: str) -> dict[str, Any]:
        """The form's fields as an object has them."""
        lists = {name: next(iter(value.get(name) or ()), "") for name in cls.lists}
        refs = "\n".join(value.get("object_refs", ()))
        dates = {name: str(value.get(name, ""))[:10] for name in ("valid_from", "valid_until", "published")}
        labels = ", ".join(value.get("labels", ()))
        return {**value, **lists, **dates, "object_refs": refs, "labels": labels, "tlp": tlp, "pap": pap}


class IndicatorForm(DraftForm):
    """A pattern, or a value of which one is made."""

    kind = "indicator"
    texts = ("name", "description", "pattern")
    lists = ("indicator_types",)
    field_order = ("name", "pattern", "description", "indicator_types", "valid_from", "valid_until")

    name = forms.CharField(label=_("Name"), max_length=250)
    pattern = _text(
        _("Pattern, or an address, network, name, URL, digest or mail address"), 3,
        help_text=_("For example [domain-name:value = 'login.example'], or just login[.]example."), required=True, source=True,
    )  # fmt: skip
    description = _text(_("Description"), 4)
    indicator_types = forms.ChoiceField(label=_("Kind"), choices=_codes(INDICATOR_TYPES), required=False)
    valid_from = forms.DateField(
        label=_("Valid from; empty for now"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    valid_until = forms.DateField(
        label=_("Valid until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def clean_pattern(self) -> str:
        """A pattern that matchers can read; what is wrong is said with its place."""
        text = str(self.cleaned_data["pattern"]).strip()
        if text[:1] not in ("[", "("):
            line = next(iter(read_lines([text])), None)
            made = pattern_of(line.value) if line is not None and line.value is not None else None
            if made is None:
                said = told(line.finding.sentence) if line is not None and line.finding is not None else ""
                raise forms.ValidationError(
                    said or gettext("This is neither a pattern nor a value that can be looked for.")
                )
            return made
        reading = parse(text)
        if reading.problem is not None:
            raise forms.ValidationError(str(reading.problem))
        return text

    def clean(self) -> dict[str, Any]:
        """It ends after it begins."""
        given = super().clean() or {}
        since, until = given.get("valid_from"), given.get("valid_until")
        if since and until and until <= since:
            self.add_error("valid_until", gettext("It has to end after it begins."))
        return given

    def own(self, made: dict[str, Any]) -> dict[str, Any]:
        """Dates, and what kind of pattern it is."""
        since, until = self.cleaned_data["valid_from"], self.cleaned_data["valid_until"]
        made["pattern_type"] = "stix"
        if since and str(made.get("valid_from", ""))[:10] != str(since):
            made["valid_from"] = _midnight(since)
        if not until:
            made.pop("valid_until", None)
        elif str(made.get("valid_until", ""))[:10] != str(until):
            made["valid_until"] = _midnight(until)
        return made


class _Referring(DraftForm):
    object_refs = _text(_("Ids of the objects that it is about, one a line"), 4, required=True, source=True)

    def clean_object_refs(self) -> list[str]:
        """STIX ids."""
        ids = list(dict.fromkeys(str(self.cleaned_data["object_refs"]).split()))
        wrong = [one for one in ids if parse_id(one) is None]
        if wrong:
            raise forms.ValidationError(gettext("%(id)s is no STIX id.") % {"id": wrong[0]})
        if len(ids) > MOST_REFERENCES:
            raise forms.ValidationError(gettext("These are more than %(most)s.") % {"most": MOST_REFERENCES})
        return ids

    def own(self, made: dict[str, Any]) -> dict[str, Any]:
        """What it is about."""
        return {**made, "object_refs": self.cleaned_data["object_refs"]}


class NoteForm(_Referring):
    """What somebody has to say about objects."""

    kind = "note"
    texts = ("abstract", "content")
    field_order = ("abstract", "content", "object_refs")

    abstract = forms.CharField(label=_("In a few words"), max_length=250, required=False)
    content = _text(_("Content"), 6, required=True)


class ReportForm(_Referring):
    """Objects that belong together, with the story that joins them."""

    kind = "report"
    texts = ("name", "description")
    lists = ("report_types",)
    field_order = ("name", "description", "report_types", "published", "object_refs")

    name = forms.CharField(label=_("Name"), max_length=250)
    description = _text(_("Description"), 6)
    report_types = forms.ChoiceField(label=_("Kind"), choices=_codes(REPORT_TYPES), required=False)
    published = forms.DateField(label=_("Published"), widget=forms.DateInput(attrs={"type": "date"}))

    def own(self, made: dict[str, Any]) -> dict[str, Any]:
        """When it was published."""
        made = super().own(made)
        if str(made.get("published", ""))[:10] != str(self.cleaned_data["published"]):
            made["published"] = _midnight(self.cleaned_data["published"])
        return made


FORMS: Mapping[str, type[DraftForm]] = {"indicator": IndicatorForm, "report": ReportForm, "note": NoteForm}


def _midnight(day: Any) -> str:
    return f"{day}T00:00:00Z"
