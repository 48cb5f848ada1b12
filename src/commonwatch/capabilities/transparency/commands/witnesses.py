"""`commonwatch witness`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import current
from commonwatch.capabilities.transparency import queries, witnessing
from commonwatch.capabilities.transparency.commands.given import actor

app = typer.Typer(no_args_is_help=True, help="Peers' logs that this node witnesses.")


@app.command("add")
def add_witness(
    vkey: Annotated[str, typer.Argument(help="The log's verifier key: name+id+key.")],
    url: Annotated[str, typer.Option(help="Where the log is served, to look at it as well.")] = "",
) -> None:
    """Witness a peer's log: cosign its checkpoints as long as it only grows, and look at what it shows others.

    Example: commonwatch witness add log.example+0a1b2c3d+AbCd --url https://log.example/tlog
    """
    key = witnessing.watch(vkey, actor(), now_us(), url)
    current().print(f"Witnessing {key.name}. Give its operators this node's own: {witnessing.witness_key().text}")
    current().result({"origin": key.name, "witness": witnessing.witness_key().text})


@app.command("list")
def list_witnessed() -> None:
    """List the logs that this node witnesses, with what it cosigned last.

    Example: commonwatch witness list
    """
    found = queries.log_states()
    columns = ["origin", "cosigned", "at", "seen", "address", "trouble"]
    rows = [
        [one.origin, one.size, one.cosigned, one.seen, one.url or "not looked at", one.trouble or one.vkey]
        for one in found
    ]
    current().table(columns, rows, "This node witnesses no log yet: `commonwatch witness add VKEY`.")
    current().result(found)


@app.command("remove")
def remove_witnessed(
    origin: Annotated[str, typer.Argument(help="The log's name; see `commonwatch witness list`.")],
) -> None:
    """Witness a log no longer. What was cosigned of it is remembered.

    Example: commonwatch witness remove log.example
    """
    witnessing.unwatch(origin, actor(), now_us())
    current().print(f"{origin} is not witnessed any more.")
    current().result({"origin": origin})
