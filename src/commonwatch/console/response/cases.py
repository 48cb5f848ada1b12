"""Cases: the list, one case with its pages, its reports and files, and the times of all of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import msgspec
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import own_member
from commonwatch.base.printing.pdf import pdf
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import exchange, playbooks, taking_part
from commonwatch.capabilities.incidents.actions.writing import called, opened
from commonwatch.capabilities.incidents.lists import phases_of, taxonomy, titles
from commonwatch.capabilities.incidents.rules import duties
from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.capabilities.incidents.sitreps import document, sections_of, title_of
from commonwatch.console.response import case_tables as tables
from commonwatch.console.response import case_words as words
from commonwatch.console.shell.pages import CONTRIBUTOR, READER, shown_to
from commonwatch.console.shell.several import Several
from commonwatch.console.shell.tables import COUNT, Empty, Facet, Filter, by_key, counts_after
from commonwatch.console.shell.taking import listed
from commonwatch.console.shell.who import acting, identity, reader
from commonwatch.core.errors import CommonwatchError, NotFound
from commonwatch.core.stix.response.incidents import SituationReport, read

FILES = {"stix": "application/stix+json;version=2.1", "veris": "application/json"}
Names = dict[str, str]


class CaseFilter(Filter):
    """Which cases."""

    open = forms.BooleanField(label=_("Open ones only"))
    state = Several(label=_("State"), choices=words.STATES.items())
    level = Several(label=_("Severity"), choices=words.LEVELS.items())
    kind = Several(label=_("Class"), choices=[(one.id, one.title) for one in taxonomy().classes])
    text = forms.CharField(label=_("Words"), max_length=200)


class MomentFilter(Filter):
    """Which lines of a timeline."""

    kind = Several(label=_("Kind"), choices=words.KINDS.items())
    by = forms.CharField(label=_("By"), max_length=200)
    text = forms.CharField(label=_("Words"), max_length=200)


@shown_to(READER)
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The cases that the reader may know of."""
    asked, who = CaseFilter(request), reader(request)
    wanted = queries.Wanted(
        asked.wanted("state") or (),
        asked.wanted("level") or (),
        asked.wanted("kind") or (),
        text=asked.wanted("text"),
        open_only=bool(asked.wanted("open")),
    )
    pages = by_key(
        lambda after, count: queries.cases(who, wanted, after, count),
        lambda line: line.key,
        lambda line: tables.case_row(line.case, queries.who(who, line.case)),
    )
    counts = bool(request.GET.get(COUNT)) or queries.are_few()
    every = queries.every(who, queries.MOST_COUNTED) if counts else []
    total = sum(queries.is_wanted(one, wanted) for one in every)
    cases = tables.CASES.paged(
        request,
        pages,
        total=total if counts and len(every) < queries.MOST_COUNTED else None,
        filter=asked,
        facets=_facets(every, wanted) if counts else (),
        empty=_nothing(identity(request)),
    )
    context = {"may_report": may_act(identity(request)), "cases": counts_after(cases, request, is_counted=counts)}
    return listed(request, "console/response/cases.html", context, "cases")


@shown_to(READER)
@require_safe
def one(request: HttpRequest, name: str) -> HttpResponse:
    """One case: how it stands, what is to be done, what two said at once, what waits for us."""
    case, names = found(request, name)
    now = now_us()
    rows = [tables.task_row(case, task, names, now) for task in case.tasks if not task.run and not task.playbook]
    runs = [tables.task_row(case, task, names, now) for task in playbooks.runs(case)]
    related = _related(request, case)
    context = {
        **frame(request, case, names, "case"),
        "tasks": tables.TASKS.listing(request, rows, bare=True),
        "runs": tables.RUNS.listing(request, runs, bare=True),
        "has_runs": bool(runs),
        "has_tasks": bool(rows),
        "times": tables.TIMES.listing(request, tables.time_rows(case, names), bare=True),
        "ratings": tables.RATINGS.listing(request, tables.rating_rows(case, names), bare=True),
        "phases": phases_of(case.state),
        "answers": tables.answers(queries.roles(case), names),
        "contests": [[tables.said_of(said, names) for said in contest.sayings] for contest in case.contests],
        "proposals": [tables.said_of(said, names) for said in case.proposals],
        "links": [(ref, reverse("object", args=[ref])) for ref in case.links],
        "has_related": bool(related),
        "related": tables.RELATED.listing(request, related, bare=True),
        "earlier": _earlier(request, case),
        "offers": [(names.get(offer.to, offer.to), offer.to == queries.own_identity()) for offer in case.offers],
    }
    return render(request, "console/response/case.html", context)


@shown_to(READER)
@require_safe
def timeline(request: HttpRequest, name: str) -> HttpResponse:
    """Everything that happened, was done or said, each with its precision and source."""
    case, names = found(request, name)
    case = queries.with_sightings(reader(request), case)
    names = queries.who(reader(request), case)
    asked = MomentFilter(request)
    kinds, author, text = asked.wanted("kind"), asked.wanted("by").casefold(), asked.wanted("text").casefold()

    def fits(row: dict[str, Any]) -> bool:
        return author in row["by"].casefold() and text in f"{row['words']} {row['source']}".casefold()

    every = [(moment, tables.moment_row(moment, names)) for moment in case.timeline]
    among = [(moment, row) for moment, row in every if fits(row)]
    rows = [row for moment, row in among if not kinds or moment.kind in kinds]
    counted = Counter(moment.kind for moment, _ in among)
    facet = Facet("kind", _("Kind"), [(kind, words.KINDS[kind], count) for kind, count in counted.most_common()])
    empty = Empty(_("Nothing of that kind"), _("Take the filter away to see everything."))
    context = {
        **frame(request, case, names, "case-timeline"),
        "timeline": tables.TIMELINE.listing(request, rows, total=len(rows), filter=asked, facets=[facet], empty=empty),
    }
    return render(request, "console/response/case_timeline.html", context)


@shown_to(READER)
@require_safe
def record(request: HttpRequest, name: str) -> HttpResponse:
    """Notes, decisions, impacts and situation reports."""
    case, names = found(request, name)
    pieces = [tables.piece_row(piece, names) for piece in case.pieces if piece.kind != "report"]
    reports = [
        {
            "name": gettext("Situation report %(number)s") % {"number": piece.value.get("number", "")},
            "url": reverse("case-report", args=[name, piece.id]),
            "at": piece.at_us,
            "by": names.get(piece.author, piece.author),
            "marking": piece.marking,
        }
        for piece in reversed(case.of("report"))
    ]
    context = {
        **frame(request, case, names, "case-record"),
        "has_pieces": bool(pieces),
        "pieces": tables.PIECES.listing(request, pieces, bare=True),
        "has_reports": bool(reports),
        "reports": tables.REPORTS.listing(request, reports, bare=True),
    }
    return render(request, "console/response/case_record.html", context)


@shown_to(READER)
@require_safe
def people(request: HttpRequest, name: str) -> HttpResponse:
    """Who takes part, who leads, who may see, collect, decide and be told."""
    case, names = found(request, name)
    rows = tables.duty_rows(queries.roles(case), names)
    context = {
        **frame(request, case, names, "case-people"),
        "people": tables.PEOPLE.listing(request, tables.people_rows(case, names), bare=True),
        "duties": tables.DUTIES.listing(request, rows, bare=True),
        "leads": [(names.get(one.member, one.member), one.since_us, one.until_us) for one in case.leads],
        "outside": len(case.outside),
    }
    return render(request, "console/response/case_people.html", context)


@shown_to(READER)
@require_safe
def report(request: HttpRequest, name: str, part: str) -> HttpResponse:
    """A situation report in the reader's language, on the page or on paper."""
    case, names = found(request, name)
    piece = next((one for one in case.of("report") if one.id == part), None)
    content = read(piece.value, SituationReport) if piece is not None else None
    if piece is None or content is None:
        raise NotFound("report-unknown", f"There is no situation report {part}.", "See the case.")
    if request.GET.get("take") == "pdf":
        mine = names.get(own_member().identity, own_member().title or own_member().name)
        language = get_language() or "en"
        paper = document(content, names, language=language, marking=piece.marking, reader=mine)
        return _file(pdf(paper, now_us()), "application/pdf", "situation-report.pdf")
    context = {
        **frame(request, case, names, "case-record"),
        "title": title_of(content),
        "sections": list(sections_of(content, names)),
        "marked": piece.marking,
    }
    return render(request, "console/response/case_report.html", context)


@shown_to(READER)
@require_safe
def take(request: HttpRequest, name: str, form: str) -> HttpResponse:
    """The case as a file: STIX, or VERIS with what that loses."""
    if form not in FILES:
        raise NotFound("format-unknown", f"There is no format {form}.", "Use stix or veris.")
    if form == "stix":
        return _file(exchange.as_stix(reader(request), name), FILES[form], "case.json")
    written, lost = exchange.as_veris(reader(request), name)
    both = {"record": written, "lost": [msgspec.to_builtins(one) for one in lost]}
    return _file(msgspec.json.format(msgspec.json.encode(both)), FILES[form], "veris.json")


@shown_to(READER)
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """Times of the cases that the reader has: never a mean, open ones counted as open."""
    measured, resolved = queries.figures(reader(request), now_us())
    rows = [
        {**msgspec.structs.asdict(one), "median": _hours(one.median_seconds), "p90": _hours(one.p90_seconds)}
        for one in measured
        if one.done or one.open
    ]
    context = {
        "spans": tables.SPANS.listing(request, rows, total=len(rows), empty=_nothing(identity(request))),
        "resolved": resolved,
    }
    return listed(request, "console/response/case_figures.html", context, "spans")


def found(request: HttpRequest, name: str) -> tuple[Case, Names]:
    """A case as the reader's track sees it, with what people call everybody in it; raises NotFound."""
    who = reader(request)
    case = queries.seen(who, name)
    return case, queries.who(who, case)


def frame(request: HttpRequest, case: Case, names: Names, here: str) -> dict[str, Any]:
    """What every page of a case shows on top."""
    who = identity(request)
    own, acts = queries.own_identity(), may_act(who)
    whole = queries.case(reader(request), case.id)
    return {
        "case": case,
        "names": names,
        "state": words.state(case.state),
        "level": words.level(case.level or "unrated"),
        "class_title": titles().get(case.rsit, case.rsit),
        "determination": words.DETERMINATIONS[case.determination],
        "lead": names.get(case.lead, case.lead),
        "involved": ", ".join(names.get(one, one) for one in case.involved()),
        "may_act": acts and own in case.involved(),
        "leads": acts and case.lead == own,
        "is_told": any(slot[1:] == ("acknowledged", own) for slot in case.heads) or case.author == own,
        "other_tracks": [words.TRACKS[one] for one in duties.on_track(whole, duties.track_of(case, own))]
        if who.is_at_home
        else [],
        "tabs": [
            (label, reverse(address, args=[case.id]), address == here)
            for label, address in (
                (gettext("Overview"), "case"),
                (gettext("Timeline"), "case-timeline"),
                (gettext("Record"), "case-record"),
                (gettext("Who takes part"), "case-people"),
            )
        ],
        "trail": [(gettext("Cases"), reverse("cases")), (case.name, "")],
    }


def may_act(who: Identity) -> bool:
    """Whether somebody acts for the member that runs this node."""
    return who.is_at_home and who.may(CONTRIBUTOR)


def _facets(every: list[Case], wanted: queries.Wanted) -> list[Facet]:
    """Counts of all that fits the rest of the filter."""

    def counted(rest: queries.Wanted, name: str) -> dict[str, int]:
        return queries.facets([one for one in every if queries.is_wanted(one, rest)])[name]

    states = counted(replace(wanted, states=()), "state")
    levels = counted(replace(wanted, levels=()), "level")
    classes = counted(replace(wanted, classes=()), "class")
    return [
        Facet("state", _("State"), [(one, words.STATES[one], states[one]) for one in words.STATES if one in states]),
        Facet("level", _("Severity"), [(one, words.LEVELS[one], levels[one]) for one in words.LEVELS if one in levels]),
        Facet(
            "kind",
            _("Class"),
            [(one.id, one.title, classes[one.id]) for one in taxonomy().classes if one.id in classes],
        ),
    ]


def _related(request: HttpRequest, case: Case) -> list[dict[str, Any]]:
    try:
        others = queries.related(reader(request), case)
    except CommonwatchError:  # searching took too long: the page stands without it
        return []
    return [
        {
            "name": one.case.name,
            "url": reverse("case", args=[one.case.id]),
            "state": one.case.state,
            "shared": ", ".join(one.shared[:3]),
        }
        for one in others[:5]
    ]


def _earlier(request: HttpRequest, case: Case) -> list[tuple[str, int]]:
    """Members that came later, and how many of our entries each has not."""
    if not may_act(identity(request)) or queries.own_identity() not in case.involved():
        return []
    missing = taking_part.unshared(opened(case.id, acting(request)))
    return [(called([member])[0], len(parts)) for member, parts in missing.items()]


def _nothing(who: Identity) -> Empty:
    title, text = (
        _("There is no case"),
        _("A case begins with a report: what happened, whom it concerns, who works on it."),
    )
    return Empty(title, text, _("Report a case"), reverse("case-new")) if may_act(who) else Empty(title, text)


def _hours(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 3600:,.1f}"


def _file(raw: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(raw, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
