"""What is written into a case: entries, notes, tasks, impacts, decisions, situation reports."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.languages import InLanguage, known_language
from commonwatch.base.parties.queries import own_member
from commonwatch.base.printing.pdf import pdf
from commonwatch.base.terminal import current
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import entries
from commonwatch.capabilities.incidents.commands.given import (
    Case,
    Level,
    Members,
    OnlyUs,
    Reason,
    Tracks,
    at,
    by,
    case_id,
    exactly,
    for_,
    moment,
    needed,
    reader,
)
from commonwatch.capabilities.incidents.showing import shown_moment
from commonwatch.capabilities.incidents.sitreps import document, lines_of
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.incidents import CATEGORIES, Outlook, SituationReport, read

app = typer.Typer()


@app.command()
def timeline(
    case: Case,
    add: Annotated[str, typer.Option(help="Put this into the timeline, instead of showing it.")] = "",
    when: Annotated[str, typer.Option("--at", help="When it happened; default: now.")] = "",
    precision: Annotated[str, typer.Option(help="How exactly that is known.")] = "minute",
    source: Annotated[str, typer.Option(help="Where it is from.")] = "",
    kind: Annotated[
        list[str] | None, typer.Option(help="Only lines of this kind: entry, task, note, state ...; repeatable.")
    ] = None,
    author: Annotated[str, typer.Option(help="Only lines by this member, by the name shown.")] = "",
    members: Members = None,
    only_us: OnlyUs = False,
    share_with: Tracks = None,
    tlp: Level = "",
) -> None:
    """Show the timeline of a case, or add to it.

    Example: commonwatch case timeline 1f0c --add "First beacon" --at 2026-11-20T08:10:00Z --source "firewall log"
    """
    identity = case_id(case)
    out = current()
    if add:
        what = entries.Entry(
            add, needed(when), "", exactly(precision), source, (), for_(members, only_us, share_with, tlp)
        )
        made = entries.add_entry(identity, what, by())
        out.print("Added.")
        out.result({"object": made})
        return
    found = queries.with_sightings(reader(), queries.seen(reader(), identity))
    names = queries.who(reader(), found)
    lines = [
        one for one in found.timeline
        if (not kind or one.kind in kind) and (not author or names.get(one.author, one.author) == author)
    ]  # fmt: skip
    rows = [
        [
            at(one.at_us),
            one.fidelity,
            f"{one.kind} {one.code}",
            names.get(one.author, one.author),
            one.words or names.get(one.about, one.about),
            one.source,
        ]
        for one in lines
    ]
    out.table(["at", "exactly", "what", "by", "words", "source"], rows, "Nothing of that kind.")
    out.result({"timeline": [shown_moment(one, names) for one in lines]})


@app.command()
def note(
    case: Case,
    text: Annotated[str, typer.Argument(help="What to write down.")],
    title: Annotated[str, typer.Option(help="Its title.")] = "",
    members: Members = None,
    only_us: OnlyUs = False,
    share_with: Tracks = None,
    tlp: Level = "",
) -> None:
    """Write something down.

    Example: commonwatch case note 1f0c "The provider answers tomorrow" --only-us
    """
    _made(entries.add_note(case_id(case), text, by(), title=title, for_=for_(members, only_us, share_with, tlp)))


@app.command()
def task(
    case: Case,
    name: Annotated[str, typer.Argument(help="What is to be done; with --change its new name, or empty.")] = "",
    change: Annotated[str, typer.Option(help="Say something of this task, instead of adding one.")] = "",
    description: Annotated[str, typer.Option(help="More about it.")] = "",
    owner: Annotated[str, typer.Option(help="The member that does it.")] = "",
    person: Annotated[str, typer.Option(help="Who there.")] = "",
    due: Annotated[str, typer.Option(help="By when: 2026-12-01, +2d.")] = "",
    priority: Annotated[int, typer.Option(help="0 to 100, the highest first; -1: none.")] = -1,
    outcome: Annotated[str, typer.Option(help="With --change: pending, ongoing, successful, failed, cancelled.")] = "",
    result: Annotated[str, typer.Option(help="With --change: what came of it.")] = "",
    lesson: Annotated[bool, typer.Option("--lesson", help="It is what was learned from the case.")] = False,
    reason: Reason = "",
    members: Members = None,
    only_us: OnlyUs = False,
    share_with: Tracks = None,
    tlp: Level = "",
) -> None:
    """Add a task, or say how one stands.

    Example: commonwatch case task 1f0c "Block the addresses" --owner cert-no --due +1d
    """
    if change:
        wanted = entries.Change(
            outcome=outcome or None, owner=owner or None, person=person or None, due_us=moment(due), name=name or None,
            result=result or None, reason=reason,
        )  # fmt: skip
        _made(*entries.change_task(case_id(case), change, wanted, by()))
        return
    what = entries.ToDo(
        name, description, owner, person, moment(due), priority if priority >= 0 else None, lesson=lesson,
        for_=for_(members, only_us, share_with, tlp),
    )  # fmt: skip
    _made(entries.add_task(case_id(case), what, by()))


@app.command()
def impact(
    case: Case,
    category: Annotated[
        str,
        typer.Argument(help="availability, confidentiality, integrity, external, monetary, physical, traceability."),
    ],
    what: Annotated[str, typer.Argument(help="What the category asks: availability 0 to 100; else a word.")],
    description: Annotated[str, typer.Option(help="More about it.")] = "",
    grave: Annotated[int, typer.Option(help="How grave, 0 to 100; -1: not said.")] = -1,
    count: Annotated[list[str] | None, typer.Option(help="How many of what: system=12; repeatable.")] = None,
    since: Annotated[str, typer.Option(help="Since when.")] = "",
    until: Annotated[str, typer.Option(help="Until when.")] = "",
    members: Members = None,
    only_us: OnlyUs = False,
    share_with: Tracks = None,
    tlp: Level = "",
) -> None:
    """Say what it did to whom.

    Example: commonwatch case impact 1f0c availability 70 --count system=12
    """
    known = next((one for one in CATEGORIES if one == category), None)
    if known is None:
        raise InvalidInput("category-unknown", f"There is no category {category}.", f"Use {', '.join(CATEGORIES)}.")
    damage = entries.Damage(
        known, what, description, grave if grave >= 0 else None, _counts(count or []), moment(since), moment(until),
        for_=for_(members, only_us, share_with, tlp),
    )  # fmt: skip
    _made(entries.add_impact(case_id(case), damage, by()))


def _counts(given: list[str]) -> dict[str, int]:
    found = {}
    for one in given:
        name, _, number = one.partition("=")
        if not number.isdigit():
            raise InvalidInput("count-unreadable", f"{one} is no count.", "Write system=12.")
        found[name] = int(number)
    return found


@app.command()
def decide(
    case: Case,
    name: Annotated[str, typer.Argument(help="What it is about.")],
    decision: Annotated[str, typer.Argument(help="What was decided.")],
    basis: Annotated[str, typer.Option(help="The mandate or law it rests on.")] = "",
    decided_by: Annotated[list[str] | None, typer.Option("--by", help="Who decided; repeatable.")] = None,
    when: Annotated[str, typer.Option("--at", help="When; default: now.")] = "",
    reason: Reason = "",
    members: Members = None,
    only_us: OnlyUs = False,
    share_with: Tracks = None,
    tlp: Level = "",
) -> None:
    """Put a decision on record.

    Example: commonwatch case decide 1f0c "Ports offline" "Both ports leave the network until Monday" --by "Director"
    """
    what = entries.Decided(
        name, decision, reason, basis, moment(when), tuple(decided_by or ()), for_(members, only_us, share_with, tlp)
    )
    _made(entries.decide(case_id(case), what, by()))


@app.command()
def sitrep(
    case: Case,
    write: Annotated[bool, typer.Option("--write", help="Write the next one, instead of showing the last.")] = False,
    assessment: Annotated[str, typer.Option(help="What a person makes of it.")] = "",
    outlook: Annotated[str, typer.Option(help="improving, stable, worsening.")] = "",
    next_due: Annotated[str, typer.Option("--next", help="When the next one comes: +12h.")] = "",
    language: InLanguage = "en",
    paper: Annotated[Path | None, typer.Option("--pdf", help="Print it into this file.")] = None,
    members: Members = None,
    only_us: OnlyUs = False,
    share_with: Tracks = None,
    tlp: Level = "",
) -> None:
    """Show the last situation report in a language, or write the next one from the case.

    Example: commonwatch case sitrep 1f0c --write --outlook stable --next +12h
    """
    identity = case_id(case)
    looks: Outlook | None = next((one for one in ("", "improving", "stable", "worsening") if one == outlook), None)
    if looks is None:
        raise InvalidInput("outlook-unknown", f"{outlook} is no outlook.", "Use improving, stable or worsening.")
    known_language(language)
    made = ""
    if write:
        made = entries.report_situation(
            identity, by(), assessment=assessment, outlook=looks, next_due_us=moment(next_due),
            for_=for_(members, only_us, share_with, tlp),
        )  # fmt: skip
    found = queries.seen(reader(), identity)
    reports = found.of("report")
    out = current()
    if not reports:
        out.print("There is no situation report yet. Write one: commonwatch case sitrep CASE --write.")
        out.result({"report": None})
        return
    chosen = next((one for one in reports if one.id == made), reports[-1])
    report = read(chosen.value, SituationReport)
    names = queries.who(reader(), found)
    lines = lines_of(report, names, language) if report else []
    for line in lines:
        out.print(line)
    if paper is not None and report:
        mine = names.get(own_member().identity, own_member().title or own_member().name)
        paper.write_bytes(
            pdf(document(report, names, language=language, marking=chosen.marking, reader=mine), now_us())
        )
        out.print(f"Printed into {paper}.")
    out.result({"report": chosen.id, "lines": lines, "pdf": str(paper) if paper is not None else None})


@app.command()
def revoke(case: Case, entry: Annotated[str, typer.Argument(help="The entry's id.")], reason: Reason = "") -> None:
    """Take back something that the own member wrote into a case.

    Example: commonwatch case revoke 1f0c note--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f --reason "Wrong case"
    """
    _made(entries.revoke(case_id(case), entry, reason, by()))


def _made(*ids: str) -> None:
    out = current()
    out.print("Written.")
    out.result({"objects": ids})
