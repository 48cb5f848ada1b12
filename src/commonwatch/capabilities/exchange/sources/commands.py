"""`commonwatch source`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from django.conf import settings

from commonwatch.base.clock import now_us
from commonwatch.base.outbound import check_url
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import operator
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.exchange.models import RemoteServer
from commonwatch.capabilities.exchange.sources import actions
from commonwatch.capabilities.exchange.sources.queries import servers
from commonwatch.core.errors import CommonwatchError, InvalidInput

ACTOR = "command line"
app = typer.Typer(no_args_is_help=True, help="Pull from and push to remote TAXII 2.1 servers.")

Name = Annotated[str, typer.Argument(help="Name of the source.")]


@app.command()
def add(
    name: Name,
    url: Annotated[str, typer.Option(help="The server's API root, e.g. https://cti.example.org/taxii2/root/.")],
    collection_id: Annotated[
        str, typer.Option("--collection", help="Id of the remote collection; without it, the server's are listed.")
    ] = "",
    username: Annotated[str, typer.Option(help="User for Basic; without it, the secret is a bearer token.")] = "",
    secret_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="File that holds the password or token.")
    ] = None,
    default_marking: Annotated[str, typer.Option(help="Handling of unmarked objects; default: the node's.")] = "",
    member: Annotated[str, typer.Option(help="Member that vouches for it; default: home, the node's own.")] = "",
    every: Annotated[str, typer.Option(help="Pull on schedule: 15m, 2h, 1d. Without it, only when told.")] = "",
    into: Annotated[str, typer.Option(help="Id or alias of our collection that they go to.")] = "main",
) -> None:
    """Remember a remote collection to pull from or push to.

    Example: commonwatch source add partner --url https://cti.example.org/taxii2/root/ --collection main --every 15m
    """
    secret = secret_file.read_text(encoding="utf-8").strip() if secret_file else ""
    actions.add_source(
        name,
        check_url(url),
        collection_id,
        username=username,
        secret=secret,
        default_marking=default_marking or settings.COMMONWATCH.default_marking,
        member=member,
        interval_seconds=actions.interval(every),
        into=collection(operator(ACTOR), into),
        actor=ACTOR,
    )
    current().print(f"Source {name} is added. Try it: commonwatch source pull {name}")
    current().result({"name": name, "url": url, "collection": collection_id})


@app.command("list")
def list_sources() -> None:
    """List sources: when each last answered, what went wrong, and how much it sent.

    Example: commonwatch source list
    """
    found = servers(now_us())
    columns = [
        "name",
        "member",
        "url",
        "collection",
        "every",
        "last_ok",
        "lag_seconds",
        "pulled",
        "pushed",
        "last_error",
    ]
    rows = [[row[column] for column in columns] for row in found]
    current().table(columns, rows, "There are no sources yet: commonwatch source add NAME --url URL")
    current().result(found)


@app.command()
def pull(
    name: Annotated[str, typer.Argument(help="Name of the source; nothing with --all.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Pull every source.")] = False,
) -> None:
    """Take in what is new since the last pull. It goes on where an interrupted one ended.

    Example: commonwatch source pull partner
    """
    if bool(name) == everything:
        raise InvalidInput("source-needed", "Which source?", "Give a name, or --all.")
    names = [name] if name else list(RemoteServer.objects.values_list("source__name", flat=True))
    terminal = current()
    results: dict[str, Any] = {}
    for one in names:
        with terminal.progress(f"Pulling {one} (objects)") as advance:
            try:
                tally, notes = actions.pull(one, advance)
            except CommonwatchError as error:
                if not everything:
                    raise
                results[one] = {"error": str(error)}
                terminal.note(f"{one}: {error}")
                continue
        results[one] = {**tally, "notes": notes}
        terminal.print(f"{one}: " + ", ".join(f"{number:,} {key.replace('_', ' ')}" for key, number in tally.items()))
        for note in notes:
            terminal.print(f"  Note: {note}.")
    terminal.result(results)
    if any("error" in result or result["quarantined"] or result["refused"] for result in results.values()):
        terminal.stop(Exit.NOT_ALL_ADMITTED)


@app.command()
def push(
    name: Name,
    collection_id: Annotated[str, typer.Option("--from", help="Id or alias of our collection.")] = "main",
) -> None:
    """Send what is new in one of our collections. It goes on where an interrupted push ended.

    Example: commonwatch source push partner --from main
    """
    terminal = current()
    view = collection(operator(ACTOR), collection_id)
    with terminal.progress(f"Pushing to {name} (objects)") as advance:
        sent, failures = actions.push(name, view, advance)
    terminal.print(f"{name}: {sent:,} objects sent, {len(failures):,} not taken.")
    for failure in failures[:20]:
        terminal.print(f"  {failure['id']}: {failure['message']}")
    terminal.result({"sent": sent, "failures": failures})
    if failures:
        terminal.stop(Exit.NOT_ALL_ADMITTED)


@app.command()
def pause(name: Name, reason: Annotated[str, typer.Option(help="Why, for the record.")]) -> None:
    """Pull a source no more on schedule, until it is resumed.

    Example: commonwatch source pause partner --reason "it sends too much"
    """
    actions.pause_source(name, paused=True, reason=reason, actor=ACTOR)
    current().print(f"Source {name} is paused.")
    current().result({"name": name, "paused": True})


@app.command()
def resume(name: Name, reason: Annotated[str, typer.Option(help="Why, for the record.")]) -> None:
    """Pull a source on schedule again, beginning now.

    Example: commonwatch source resume partner --reason "mended there"
    """
    actions.pause_source(name, paused=False, reason=reason, actor=ACTOR)
    current().print(f"Source {name} is pulled on schedule again.")
    current().result({"name": name, "paused": False})


@app.command()
def remove(name: Name) -> None:
    """Forget a source and its credentials. What it brought stays.

    Example: commonwatch source remove partner
    """
    actions.remove_source(name, actor=ACTOR)
    current().print(f"Source {name} is removed.")
    current().result({"removed": name})
