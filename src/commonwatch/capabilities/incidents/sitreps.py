"""Situation reports in words: each node says the same facts in its reader's language when somebody reads or prints them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from commonwatch.base.printing.document import Block, Bullets, Document, Facts, Heading, Paragraph
from commonwatch.capabilities.incidents.lists import titles
from commonwatch.capabilities.incidents.words import level_said, outlook_said, state_said, time_said
from commonwatch.core.stix.response.incidents import SituationReport


class Section(NamedTuple):
    """A part of the report: sentences, facts and times (STIX timestamps) with their labels, items.

    Times stand apart: inside a sentence that runs from right to left their parts would change places.
    """

    heading: str
    sentences: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    times: tuple[tuple[str, str], ...] = ()
    items: tuple[str, ...] = ()


def lines_of(report: SituationReport, names: Mapping[str, str], language: str = "") -> list[str]:
    """The report, line by line; in the language that is active where none is named."""
    with override(language or get_language()):
        lines = [title_of(report)]
        for section in sections_of(report, names):
            lines += [f"{section.heading}:"] if section.heading else []
            lines += [*section.sentences, *(f"- {label}: {said}" for label, said in (*section.facts, *section.times))]
            lines += [f"- {item}" for item in section.items]
        return lines


def title_of(report: SituationReport) -> str:
    """Its number and what it is about, in the language that is active."""
    return _("Situation report %(number)s: %(name)s") % {"number": report.number, "name": report.name}


def document(
    report: SituationReport, names: Mapping[str, str], *, language: str, marking: str, reader: str
) -> Document:
    """The report for paper; `reader` is for whom it is printed, so that a copy says whose it is."""
    with override(language):
        blocks: list[Block] = []
        for section in sections_of(report, names):
            blocks += [Heading(section.heading)] if section.heading else []
            blocks += [Paragraph(sentence) for sentence in section.sentences]
            facts = (*section.facts, *section.times)
            blocks += [Facts(facts)] if facts else []
            blocks += [Bullets(section.items)] if section.items else []
        made = _("Printed for %(reader)s") % {"reader": reader}
        return Document(title_of(report), language, marking, made, tuple(blocks))


def sections_of(report: SituationReport, names: Mapping[str, str]) -> Iterator[Section]:
    """Its parts, in the language that is active."""
    dates = [(_("As of"), report.as_of), *([(_("Next report"), report.next_due)] if report.next_due else [])]
    yield Section("", facts=tuple(_standing(report, names)), times=tuple(dates))
    if report.assessment:
        yield Section(_("Assessment"), (report.assessment,))
    if report.highlights:
        yield Section(_("New since the last report"), items=report.highlights)
    if report.next_steps:
        yield Section(_("To be done"), items=report.next_steps)
    yield Section(_("Figures"), tuple(_figures(report)))
    if report.times:
        yield Section(_("Times"), times=tuple((time_said(one.kind), one.at) for one in report.times))


def _standing(report: SituationReport, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield _("State"), state_said(report.state)
    yield _("Severity"), level_said(report.level) if report.level else _("not rated")
    yield _("Class"), titles().get(report.rsit, report.rsit) or _("not classified")
    yield _("Lead"), names.get(report.lead_ref, report.lead_ref)
    if report.outlook:
        yield _("Outlook"), outlook_said(report.outlook)


def _figures(report: SituationReport) -> Iterator[str]:
    one = report.figures
    yield ngettext("%(n)s member takes part.", "%(n)s members take part.", one.participants) % {"n": one.participants}
    yield _("Tasks: %(open)s open, %(late)s late, %(done)s done.") % {
        "open": one.tasks_open,
        "late": one.tasks_late,
        "done": one.tasks_done,
    }
    yield _("Impacts: %(impacts)s. Decisions: %(decisions)s. Entries: %(entries)s.") % {
        "impacts": one.impacts,
        "decisions": one.decisions,
        "entries": one.entries,
    }
    if one.conflicts:
        yield ngettext(
            "%(n)s thing was said differently by two members and is not settled.",
            "%(n)s things were said differently by two members and are not settled.",
            one.conflicts,
        ) % {"n": one.conflicts}
