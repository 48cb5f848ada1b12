"""`commonwatch anomalies`: what is unusual in stored telemetry, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from django.conf import settings

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import current
from commonwatch.capabilities.detection.commands.given import need_extra
from commonwatch.core.errors import InvalidInput, NodeUnable
from commonwatch.core.stix.times import format_time

app = typer.Typer(no_args_is_help=True, help="Find what is unusual in stored telemetry, with the reasons.")

MOST_SHOWN = 30
Name = Annotated[str, typer.Argument(help="Name of the model, as you like.")]
Places = Annotated[list[Path], typer.Argument(exists=True, help="Files and folders of telemetry.")]
Rate = Annotated[float, typer.Option(help="Wanted share of false alarms, e.g. 0.01.")]


@app.command()
def train(name: Name, paths: Places, rate: Rate = 0.01) -> None:
    """Learn what is ordinary here, from telemetry of times in which nothing was wrong.

    Example: commonwatch anomalies train office /var/log/zeek/2026-10 --rate 0.001
    """
    _need_learning()
    from commonwatch.capabilities.detection.anomalies.ordinary import fit
    from commonwatch.capabilities.detection.anomalies.saving import Origin, save
    from commonwatch.capabilities.detection.anomalies.searching import windows_of

    table, _ = windows_of(_files(paths))
    origin = Origin(", ".join(map(str, paths)), len(table), format_time(now_us(), 0), 1)
    save(fit(table, origin, rate=rate).stored(), _folder(name))
    current().print(
        f"{name} knows {len(table):,} windows. Hold others against it: commonwatch anomalies score {name} PATH"
    )
    current().result({"model": name, "windows": len(table), "rate": rate})


@app.command()
def score(name: Name, paths: Places) -> None:
    """Show the windows of five minutes in which a host did what it does not do in the model's clean telemetry.

    Example: commonwatch anomalies score office /var/log/zeek/current
    """
    _need_learning()
    from commonwatch.capabilities.detection.anomalies import ordinary, saving
    from commonwatch.capabilities.detection.anomalies.searching import beside_clean

    model = ordinary.restored(saving.load(_folder(name), ordinary.KIND))
    _show([_shown(one) for one in beside_clean(_files(paths), model)])


@app.command()
def surprises(paths: Places) -> None:
    """Show what would have been a surprise while it happened: far from a host's own usual, or seen for the first time.

    Example: commonwatch anomalies surprises /var/log/zeek/current
    """
    need_extra()
    from commonwatch.capabilities.detection.anomalies.searching import surprises as found

    _show([_shown(one) for one in found(_files(paths))])


@app.command("train-names")
def train_names(
    name: Name,
    chosen: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Names that people chose, one a line.")],
    generated: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Names that programs drew, one a line.")],
    origin: Annotated[str, typer.Option("--from", help="Where the lists are from, and under which licence.")],
    rate: Rate = 0.01,
) -> None:
    """Learn to tell names that a program drew from names that people chose, from your own lists.

    Example: commonwatch anomalies train-names dga --chosen top.txt --generated dga.txt --from "own collection"
    """
    _need_learning()
    from commonwatch.capabilities.detection.anomalies import names
    from commonwatch.capabilities.detection.anomalies.saving import save

    lists = names.NameLists(_lines(chosen), _lines(generated), origin)
    model = names.train(lists, made_at=format_time(now_us(), 0), rate=rate)
    save(model.stored(), _folder(name))
    current().print(f"{name} knows {model.origin.rows:,} names: commonwatch anomalies names {name} PATH")
    current().result({"model": name, "names": model.origin.rows, "rate": rate})


@app.command("names")
def drawn(name: Name, paths: Places) -> None:
    """Show the names asked for in DNS logs that look drawn by a program.

    Example: commonwatch anomalies names dga /var/log/zeek/current
    """
    _need_learning()
    from commonwatch.capabilities.detection.anomalies import names, saving
    from commonwatch.capabilities.detection.anomalies.searching import drawn_names

    model = names.restored(saving.load(_folder(name), names.KIND))
    found = drawn_names(_files(paths), model)
    rows = [(one, f"{score.value:.2f}", "; ".join(r.sentence for r in score.reasons[:2])) for one, score in found]
    current().table(["name", "score", "because"], rows[:MOST_SHOWN], "No name looks drawn.")
    current().result([{"name": one, "score": score.value, "threshold": score.threshold} for one, score in found])


def _show(rows: list[dict[str, Any]]) -> None:
    out = current()
    shown = [
        [row["at"], row["entity"], row["model"], f"{row['score']:.2f}", "; ".join(row["because"][:3])] for row in rows
    ]
    out.table(["at", "entity", "model", "score", "because"], shown[:MOST_SHOWN], "Nothing unusual.")
    if len(rows) > MOST_SHOWN:
        out.print(f"and {len(rows) - MOST_SHOWN:,} more; --json lists all.")
    out.result(rows)


def _shown(one: Any) -> dict[str, Any]:
    return {
        "at": format_time(one.at_us, 0),
        "entity": one.entity,
        "model": one.model,
        "score": one.score.value,
        "threshold": one.score.threshold,
        "because": [reason.sentence for reason in one.score.reasons],
    }


def _files(paths: list[Path]) -> list[Path]:
    from commonwatch.capabilities.detection.hunts.hunting import files_of

    return files_of(paths)


def _folder(name: str) -> Path:
    if not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise InvalidInput("model-name", f"{name} is no name for a model.", "Use letters, digits, - and _.")
    folder: Path = settings.COMMONWATCH.data / "models" / name
    return folder


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]


def _need_learning() -> None:
    from importlib.util import find_spec

    need_extra()
    if find_spec("sklearn") is None or find_spec("lightgbm") is None:
        raise NodeUnable(
            "extra-missing", "Learning needs parts that this node does not have.", "./run install learning"
        )
