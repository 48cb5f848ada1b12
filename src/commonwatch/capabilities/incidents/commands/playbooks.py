"""Playbooks: taken in, shown, run step by step, written out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.intake.own import Audience
from commonwatch.base.terminal import current
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import playbooks
from commonwatch.capabilities.incidents.commands.files import read_file, write_file
from commonwatch.capabilities.incidents.commands.given import Case, by, case_id, reader
from commonwatch.capabilities.incidents.rules.playbooks import parse_playbook
from commonwatch.capabilities.incidents.rules.values import Values
from commonwatch.core.errors import InvalidInput

app = typer.Typer(
    no_args_is_help=True, help="CACAO playbooks: people run them step by step; the node executes nothing."
)
Set = Annotated[
    list[str] | None,
    typer.Option("--set", help="A variable's value, as __name__=value; repeatable.", show_default=False),
]
Name = Annotated[str, typer.Argument(help="Id of the course of action that carries it.")]


@app.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(help="A CACAO 2.0 playbook, as JSON.")],
    with_: Annotated[list[str] | None, typer.Option("--with", help="A member that may have it; repeatable.")] = None,
    community: Annotated[list[str] | None, typer.Option(help="A community that may have it; repeatable.")] = None,
    tlp: Annotated[str, typer.Option(help="TLP level.")] = "TLP:AMBER",
) -> None:
    """Check a playbook and keep it.

    Example: commonwatch case playbook import ransomware.json
    """
    made = playbooks.take_in(read_file(file), Audience(tlp, tuple(with_ or ()), tuple(community or ())), by())
    out = current()
    out.print(f"Kept as {made}.")
    out.result({"playbook": made})


@app.command("list")
def list_playbooks(limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most so many.")] = 50) -> None:
    """List the playbooks that are here.

    Example: commonwatch case playbook list
    """
    found = playbooks.playbooks(reader(), None, limit)
    rows = [[one.id, one.marking, str(one.value.get("name", ""))] for one in found]
    out = current()
    out.table(["playbook", "marking", "name"], rows, "None. Take one in: commonwatch case playbook import FILE.")
    out.result({"playbooks": [{"id": row[0], "marking": row[1], "name": row[2]} for row in rows]})


@app.command()
def show(
    name: Name,
    case: Annotated[str, typer.Option(help="With --run: the case.")] = "",
    run: Annotated[str, typer.Option(help="Where this run stands.")] = "",
) -> None:
    """Show a playbook's steps, or where a run stands.

    Example: commonwatch case playbook show course-of-action--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f
    """
    out = current()
    if not run:
        read = parse_playbook(playbooks.playbook_bytes(reader(), name))
        out.print(f"{read.name}\n{read.description}")
        out.table(["step", "type", "name", "asks", "commands"], [_row(Values(read), one) for one in read.workflow], "")
        out.result({"playbook": read})
        return
    found = queries.seen(reader(), case_id(case))
    _, read, now = playbooks.run_of(reader(), found, run)
    held = Values(read, found, run)
    out.print(
        f"{read.name}: {'over' if now.is_over else 'running'}{f', failed at {now.failed_at}' if now.failed_at else ''}"
    )
    out.table(
        ["done", "how", "found"],
        [[one.step, "done" if one.ok else "failed", one.branch] for one in now.done],
        "Nothing was done yet.",
    )
    out.table(["waits", "type", "name", "asks", "commands"], [_row(held, one) for one in now.waiting], "Nothing waits.")
    seen = held.seen_by(now.waiting)
    out.table(
        ["variable", "of", "type", "state", "value"],
        [[one.name, one.step, one.variable.type, one.state, one.value] for one in seen],
        "No step that waits has variables.",
    )
    asked = [one.name for one in held.asked(now.waiting)]
    if asked:
        out.print(f"Needs a value: {', '.join(asked)}. Give it: commonwatch case playbook set.")
    out.result(
        {
            "waiting": now.waiting,
            "done": now.done,
            "over": now.is_over,
            "failed_at": now.failed_at,
            "variables": [{"name": one.name, "step": one.step, "state": one.state, "value": one.value} for one in seen],
            "asked": asked,
        }
    )


def _row(held: Values, name: str) -> list[str]:
    step = held.playbook.workflow[name]
    said = "; ".join(f"[{one.type}] {held.line(name, one.words)}" for one in step.commands)
    asks = held.line(name, step.condition or step.switch)
    return [name, step.type, held.line(name, step.name), asks, said[:2_000]]


@app.command()
def start(
    case: Case,
    name: Name,
    person: Annotated[str, typer.Option(help="Who is in charge.")] = "",
    values: Set = None,
) -> None:
    """Begin a run in a case.

    Example: commonwatch case playbook start 1f0c course-of-action--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f --person "A. Berg"
    """
    made = playbooks.start(case_id(case), name, person, by(), values=_given(values))
    out = current()
    out.print(f"Run {made} begun.")
    out.result({"run": made})


@app.command()
def step(
    case: Case,
    run: Annotated[str, typer.Argument(help="The run: a task of the case.")],
    name: Annotated[str, typer.Argument(help="The step that was done.")],
    failed: Annotated[bool, typer.Option("--failed", help="It did not work.")] = False,
    found: Annotated[str, typer.Option(help="Where the step asks: true, false, or a case.")] = "",
    person: Annotated[str, typer.Option(help="Who did it.")] = "",
    note: Annotated[str, typer.Option(help="What came of it.")] = "",
    values: Set = None,
) -> None:
    """Put on record that a step was done.

    Example: commonwatch case playbook step 1f0c task--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f action--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f
    """
    did = playbooks.Did(name, not failed, found, person, note, _given(values))
    made = playbooks.do_step(case_id(case), run, did, by())
    out = current()
    out.print("On record.")
    out.result({"object": made})


@app.command("set")
def set_values(
    case: Case,
    run: Annotated[str, typer.Argument(help="The run: a task of the case.")],
    values: Annotated[list[str], typer.Argument(help="Values, as __name__=value.")],
    step: Annotated[str, typer.Option(help="For variables of a step, or of one that it stands in: this step.")] = "",
) -> None:
    """Say what variables of a run hold, for those that the run is for. A secret is not kept.

    Example: commonwatch case playbook set 1f0c task--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f __address__=198.51.100.7
    """
    made = playbooks.set_values(case_id(case), run, _given(values), by(), step=step)
    out = current()
    out.print("On record.")
    out.result({"objects": made})


def _given(values: list[str] | None) -> dict[str, str]:
    """Values by variable; raises InvalidInput."""
    found: dict[str, str] = {}
    for one in values or ():
        name, parted, value = one.partition("=")
        if not parted:
            raise InvalidInput("value-form", f"{one} gives no variable a value.", "Write __name__=value.")
        found[name] = value
    return found


@app.command()
def export(name: Name, file: Annotated[Path, typer.Argument(help="Where to write it.")]) -> None:
    """Write a playbook out as it came in.

    Example: commonwatch case playbook export course-of-action--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f ransomware.json
    """
    raw = playbooks.playbook_bytes(reader(), name)
    write_file(file, raw)
    out = current()
    out.print(f"{len(raw):,} bytes written to {file}.")
    out.result({"bytes": len(raw)})
