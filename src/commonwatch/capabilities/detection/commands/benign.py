"""`commonwatch benign`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import current
from commonwatch.capabilities.detection.commands.given import ACTOR
from commonwatch.capabilities.detection.indicators import benign, queries
from commonwatch.capabilities.detection.indicators.listing import Effect
from commonwatch.core.errors import CommonwatchError, InvalidInput

app = typer.Typer(
    no_args_is_help=True, help="Values known to be harmless or shared: they lower or suppress alerts, and say why."
)
_EFFECTS = ("suppress", "lower", "inform")


@app.command()
def add(
    files: Annotated[
        list[Path], typer.Argument(exists=True, help="MISP warning lists, plain lists, or folders of them.")
    ],
    effect: Annotated[
        str, typer.Option(help="suppress, lower or inform; default: suppress for names, lower for networks.")
    ] = "",
    shared: Annotated[bool, typer.Option("--shared", help="Below these names anybody can have one.")] = False,
) -> None:
    """Add benign lists; one of the same name is replaced.

    Example: commonwatch benign add warninglists/ own-scanners.txt
    """
    if effect and effect not in _EFFECTS:
        raise InvalidInput("effect-unknown", f"{effect} is no effect.", f"Use one of {', '.join(_EFFECTS)}.")
    terminal = current()
    added, refused = [], []
    chosen = cast(Effect, effect) if effect else None
    for file in sorted(path for given in files for path in ([given] if given.is_file() else given.rglob("*.json"))):
        try:
            added.append(benign.add(file, chosen, shared=shared, actor=ACTOR, now_us=now_us()))
        except CommonwatchError as error:
            if len(files) == 1 and files[0].is_file():
                raise
            refused.append({"file": str(file), "error": str(error)})
    columns = ["name", "form", "effect", "entries", "left_out"]
    terminal.table(columns, [[getattr(one, column) for column in columns] for one in added], "No lists there.")
    for one in refused:
        terminal.note(f"{one['file']}: {one['error']}")
    terminal.result({"added": added, "refused": refused})


@app.command("list")
def list_lists() -> None:
    """List the benign lists and what each does.

    Example: commonwatch benign list
    """
    found = queries.benign_lists()
    columns = ["name", "effect", "form", "entries", "version", "title"]
    empty = "There are no benign lists yet, only the built-in facts: commonwatch benign add FILE"
    current().table(columns, [[row[column] for column in columns] for row in found], empty)
    current().result(found)


@app.command()
def remove(name: Annotated[str, typer.Argument(help="The list's name.")]) -> None:
    """Forget a benign list. Alerts that it suppressed stay as they are.

    Example: commonwatch benign remove tranco10k
    """
    benign.remove(name, actor=ACTOR, now_us=now_us())
    current().print(f"The list {name} is removed.")
    current().result({"removed": name})
