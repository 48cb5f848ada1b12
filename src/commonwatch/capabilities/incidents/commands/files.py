"""Cases out and in, their figures, and the lists the room works with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import current
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import exchange
from commonwatch.capabilities.incidents.commands.given import Case, by, case_id, invited, reader
from commonwatch.capabilities.incidents.lists import schemes, taxonomy
from commonwatch.capabilities.incidents.rules.measured import DEFINITION
from commonwatch.core.errors import InvalidInput

app = typer.Typer()
_FORMATS = ("stix", "veris")


def read_file(file: Path) -> bytes:
    """The bytes of a file; raises InvalidInput."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput("file-unreadable", f"{file}: {error.strerror}.", "Give a readable file.") from None


def write_file(file: Path, raw: bytes) -> None:
    """Write bytes to a file; raises InvalidInput."""
    try:
        file.write_bytes(raw)
    except OSError as error:
        raise InvalidInput("file-unwritable", f"{file}: {error.strerror}.", "Choose another place.") from None


@app.command()
def export(
    case: Case,
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    form: Annotated[str, typer.Option("--format", help="stix or veris.")] = "stix",
) -> None:
    """Write a case out, as STIX or as a VERIS record with what that loses.

    Example: commonwatch case export 1f0c case.json --format veris
    """
    if form not in _FORMATS:
        raise InvalidInput("format-unknown", f"There is no format {form}.", "Use stix or veris.")
    out = current()
    if form == "stix":
        raw = exchange.as_stix(reader(), case_id(case))
        lost: tuple[object, ...] = ()
    else:
        record, losses = exchange.as_veris(reader(), case_id(case))
        raw, lost = msgspec.json.format(msgspec.json.encode(record)), losses
        for loss in losses:
            out.print(f"{loss.place}: {loss.sentence}")
    write_file(file, raw)
    out.print(f"{len(raw):,} bytes written to {file}.")
    out.result({"bytes": len(raw), "lost": lost})


@app.command("import")
def take_in(
    file: Annotated[Path, typer.Argument(help="A STIX bundle with a case, or a VERIS record.")],
    with_: Annotated[
        list[str] | None, typer.Option("--with", help="A member that takes part, of a VERIS record; repeatable.")
    ] = None,
    tlp: Annotated[str, typer.Option(help="TLP level of what has none.")] = "TLP:AMBER",
) -> None:
    """Take a case in. Of a STIX bundle what its authors signed counts as theirs; of a VERIS record a case of your own begins.

    Example: commonwatch case import case.json
    """
    done = exchange.take_in(read_file(file), tlp, tuple(invited(one) for one in with_ or ()), by())
    out = current()
    out.print(f"Case {done.case}: {done.taken} objects taken in.")
    for sentence in done.refused:
        out.print(f"Not taken: {sentence}")
    for loss in done.lost:
        out.print(f"{loss.place}: {loss.sentence}")
    out.result(done)


@app.command()
def metrics() -> None:
    """Show times of all cases by class and severity: median and 90th percentile, open ones counted as open.

    Example: commonwatch case metrics
    """
    measured, resolved = queries.figures(reader(), now_us())
    out = current()
    rows = [
        [
            one.name,
            one.rsit,
            one.level,
            one.cases,
            one.done,
            one.open,
            one.unknown,
            _hours(one.median_seconds),
            _hours(one.p90_seconds),
        ]
        for one in measured
        if one.done or one.open
    ]
    out.table(
        ["span", "class", "severity", "cases", "done", "open", "unknown", "median", "p90"],
        rows,
        "There are no cases yet.",
    )
    out.print(
        f"\nClosed {resolved.closed}, of these with a root cause and not reopened {resolved.resolved}; open {resolved.open}."
    )
    out.result({"definition": DEFINITION, "spans": measured, "efficiency": resolved})


def _hours(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds / 3600:.1f} h"


@app.command()
def duties(case: Case) -> None:
    """Show who may see, collect, decide and be told in a case, by the segregation of duties.

    Example: commonwatch case duties 1f0c
    """
    found = queries.seen(reader(), case_id(case))
    names = queries.who(reader(), found)
    rows = [
        [
            row.duty.id,
            row.duty.question,
            row.duty.duty,
            holder.actor,
            holder.part,
            ", ".join(names.get(one, one) for one in holder.members),
        ]
        for row in queries.roles(found)
        for holder in row.holders
    ]
    out = current()
    out.table(["duty", "bears on", "what", "actor", "part", "in this case"], rows, "")
    out.result({"duties": queries.roles(found), "names": names})


@app.command()
def classes() -> None:
    """List the classes and types of incidents (RSIT), and the severity schemes.

    Example: commonwatch case classes
    """
    out = current()
    rows = [[kind.id, one.title, kind.title] for one in taxonomy().classes for kind in one.types]
    out.table(["class", "", ""], rows, "")
    rated = [[one.id, value.value, value.title, value.opinion] for one in schemes().values() for value in one.values]
    out.table(["scheme", "value", "", "in the partnership's scale (an opinion)"], rated, "")
    out.result({"classes": taxonomy(), "schemes": list(schemes().values())})
