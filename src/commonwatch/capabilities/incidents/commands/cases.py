"""The case itself: reported, listed, shown, triaged, moved on, closed, opened again."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from commonwatch.base.terminal import current
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import opening
from commonwatch.capabilities.incidents.commands.given import (
    Case,
    Reason,
    at,
    by,
    case_id,
    exactly,
    invited,
    moment,
    needed,
    reader,
)
from commonwatch.capabilities.incidents.lists import opinion, phases_of, titles
from commonwatch.capabilities.incidents.rules.case import Case as Folded
from commonwatch.capabilities.incidents.rules.case import Moment
from commonwatch.capabilities.incidents.showing import shown_case
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.incidents import ACTORS, DETERMINATIONS, TIME_KINDS, Determination, Stamp, TimeKind

app = typer.Typer()
_COLUMNS = ["case", "state", "severity", "class", "lead", "changed", "name"]


@app.command()
def report(
    name: Annotated[str, typer.Argument(help="What happened, in a few words.")],
    description: Annotated[str, typer.Option(help="More about it.")] = "",
    rsit: Annotated[str, typer.Option("--class", help="RSIT class or type: `case classes` lists them.")] = "",
    severity: Annotated[str, typer.Option(help="In the partnership's scale: none to emergency.")] = "",
    with_: Annotated[
        list[str] | None, typer.Option("--with", help="A member that takes part: NAME or NAME:police; repeatable.")
    ] = None,
    community: Annotated[list[str] | None, typer.Option(help="A community that may read it; repeatable.")] = None,
    tlp: Annotated[str, typer.Option(help="TLP level.")] = "TLP:AMBER",
    as_: Annotated[
        str, typer.Option("--as", help="As what the own member takes part: csirt, police, prosecution, judiciary.")
    ] = "csirt",
    occurred: Annotated[str, typer.Option(help="When it began: 2026-11-29, 36h.")] = "",
    detected: Annotated[str, typer.Option(help="When it was first detected.")] = "",
    precision: Annotated[str, typer.Option(help="How exactly these are known: second to year.")] = "minute",
    source: Annotated[str, typer.Option(help="Where these times are from.")] = "",
    object_: Annotated[
        list[str] | None, typer.Option("--object", help="STIX id of intelligence that it is about; repeatable.")
    ] = None,
    reference: Annotated[str, typer.Option(help="The own number of the case.")] = "",
    altered: Annotated[bool, typer.Option("--altered", help="Accept that law has it altered for some.")] = False,
) -> None:
    """Begin a case. This node's own member leads it.

    Example: commonwatch case report "Wiper at two ports" --class malicious-code --severity high --with cert-no
    """
    actor = next((one for one in ACTORS if one == as_), None)
    if actor is None:
        raise InvalidInput("actor-unknown", f"There is no actor {as_}.", f"Use one of {', '.join(ACTORS)}.")
    given: list[tuple[TimeKind, int | None]] = [("occurred", moment(occurred)), ("detected", moment(detected))]
    times = [Stamp(kind, at(when), exactly(precision), source) for kind, when in given if when is not None]
    what = opening.Report(
        name=name, description=description, rsit=rsit, severity=severity, reference=reference, actor=actor,
        with_=tuple(invited(one) for one in with_ or ()), communities=tuple(community or ()), tlp=tlp, times=tuple(times),
        objects=tuple(object_ or ()), altered=altered,
    )  # fmt: skip
    case = opening.report(what, by())
    out = current()
    out.print(f"Case {case} begun.")
    out.result({"case": case})


@app.command("list")
def list_cases(
    state: Annotated[list[str] | None, typer.Option(help="Only these states; repeatable.")] = None,
    severity: Annotated[list[str] | None, typer.Option(help="Only these severities; repeatable.")] = None,
    rsit: Annotated[list[str] | None, typer.Option("--class", help="Only these classes; repeatable.")] = None,
    text: Annotated[str, typer.Option(help="Only with this in name, description or reference.")] = "",
    open_: Annotated[bool, typer.Option("--open", help="Only those that are not closed.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=2_000, help="At most so many.")] = 50,
) -> None:
    """List cases, the one that changed last first.

    Example: commonwatch case list --open
    """
    wanted = queries.Wanted(tuple(state or ()), tuple(severity or ()), tuple(rsit or ()), text=text, open_only=open_)
    found = [line.case for line in queries.cases(reader(), wanted, None, limit)]
    rows = [row_of(one, queries.who(reader(), one)) for one in found]
    out = current()
    out.table(
        _COLUMNS,
        [[row[column] for column in _COLUMNS] for row in rows],
        "No such cases. Begin one: commonwatch case report.",
    )
    out.result({"cases": rows})


def row_of(one: Folded, names: dict[str, str]) -> dict[str, str]:
    """A case as a line."""
    return {
        "case": one.id,
        "state": one.state,
        "severity": one.level or "",
        "class": one.rsit,
        "lead": names.get(one.lead, one.lead),
        "changed": at(one.changed_us),
        "name": one.name,
    }


@app.command()
def show(case: Case) -> None:
    """Show a case: how it stands, who takes part, its timeline, tasks, and what two said at once.

    Example: commonwatch case show 1f0c
    """
    found = queries.with_sightings(reader(), queries.seen(reader(), case_id(case)))
    names = queries.who(reader(), found)
    out = current()
    out.print(
        f"{found.name}\n{found.id}  {found.marking}  {found.state}  {found.level or 'unrated'}  {titles().get(found.rsit, found.rsit)}"
    )
    out.print(
        f"Lead: {names.get(found.lead, found.lead)}. {'; '.join(f'{one.scheme}: {one.title}' for one in phases_of(found.state))}."
    )
    if found.root_cause:
        out.print(f"Root cause: {found.root_cause}")
    taking = [
        [
            names.get(one.member, one.member),
            one.part.actor,
            ", ".join(one.part.roles),
            at(one.since_us),
            "left" if one.part.left else "",
        ]
        for one in found.participants
    ]
    out.table(["member", "as", "roles", "since", ""], taking, "")
    rated = [
        [names.get(author, author), one.scheme, one.value, opinion(one.scheme, one.value) or ""]
        for author, one in found.severities
    ]
    if rated:
        out.print("\nIn other schemes (where each would stand in the partnership's scale is our opinion):")
        out.table(["member", "scheme", "value", "about"], rated, "")
    out.print("\nTimeline")
    out.table(
        ["at", "exactly", "what", "by", "words", "source"],
        [_moment(one, names) for one in found.timeline],
        "Nothing yet.",
    )
    out.print("\nTasks")
    out.table(
        ["task", "outcome", "owner", "due", "name"],
        [[one.id, one.outcome, names.get(one.owner, one.owner), at(one.due_us), one.name] for one in found.tasks],
        "None.",
    )
    for contest in found.contests:
        out.print(f"\nTwo said different things of {contest.slot[1]}; the first counts until somebody settles it:")
        out.table(
            ["statement", "by", "at", "value"],
            [
                [one.id, names.get(one.author, one.author), at(one.written_us), str(msgspec.to_builtins(one.value))]
                for one in contest.sayings
            ],
            "",
        )
    for said in found.proposals:
        out.print(
            f"\n{names.get(said.author, said.author)} proposes {said.slot[1]}: {msgspec.to_builtins(said.value)} ({said.id})"
        )
    if found.outside:
        out.print(f"\n{len(found.outside)} entries are by members that do not take part; they count for nothing.")
    out.result(shown_case(found, names))


def _moment(one: Moment, names: dict[str, str]) -> list[str]:
    return [
        at(one.at_us),
        one.fidelity,
        f"{one.kind} {one.code}",
        names.get(one.author, one.author),
        one.words or names.get(one.about, one.about),
        one.source,
    ]


@app.command()
def acknowledge(case: Case, note: Annotated[str, typer.Option(help="What happens next.")] = "") -> None:
    """Say that the own member was told of a case and looks at it.

    Example: commonwatch case acknowledge 1f0c --note "On it"
    """
    _said(opening.acknowledge(case_id(case), note, by()))


@app.command()
def triage(
    case: Case,
    rsit: Annotated[str, typer.Option("--class", help="RSIT class or type.")] = "",
    severity: Annotated[str, typer.Option(help="In the partnership's scale.")] = "",
    determination: Annotated[
        str, typer.Option(help="suspected, confirmed, blocked, failed-attempt, false-positive.")
    ] = "",
    reason: Reason = "",
) -> None:
    """Say what it is and how severe; for the lead.

    Example: commonwatch case triage 1f0c --class intrusions.system-compromise --severity high
    """
    _said(*opening.triage(case_id(case), rsit, severity, determination, reason, by()))


@app.command()
def rate(
    case: Case,
    value: Annotated[str, typer.Argument(help="The value.")],
    scheme: Annotated[str, typer.Option(help="The scheme: us-ppd41, uk-ncsc, eu-nis2, partnership.")],
    reason: Reason = "",
) -> None:
    """Say how severe it is in a scheme of one's own, beside the partnership's.

    Example: commonwatch case rate 1f0c 3 --scheme uk-ncsc
    """
    _said(opening.rate(case_id(case), scheme, value, reason, by()))


@app.command()
def state(
    case: Case,
    value: Annotated[str, typer.Argument(help="acknowledged, triaged, responding, contained, recovered.")],
    when: Annotated[str, typer.Option("--at", help="When it came to be so, if not now.")] = "",
    precision: Annotated[str, typer.Option(help="How exactly that is known.")] = "minute",
    reason: Reason = "",
) -> None:
    """Say how it stands. Of others than the lead it is a proposal.

    Example: commonwatch case state 1f0c contained --at 2h
    """
    _said(opening.move(case_id(case), value, reason, by(), at_us=moment(when), fidelity=exactly(precision)))


@app.command()
def time(
    case: Case,
    kind: Annotated[
        str, typer.Argument(help="occurred, detected, aware, shared, partner_action, contained, recovered ...")
    ],
    when: Annotated[str, typer.Argument(help="When: 2026-11-29, 2026-11-29T10:00:00Z, 36h.")],
    precision: Annotated[str, typer.Option(help="How exactly that is known: second to year.")] = "minute",
    source: Annotated[str, typer.Option(help="Where it is from.")] = "",
    reason: Reason = "",
) -> None:
    """Say when something happened, how exactly that is known, and from where.

    Example: commonwatch case time 1f0c occurred 2026-11-20 --precision day --source "backup log"
    """
    known = next((one for one in TIME_KINDS if one == kind), None)
    if known is None:
        raise InvalidInput("time-kind-unknown", f"There is no time {kind}.", f"Use one of {', '.join(TIME_KINDS)}.")
    _said(opening.stamp(case_id(case), known, needed(when), exactly(precision), source, reason, by()))


@app.command()
def link(
    case: Case,
    objects: Annotated[list[str], typer.Argument(help="STIX ids of objects.")],
    undo: Annotated[bool, typer.Option("--not", help="It is not about them.")] = False,
    reason: Reason = "",
) -> None:
    """Say that a case is about intelligence: indicators, malware, campaigns.

    Example: commonwatch case link 1f0c indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f
    """
    _said(*opening.link(case_id(case), tuple(objects), by(), linked=not undo, reason=reason))


@app.command()
def related(case: Case) -> None:
    """Find other cases about the same objects, or about objects that name the same values.

    Example: commonwatch case related 1f0c
    """
    found = queries.related(reader(), queries.seen(reader(), case_id(case)))
    out = current()
    rows = [[one.case.id, one.case.state, one.case.name, ", ".join(one.shared[:5])] for one in found]
    out.table(["case", "state", "name", "in common"], rows, "No other case has anything in common with it.")
    out.result({"related": [{"case": one.case.id, "name": one.case.name, "shared": one.shared} for one in found]})


@app.command()
def settle(
    case: Case, statement: Annotated[str, typer.Argument(help="The statement that holds.")], reason: Reason = ""
) -> None:
    """Settle what two said at once, or take over what a member proposed.

    Example: commonwatch case settle 1f0c case-statement--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f
    """
    _said(opening.settle(case_id(case), statement, reason, by()))


@app.command()
def close(
    case: Case,
    root_cause: Annotated[str, typer.Option("--root-cause", help="What made it possible.")],
    determination: Annotated[str, typer.Option(help="What it turned out to be.")] = "",
    reason: Reason = "",
) -> None:
    """Close a case, with its root cause.

    Example: commonwatch case close 1f0c --root-cause "Password of a contractor, no second factor"
    """
    found: Determination | None = next((one for one in DETERMINATIONS if one == determination), None)
    if determination and found is None:
        raise InvalidInput(
            "determination-unknown", f"{determination} is no determination.", f"Use one of {', '.join(DETERMINATIONS)}."
        )
    _said(*opening.close(case_id(case), root_cause, found, reason, by()))


@app.command()
def reopen(case: Case, reason: Annotated[str, typer.Option(help="What came up.")]) -> None:
    """Open a closed case again. Within 30 days that voids the close in the figures.

    Example: commonwatch case reopen 1f0c --reason "The same beacon again"
    """
    _said(opening.reopen(case_id(case), reason, by()))


def _said(*ids: str) -> None:
    out = current()
    out.print("Said." if len(ids) == 1 else f"{len(ids)} things said.")
    out.result({"objects": ids})
