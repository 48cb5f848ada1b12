"""Who may have an object, and why: gate by gate, with laws and agreements, and what would have to change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.parties import visibility
from commonwatch.base.release.explain import PUBLIC, Asking, Explanation, held_object
from commonwatch.base.release.received import conditions
from commonwatch.console.shell import cells
from commonwatch.console.shell.pages import READER, shown_to
from commonwatch.console.shell.tables import Column, Empty, Filter, Table
from commonwatch.console.shell.who import identity, reader
from commonwatch.core.policy.decision import Decision
from commonwatch.core.policy.facts import DEFAULT_PURPOSE, PURPOSES

MOST_MEMBERS = 500
PURPOSE_WORDS = {
    "network-defence": _("Defence of networks"),
    "incident-response": _("Response to incidents"),
    "law-enforcement": _("Law enforcement"),
    "research": _("Research"),
    "training": _("Training"),
    "exercise": _("Exercise"),
    "vital-interests": _("Vital interests"),
    "public-interest": _("Public interest"),
}
AUDIENCE = Table(
    _("Who may have it"),
    (
        Column("member", _("Member"), link=True),
        Column("outcome", _("Answer"), cells.status),
        Column("variant", _("In which form")),
        Column("because", _("Why"), cells.code),
    ),
)
VARIANTS = {
    "full": _("whole"),
    "pseudonymised": _("with pseudonyms for persons"),
    "stripped": _("without personal data"),
}
GATES = {"handling": _("Handling"), "law": _("Law"), "policy": _("Policy"), "obligation": _("Obligations")}


def purpose_field() -> forms.ChoiceField:
    """For what, as a choice."""
    words = [(one, PURPOSE_WORDS[one]) for one in PURPOSES]
    return forms.ChoiceField(label=_("What for"), choices=words, required=False)


class AskFilter(Filter):
    """Which object, for whom."""

    object = forms.CharField(label=_("Object's id"), max_length=200)
    to = forms.CharField(
        label=_("Member"), max_length=100, widget=forms.TextInput(attrs={"placeholder": _("everybody")})
    )
    purpose = purpose_field()


@shown_to(READER)
@require_safe
def explaining(request: HttpRequest) -> HttpResponse:
    """The question, and its answer: of one member in full, of everybody in a table; for readers, of what they received."""
    asked = AskFilter(request)
    about, to = asked.wanted("object").strip(), asked.wanted("to").strip()
    context: dict[str, Any] = {
        "asked": asked,
        "sees_all": identity(request).sees_all,
        "gates": GATES,
        "unasked": _unasked(),
    }
    if about and not identity(request).sees_all:
        context["received"] = conditions(reader(request), about)
    elif about and to:
        found = Asking(asked.wanted("purpose") or DEFAULT_PURPOSE).explain(held_object(about), to)
        context |= {"found": found, "steps": _steps(found), "variant": VARIANTS.get(found.decision.variant or "", "")}
    elif about:
        rows = audience_rows(identity(request), about, asked.wanted("purpose") or DEFAULT_PURPOSE)
        context["audience"] = AUDIENCE.listing(request, rows, total=len(rows))
    return render(request, "console/sharing/explaining.html", context)


def _unasked() -> Empty:
    text = gettext(
        "Every object's page has this under “Who can see this”. Here its id is enough: you see gate by gate who may have it, "
        "by which rules and laws, and what would have to change."
    )
    return Empty(gettext("Of which object?"), text, gettext("Search for the object"), reverse("objects"))


def audience_rows(who: Identity, about: str, purpose: str) -> list[dict[str, Any]]:
    """Everybody's answer, the public's first: rows of `AUDIENCE`, each leading to its explanation."""
    asking, held = Asking(purpose), held_object(about)
    known = visibility.members(who).order_by("name").values_list("name", flat=True)[:MOST_MEMBERS]
    rows = []
    for name in (PUBLIC, *known):
        found = asking.explain(held, name)
        query = urlencode({"object": about, "to": name, "purpose": purpose})
        outcome = answer_row(name, found.decision, found.outcome)
        rows.append({**outcome, "url": f"{reverse('explaining')}?{query}"})
    return rows


def answer_row(member: str, decision: Decision, outcome: str) -> dict[str, Any]:
    """One member's answer with the rules that decided it."""
    deciding = [
        one.policy
        for gate in decision.gates
        for one in gate.reasons
        if (one.effect == "forbid") == (outcome == "refuse")
    ]
    return {
        "member": gettext("the public") if member == PUBLIC else member,
        "outcome": outcome,
        "variant": VARIANTS.get(decision.variant or "", "") if outcome != "refuse" else "",
        "because": ", ".join(dict.fromkeys(deciding)) or gettext("no rule permits it"),
    }


def _steps(found: Explanation) -> list[tuple[Any, bool, list[Any], tuple[str, ...]]]:
    """Gate by gate: its name, whether it let the object through, its rules, and where it failed."""
    return [(GATES[gate.gate], gate.passed, list(gate.reasons), gate.errors) for gate in found.decision.gates]
