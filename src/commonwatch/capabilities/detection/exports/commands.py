"""`commonwatch block`: detection exports on the machine of the node, and a person's word for what they would not hold."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import member_named
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import Reader, operator
from commonwatch.base.terminal import current
from commonwatch.capabilities.detection.exports import overrides as words
from commonwatch.capabilities.detection.exports.building import Export, export, report_bytes
from commonwatch.capabilities.detection.exports.entries import Asked
from commonwatch.capabilities.detection.exports.forms import FORMS, form_named
from commonwatch.capabilities.detection.exports.places import exports_folder
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.facts import DEFAULT_PURPOSE, PURPOSES
from commonwatch.core.stix.times import format_time

ACTOR = "command line"
app = typer.Typer(no_args_is_help=True, help="Indicators as rules, zones and lists for other programs.")


@app.command("export")
def export_(
    form: Annotated[str, typer.Argument(help=f"{', '.join(FORMS)}.")],
    name: Annotated[str, typer.Option("--collection", help="Id or alias of the collection.")] = "main",
    to: Annotated[str, typer.Option("--to", help="For this member instead of those who run the node.")] = "",
    purpose: Annotated[str, typer.Option(help="What the member wants it for.")] = DEFAULT_PURPOSE,
    min_confidence: Annotated[int, typer.Option(min=0, max=100, help="Leave out what is less certain.")] = 0,
    folder: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for its files; else the main file to standard output.")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say of everything that is left out why.")] = False,
) -> None:
    """Write a collection's indicators in a format that sensors, resolvers and firewalls read.

    Example: commonwatch block export rpz --to cert-sg --min-confidence 50 -o zones
    """
    chosen, reader = form_named(form), _reader(to, purpose)
    made = export(reader, collection(reader, name), Asked(chosen, now_us(), min_confidence), exports_folder())
    if folder is not None:
        _write(made, chosen.name, folder)
    elif not current().json:
        sys.stdout.buffer.write(made.files[chosen.file])
        sys.stdout.buffer.flush()
    _say(made, explain)
    current().result({**made.report(), "folder": str(folder) if folder else None})


@app.command()
def allow(
    value: Annotated[str, typer.Argument(help="An address, network, name, URL or e-mail address.")],
    reason: Annotated[str, typer.Option(help="Why it must go out although something protects it.")],
) -> None:
    """Let a protected value out: your own, a private or a benign one. It is recorded.

    Example: commonwatch block allow cdn.example.org --reason "Agreed with its owner: only malware there since May"
    """
    found = words.allow(exports_folder(), value, reason, actor=ACTOR, now_us=now_us())
    current().print(f"{found} goes out from now on.")
    current().result({"allowed": found})


@app.command()
def forbid(value: Annotated[str, typer.Argument(help="What was allowed.")]) -> None:
    """Take back that a protected value goes out.

    Example: commonwatch block forbid cdn.example.org
    """
    found = words.forbid(exports_folder(), value, actor=ACTOR, now_us=now_us())
    current().print(f"{found} is protected again.")
    current().result({"forbidden": found})


@app.command()
def allowed() -> None:
    """List the protected values that go out by somebody's word.

    Example: commonwatch block allowed
    """
    found = words.overrides(exports_folder())
    rows = [[value, one.actor, format_time(one.at_us, 0), one.reason] for value, one in sorted(found.items())]
    current().table(["value", "by", "since", "reason"], rows, "Nothing is: commonwatch block allow VALUE --reason WHY")
    current().result([dict(zip(("value", "by", "since", "reason"), row, strict=True)) for row in rows])


def _reader(to: str, purpose: str) -> Reader:
    if purpose not in PURPOSES:
        raise InvalidInput("purpose-unknown", f"{purpose} is no purpose.", f"Use one of {', '.join(PURPOSES)}.")
    if not to:
        return operator(ACTOR)
    member = member_named(to)
    inside = member.memberships.filter(until_us=None).values_list("community_id", flat=True)
    return Reader(0, ACTOR, member.pk, frozenset(inside), sees_all=False, may_write=False, purpose=purpose)


def _write(made: Export, name: str, folder: Path) -> None:
    """Every file appears whole; the report stands beside them."""
    folder.mkdir(parents=True, exist_ok=True)
    for file, body in {**made.files, f"{name}.report.json": report_bytes(made)}.items():
        part = folder / f".{file}.part"
        part.write_bytes(body)
        part.replace(folder / file)


def _say(made: Export, explain: bool) -> None:
    out = current()
    counts = Counter(one.code for one in made.left_out)
    left = ", ".join(f"{code} {count:,}" for code, count in sorted(counts.items()))
    out.note(f"{made.values:,} in it; left out: {left or 'nothing'}.")
    for sentence in made.notes:
        out.note(sentence)
    if explain:
        for one in made.left_out:
            out.note(f"{one.indicator} {one.value}: {one.reason} [{one.code}]")
