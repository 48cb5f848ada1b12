"""`commonwatch anomalies`: what is unusual in live and stored telemetry, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import current
from commonwatch.capabilities.detection.anomalies.places import model_folder, why_off
from commonwatch.capabilities.detection.commands.given import moment
from commonwatch.capabilities.detection.extra import need_extra
from commonwatch.core.errors import NodeUnable
from commonwatch.core.stix.times import format_time

app = typer.Typer(no_args_is_help=True, help="Find what is unusual in live and stored telemetry, with the reasons.")

MOST_SHOWN = 30
Name = Annotated[str, typer.Argument(help="Name of the model, as you like.")]
Places = Annotated[list[Path], typer.Argument(exists=True, help="Files and folders of telemetry.")]
Rate = Annotated[float, typer.Option(help="Wanted share of false alarms, e.g. 0.01.")]


@app.command("list")
def list_anomalies(
    source: Annotated[str, typer.Option(help="Name of a telemetry source, or a path.")] = "",
    entity: Annotated[str, typer.Option(help="The host that it is about.")] = "",
    model: Annotated[str, typer.Option(help="online, first seen or generated name.")] = "",
    since: Annotated[str, typer.Option(help="Only what happened since: 2018-11-02, 36h, 7d.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="At most so many.")] = MOST_SHOWN,
) -> None:
    """List what the live watch noticed, the latest first.

    Example: commonwatch anomalies list --since 24h
    """
    need_extra()
    from commonwatch.capabilities.detection.anomalies import records

    wanted = records.Wanted(
        (source,) if source else (), entity, (model,) if model else (), moment(since, now_us()), limit
    )
    found = [records.shown(one) for one in records.anomalies(wanted)]
    rows = [
        [row["anomaly"], row["at"], row["entity"], row["model"], f"{row['score']:.2f}", "; ".join(row["because"][:3])]
        for row in found
    ]
    empty = "Nothing unusual was noticed. How learning goes: commonwatch anomalies status"
    current().table(["anomaly", "at", "entity", "model", "score", "because"], rows, empty)
    current().result({"anomalies": found})


@app.command("show")
def show_anomaly(number: Annotated[int, typer.Argument(help="Its number, as `anomalies list` shows it.")]) -> None:
    """Show one of them: every feature that made the score, and its share.

    Example: commonwatch anomalies show 17
    """
    need_extra()
    from commonwatch.capabilities.detection.anomalies import records

    found = records.shown(records.anomaly(number))
    terminal = current()
    terminal.print(f"{found['model']}: {found['entity']} at {found['at']}, in {found['source']}: {found['about']}")
    terminal.print(f"Score {found['score']:.2f}, and {found['threshold']:.2f} is where alarms begin.")
    rows = [[f"{one['weight']:.2f}", one["feature"], one["sentence"]] for one in found["reasons"]]
    terminal.table(["share", "feature", "because"], rows, "")
    terminal.result(found)


@app.command("status")
def learning_status() -> None:
    """Show how learning goes for each source: hosts known, what was passed over, and what is wrong.

    Example: commonwatch anomalies status
    """
    need_extra()
    import msgspec

    from commonwatch.capabilities.detection.watch.noticing import learned

    found = [msgspec.to_builtins(one) for one in learned()]
    columns = ["source", "learning", "entities", "contacts", "late", "untold", "skipped", "names", "trouble"]
    terminal = current()
    if off := why_off():
        terminal.print(off)
    empty = "Nothing was learned yet: commonwatch watch, or `telemetry add` and `serve`."
    terminal.table(columns, [[row[column] for column in columns] for row in found], empty)
    terminal.result({"sources": found, "off": off})


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
    save(fit(table, origin, rate=rate).stored(), model_folder(name))
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

    model = ordinary.restored(saving.load(model_folder(name), ordinary.KIND))
    _show([_shown(one) for one in beside_clean(_files(paths), model)])


@app.command()
def surprises(paths: Places) -> None:
    """Show what would have been a surprise while it happened: far from a host's own usual, or seen for the first time.

    Example: commonwatch anomalies surprises /var/log/zeek/current
    """
    need_extra()
    from commonwatch.capabilities.detection.anomalies.searching import surprises as found

    _show([_shown(one) for one in found(_files(paths), now_us())])


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
    save(model.stored(), model_folder(name))
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

    model = names.restored(saving.load(model_folder(name), names.KIND))
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


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]


def _need_learning() -> None:
    need_extra()
    if why_off():
        raise NodeUnable(
            "extra-missing", "Learning needs parts that this node does not have.", "./run install learning"
        )
