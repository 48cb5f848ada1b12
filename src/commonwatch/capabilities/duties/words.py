"""The words of lists, in the language that is active: points, stages, events, facts, what a member is, how it is counted.

Translations of those that the shipped list has are collected by `tools/messages.py`. A lawyer's own list may have
others: those stay as they are written there.
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

# Contexts of the translations.
POINT, STAGE, RECIPIENT, TOLD_TOO = "asked in a notice", "stage of a duty", "who is told", "who is told, too"
EVENT, LIMIT, COUNTING = "starts a clock", "limit of a notice", "how limits are counted"
FLAG, ROLE, SECTOR = "holds in a case", "what a member is", "sector of a member"

TIMES = {
    "occurred": gettext_lazy("It happened"),
    "detected": gettext_lazy("It was detected"),
    "aware": gettext_lazy("We became aware"),
    "classified": gettext_lazy("It was classified as to be reported"),
    "paid": gettext_lazy("A payment was made"),
    "recovered": gettext_lazy("Services were restored"),
    "handled": gettext_lazy("It was handled"),
}
TEXTS = {
    "summary": gettext_lazy("What happened"),
    "kind": gettext_lazy("Kind of incident"),
    "impact": gettext_lazy("Impact"),
    "cause": gettext_lazy("Cause"),
    "measures": gettext_lazy("Measures"),
    "consequences": gettext_lazy("Likely consequences"),
    "indicators": gettext_lazy("Indicators of compromise"),
    "people": gettext_lazy("People affected"),
    "records": gettext_lazy("Records affected"),
    "data_kinds": gettext_lazy("Kinds of data"),
    "countries": gettext_lazy("Countries affected"),
    "contact": gettext_lazy("Contact point"),
    "reference": gettext_lazy("Reference"),
    "criteria": gettext_lazy("Criteria met"),
    "discovered_how": gettext_lazy("How it was discovered"),
    "origin": gettext_lazy("Origin"),
    "continuity": gettext_lazy("Business continuity"),
    "techniques": gettext_lazy("Techniques"),
    "components": gettext_lazy("Functions and components"),
    "other_reports": gettext_lazy("Reports to other authorities"),
    "costs": gettext_lazy("Costs and losses"),
    "recurrence": gettext_lazy("Recurrence"),
    "progress": gettext_lazy("Progress"),
    "delay": gettext_lazy("Reasons for a delay"),
}
_OTHERS = {
    "severity": gettext_lazy("Severity"),
    "cross_border": gettext_lazy("Affects other countries"),
    "malicious": gettext_lazy("Unlawful or malicious"),
}


class Said(NamedTuple):
    """A word of a list; `untranslated`: in English, because it has no words in the language."""

    text: str
    untranslated: bool = False


def point_said(text: str) -> Said:
    """What a notice has to say."""
    return _said(POINT, text)


def stage_said(stage: str) -> Said:
    """Which notice of a duty it is."""
    return _said(STAGE, plain(stage))


def event_said(means: str) -> Said:
    """What starts a clock."""
    return _said(EVENT, plain(means))


def limit_said(deadline: str) -> Said:
    """What the law says in place of a length."""
    return _said(LIMIT, plain(deadline))


def counting_said(title: str) -> Said:
    """How an instrument counts."""
    return _said(COUNTING, title)


def flag_said(flag: str) -> Said:
    """What may hold in a case."""
    return _said(FLAG, spelt(flag))


def role_said(role: str) -> Said:
    """What a member is."""
    return _said(ROLE, spelt(role))


def sector_said(sector: str) -> Said:
    """In which sector a member is."""
    return _said(SECTOR, spelt(sector))


def told_too_said(whom: str) -> Said:
    """Who else learns of it, and how."""
    return _said(TOLD_TOO, whom)


def listed_said(word: str) -> str:
    """A word inside a sentence of this room, in whichever sense the lists have it; any other as it is."""
    for context in (EVENT, STAGE, LIMIT, COUNTING, FLAG, ROLE):
        spelling = spelt(word) if context in (FLAG, ROLE) else plain(word)
        if (said := pgettext(context, spelling)) != spelling:
            return said
    return str(TIMES.get(word, word))


def recipient_said(recipient: str) -> str:
    """Who is told; a proper name, or one of a lawyer's own list, as it is written there."""
    return pgettext(RECIPIENT, recipient)


def is_described(recipient: str) -> bool:
    """Whether it is described in words, such as `competent authority`, and is no proper name."""
    return recipient[:1].islower()


def fact_said(name: str) -> str:
    """Which fact of the case."""
    return str({**TIMES, **TEXTS, **_OTHERS}.get(name) or plain(name).capitalize())


def severity_said(severity: str) -> str:
    """How severe it is."""
    said = {"low": _("low"), "medium": _("medium"), "high": _("high"), "critical": _("critical")}
    return said.get(severity, severity)


def stated_said(stated: bool) -> str:
    """Whether something holds."""
    return _("yes") if stated else _("no")


def plain(word: str) -> str:
    """A word of the list as people write it."""
    return word.replace("_", " ")


def spelt(word: str) -> str:
    """A flag, role or sector as people write it."""
    return plain(word).replace("-", " ")


def _said(context: str, text: str) -> Said:
    """A word that is spelt as in English counts as untranslated: no translation of the shipped list's is."""
    said = pgettext(context, text)
    return Said(said, said == text and (get_language() or "en").partition("-")[0] != "en")
