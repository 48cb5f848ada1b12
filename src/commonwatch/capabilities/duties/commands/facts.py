"""`commonwatch duties facts`: the lists of law and holidays, which a lawyer edits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.duties import law, lawmaking
from commonwatch.capabilities.duties.commands.given import Reason, acting
from commonwatch.capabilities.duties.rules import standing
from commonwatch.core.errors import InvalidInput

app = typer.Typer(no_args_is_help=True, help="The lists of law and holidays in use: read, edit a copy, check, put in.")
Holidays = Annotated[bool, typer.Option("--holidays", help="The list of holidays, not that of duties.")]
File = Annotated[Path, typer.Argument(dir_okay=False, help="The list, as JSON.")]


@app.command("list")
def list_facts(
    place: Annotated[str, typer.Option(help="Only what binds there: DE, US, eu ...")] = "",
) -> None:
    """List every instrument in the list: whether it is in force, its source, and whether that was verified.

    Example: commonwatch duties facts list --place GB
    """
    found, on = law.duties_list(), law.day_of(now_us())
    chosen = [one for one in found.regimes if not place or place in one.places or place == one.jurisdiction]
    rows = [
        (one.id, one.title, one.jurisdiction, standing(one, on), "yes" if one.verified else "no", one.confidence)
        for one in chosen
    ]
    out = current()
    out.table(["id", "instrument", "where", "standing", "verified", "confidence"], rows, "None binds there.")
    out.print(
        f"\nAs of {found.as_of}. Not legal advice; what is not listed is not known here, which is not the same as no duty."
    )
    out.result({"as_of": found.as_of, "regimes": chosen})


@app.command()
def show(name: Annotated[str, typer.Argument(metavar="ID", help="For example RO:EU-DORA-19.")]) -> None:
    """Show one instrument whole, with each stage.

    Example: commonwatch duties facts show RO:EU-DORA-19
    """
    found, out = law.regime_named(name), current()
    out.print(f"{found.title}: {found.instrument}\nBinds: {found.who}\nTrigger: {found.trigger}\nTo: {found.recipient}")
    out.print(f"Status: {found.status}; effective: {found.effective}; as of {found.as_of}; verified: {found.verified}")
    out.print(f"Counts by: {law.duties_list().counting(found.counting).title}")
    for said in (found.uncertain, found.note):
        if said:
            out.print(f"Note: {said}")
    rows = [(one.id, one.stage, one.deadline, one.clock_start, one.text) for one in found.stages]
    out.table(["stage", "name", "deadline", "from", "text"], rows, "")
    out.result(msgspec.to_builtins(found))


@app.command()
def export(file: File, holidays: Holidays = False) -> None:
    """Write the list in use into a file, to be edited.

    Example: commonwatch duties facts export duties.json
    """
    raw = law.raw_list(_kind(holidays))
    file.write_bytes(raw)
    current().print(f"{len(raw):,} bytes in {file}. Edit it, then: commonwatch duties facts check {file}")
    current().result({"file": str(file), "bytes": len(raw)})


@app.command()
def check(file: File, holidays: Holidays = False) -> None:
    """Name every mistake of an edited list, else say what it would change and which open clocks it would move.

    Example: commonwatch duties facts check duties.json
    """
    raw, kind, out = _read(file), _kind(holidays), current()
    found = lawmaking.examine(kind, raw)
    if found:
        out.table(["place", "what is wrong"], found, "")
        out.result({"mistakes": [{"place": place, "sentence": wrong} for place, wrong in found]})
        out.stop(Exit.NOT_ALL_ADMITTED)
    _say(lawmaking.preview(kind, raw), "would move")


@app.command("import")
def import_facts(
    file: File,
    reason: Reason,
    holidays: Holidays = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Use an edited list from now on, after saying which open clocks it moves.

    Example: commonwatch duties facts import duties.json --reason "Act of 1 December" --yes
    """
    raw, kind, out = _read(file), _kind(holidays), current()
    change = lawmaking.preview(kind, raw)
    _say(change, "would move", result=False)
    if not yes and not typer.confirm("Use this list from now on?"):
        out.stop(Exit.WRONG_USE)
    done = lawmaking.put_in(kind, raw, reason, acting())
    out.print("In use. To take it back: commonwatch duties facts undo --reason ...")
    out.result(done)


@app.command()
def undo(
    reason: Reason, holidays: Holidays = False, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False
) -> None:
    """Take the last list back: the one before it is in use again, and clocks move back.

    Example: commonwatch duties facts undo --reason "Wrong date" --yes
    """
    kind, out = _kind(holidays), current()
    _say(lawmaking.preview_undo(kind), "would move back", result=False)
    if not yes and not typer.confirm("Take the last list back?"):
        out.stop(Exit.WRONG_USE)
    out.result(lawmaking.undo(kind, reason, acting()))


def _say(change: lawmaking.Change, word: str, *, result: bool = True) -> None:
    out = current()
    out.print(
        f"List of {change.kind} of {change.as_of}: {len(change.added)} added, {len(change.changed)} changed, "
        f"{len(change.removed)} removed; {len(change.moves)} open clocks {word}."
    )
    rows = [(one.duty, one.regime, one.notice, one.before, one.after, one.title) for one in change.moves]
    if rows:
        out.table(["duty", "instrument", "notice", "before", "after", "about"], rows, "")
    if result:
        out.result(change)


def _kind(holidays: bool) -> str:
    return law.HOLIDAYS if holidays else law.DUTIES


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput("file-unreadable", f"{file} cannot be read: {error.strerror}.", "Check its name.") from None
