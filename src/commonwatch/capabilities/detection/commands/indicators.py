"""`commonwatch indicators`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.detection.commands.given import ACTOR
from commonwatch.capabilities.detection.indicators import queries
from commonwatch.capabilities.detection.indicators.importing import Taken, Wish, files_of, import_list

app = typer.Typer(no_args_is_help=True, help="Indicators as this member has them; plain lists made into indicators.")
MOST_SHOWN = 10


@app.command("import")
def import_lists(
    files: Annotated[list[Path], typer.Argument(exists=True, help="Plain lists, CSV files, or folders of them.")],
    marking: Annotated[str, typer.Option(help="Under which TLP level they are shared.")],
    source: Annotated[str, typer.Option(help="Name under which the origin is remembered.")] = "",
    confidence: Annotated[int | None, typer.Option(min=0, max=100, help="How sure their source is.")] = None,
    category: Annotated[str, typer.Option(help="STIX indicator type; it decides how they age.")] = "malicious-activity",
    column: Annotated[str, typer.Option(help="Of a CSV file: the column, by name or place from 0.")] = "",
    delimiter: Annotated[str, typer.Option(help="Of a CSV file.")] = ",",
    exact: Annotated[bool, typer.Option("--exact", help="Names mean themselves, not what is below them.")] = False,
    valid_days: Annotated[int, typer.Option(min=0, help="They end so many days after the file's date; 0: never.")] = 0,
    collection_id: Annotated[
        str, typer.Option("--collection", help="Id or alias of the collection they go to.")
    ] = "main",
) -> None:
    """Make indicators of our own out of plain lists: addresses, networks, names, URLs, digests, one a line.

    Example: commonwatch indicators import blocklist.txt --marking TLP:GREEN --source ipsum --confidence 40
    """
    terminal = current()
    rows: list[list[object]] = []
    answer: dict[str, Any] = {}
    complete = True
    with terminal.progress("Importing (values)") as advance:
        for file in files_of(files):
            wish = Wish(
                source or file.stem, marking, confidence, category, column, delimiter, exact, valid_days, collection_id
            )
            taken = import_list(file, wish, actor=ACTOR, now_us=now_us(), advance=advance)
            rows.append([file.name, taken.values, taken.admitted, taken.duplicate, taken.refused, taken.left_out])
            answer[str(file)] = taken
            complete = complete and not taken.refused
            _notes(file, taken)
    columns = ["list", "values", "admitted", "duplicate", "refused", "left out"]
    terminal.table(columns, rows, "Nothing was read.")
    terminal.result(answer)
    if not complete:
        terminal.stop(Exit.NOT_ALL_ADMITTED)


@app.command()
def show(identity: Annotated[str, typer.Argument(help="STIX id of an indicator.")]) -> None:
    """Show an indicator as detection has it: state, values, dates, and under which terms.

    Example: commonwatch indicators show indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f
    """
    found = queries.indicator(identity)
    terminal = current()
    for row in found:
        for name, value in row.items():
            terminal.print(
                f"{name.replace('_', ' '):<14}{value if not isinstance(value, list) else ', '.join(map(str, value))}"
            )
        terminal.print("")
    terminal.result(found)


def _notes(file: Path, taken: Taken) -> None:
    terminal = current()
    for sentence in taken.findings[:MOST_SHOWN]:
        terminal.note(f"{file.name} {sentence}")
    if taken.left_out > MOST_SHOWN:
        terminal.note(f"{file.name}: {taken.left_out:,} lines were left out: {dict(taken.codes.most_common())}")
