"""What a situation report holds, taken from the case as it is: facts and figures, no sentences. Each reader's node says them."""

from __future__ import annotations

from commonwatch.capabilities.incidents.rules.case import Case
from commonwatch.core.stix.response.incidents import Figures, Outlook, SituationReport, Stamp, Track
from commonwatch.core.stix.times import format_time

MOST_LINES = 10
_LONGEST = 500


def situation(
    case: Case,
    as_of_us: int,
    *,
    assessment: str = "",
    outlook: Outlook = "",
    next_due_us: int | None = None,
    track: Track = "csirt",
    shared_with: tuple[Track, ...] = (),
) -> SituationReport:
    """The next report on a case. `case`: as the track sees it that the report is for."""
    before = case.of("report")
    since = before[-1].at_us if before else case.created_us
    fresh = [
        one for one in case.timeline if since < one.at_us <= as_of_us and one.kind in ("entry", "decision", "impact")
    ]
    still_open = sorted(
        (one for one in case.tasks if one.is_open and not one.run), key=lambda one: (one.due_us or 2**62, one.id)
    )
    taken = max((int(one.value.get("number", 0)) for one in before if _is_number(one.value.get("number"))), default=0)
    times = [
        Stamp(kind, format_time(one.at_us, 0), one.fidelity, one.source[:_LONGEST])
        for kind, one in sorted(case.times.items())
    ]
    return SituationReport(
        case_ref=case.id,
        number=taken + 1,
        as_of=format_time(as_of_us, 0),
        since=format_time(since, 0),
        name=case.name[:_LONGEST],
        state=case.state,
        level=case.level or "",
        rsit=case.rsit,
        lead_ref=case.lead,
        figures=_figures(case, as_of_us),
        times=tuple(times),
        highlights=tuple(one.words[:_LONGEST] for one in fresh[-MOST_LINES:] if one.words),
        next_steps=tuple(one.name[:_LONGEST] for one in still_open[:MOST_LINES]),
        assessment=assessment,
        outlook=outlook,
        next_due="" if next_due_us is None else format_time(next_due_us, 0),
        track=track,
        shared_with=shared_with,
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _figures(case: Case, now_us: int) -> Figures:
    tasks = [one for one in case.tasks if not one.run]
    return Figures(
        participants=len(case.involved()),
        entries=len(case.of("entry")),
        tasks_open=sum(one.is_open for one in tasks),
        tasks_late=sum(one.is_late(now_us) for one in tasks),
        tasks_done=sum(one.outcome == "successful" for one in tasks),
        impacts=len(case.of("impact")),
        decisions=len(case.of("decision")),
        conflicts=len(case.contests),
    )
