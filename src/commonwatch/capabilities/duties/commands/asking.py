"""`commonwatch duties assess`, `list`, `show`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.models import HOME
from commonwatch.base.terminal import current
from commonwatch.capabilities.duties import actions, queries
from commonwatch.capabilities.duties.case_facts import Facts, read_facts, read_flag
from commonwatch.capabilities.duties.commands.given import DutyNumber, acting, moment, notice_row
from commonwatch.capabilities.duties.foreseeing import Foreseen, foreseen
from commonwatch.core.errors import InvalidInput

Many = list[str]


def assess(
    title: Annotated[str, typer.Argument(help="What it is about, in a few words.")] = "",
    facts_file: Annotated[
        Path | None,
        typer.Option("--facts", exists=True, dir_okay=False, help="All facts, as JSON; see docs/duties.md."),
    ] = None,
    member: Annotated[str, typer.Option(help="Whose duties are asked about.")] = HOME,
    place: Annotated[Many | None, typer.Option(help="Where it acts: DE, US ...; union for bodies of the EU.")] = None,
    role: Annotated[Many | None, typer.Option(help="What it is: nis2-entity, financial-entity ...")] = None,
    sector: Annotated[Many | None, typer.Option(help="Its sectors: energy, health, banking ...")] = None,
    severity: Annotated[str, typer.Option(help="low, medium, high or critical.")] = "",
    fact: Annotated[Many | None, typer.Option(help="personal_data=yes, malicious=no ...")] = None,
    time: Annotated[Many | None, typer.Option(help="aware=2026-11-29T09:00Z, classified=now ...")] = None,
    case: Annotated[str, typer.Option(help="Id of the case.")] = "",
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep what may apply as proposals, for a person to decide.")
    ] = False,
    all_: Annotated[bool, typer.Option("--all", help="Show also what does not apply, and why.")] = False,
) -> None:
    """Say which instruments may require notice, to whom and why, from the facts of a case.

    Example: commonwatch duties assess "Ransomware at a hospital" --place DE --role nis2-entity --sector health --severity high --fact personal_data=yes --time aware=now
    """
    if facts_file is not None:
        facts = read_facts(facts_file.read_bytes())
    else:
        flags = dict(read_flag(one) for one in fact or ())
        subject = {"name": member, "places": place or [], "roles": role or [], "sectors": sector or []}
        times = dict(_time(one) for one in time or ())
        given = {"title": title, "subjects": [subject], "case": case, "severity": severity, "flags": flags}
        facts = read_facts({**given, "times": times})
    _say(facts, keep=keep, all_=all_)


def _say(facts: Facts, *, keep: bool, all_: bool) -> None:
    out, by = current(), acting()
    found = foreseen(facts, by.now_us, everything=all_)
    rows = [_row(one) for one in found]
    columns = [
        "may apply",
        "standing",
        "instrument",
        "member",
        "place",
        "first limit there",
        "because, or what is open",
    ]
    out.table(columns, rows, "No instrument of the list may require notice. Other law may: the list is not everything.")
    kept = [duty.pk for duty in actions.propose(facts, by)] if keep else []
    if kept:
        out.print(f"\n{len(kept)} proposals are kept: commonwatch duties list, then confirm or reject each.")
    out.result({"assessed": found, "kept": kept})


def _row(one: Foreseen) -> tuple[object, ...]:
    answer, first = one.assessed, one.first
    until = f"{first.name} {first.local}" if first else one.notices[0].clock if one.notices else ""
    because = " ".join(answer.questions or answer.reasons[-1:])
    return (answer.outcome, answer.standing, answer.title, answer.member, answer.place, until, because)


def list_duties(
    state: Annotated[Many | None, typer.Option(help="proposed, confirmed, rejected, closed; default: all.")] = None,
    case: Annotated[str, typer.Option(help="Only of this case.")] = "",
) -> None:
    """List duties, newest first, with the next limit of each.

    Example: commonwatch duties list --state confirmed
    """
    found = [queries.shown_duty(one) for one in queries.duties(queries.Wanted(tuple(state or ()), case))[:500]]
    columns = ["duty", "state", "instrument", "place", "member", "next_due", "title"]
    rows = [[one[name] for name in columns] for one in found]
    current().table(columns, rows, "No duties yet: commonwatch duties assess --help")
    current().result(found)


def show(number: DutyNumber) -> None:
    """Show a duty: its law, what happened, each notice with its clock and why, and its history.

    Example: commonwatch duties show 3
    """
    out, found = current(), queries.whole_duty(queries.duty_numbered(number), now_us())
    law = found["law"]
    out.print(f"Duty {found['duty']}, {found['state']}: {law['instrument']} ({found['place']})")
    out.print(f"To be told: {found['recipient']}\nAbout: {found['title']}")
    seen = "verified against a copy of the text" if found["verified"] else "not verified against the text"
    out.print(f"Source: {law['source']}; as of {law['as_of']}, {seen}")
    if law["uncertain"]:
        out.print(f"Uncertain: {law['uncertain']}")
    out.print("")
    columns = ["notice", "stage", "state", "until", "left"]
    out.table(columns, [notice_row(one) for one in found["notices"]], "It has no clocks: confirm it first.")
    for one in found["notices"]:
        out.print(f"\nNotice {one['notice']}, {one['name']}:")
        for step in one["reasons"]:
            out.print(f"  - {step['sentence']}" + (f" ({step['source']})" if step.get("source") else ""))
        for gap in one["gaps"]:
            out.print(f"  ! {gap}")
    out.print("")
    rows = [(one["at"], one["actor"], one["what"], one["said"]) for one in found["history"]]
    out.table(["at", "who", "what", "said"], rows, "")
    out.result(msgspec.to_builtins(found))


def _time(text: str) -> tuple[str, int]:
    name, sign, at = text.partition("=")
    if not sign:
        raise InvalidInput("time-unreadable", f"{text[:60]} is no time of a case.", "Write aware=2026-11-29T09:00Z.")
    return name, moment(at)
