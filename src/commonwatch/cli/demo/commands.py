"""`commonwatch demo`."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings

from commonwatch.base.terminal import current
from commonwatch.cli.demo.nodes import stop
from commonwatch.cli.demo.story import tell
from commonwatch.core.errors import Conflict, NodeUnable


def demo(
    end: Annotated[
        bool, typer.Option("--stop", help="Stop the nodes of the last demo and delete their folders.")
    ] = False,
    shared: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Folder with real intelligence; see its README.")
    ] = None,
) -> None:
    """Watch three nodes of three members form a partnership, share, and take back, on this machine.

    Their folders are in `demo` of the data folder; nothing else is touched.

    Example: commonwatch demo --stop
    """
    out, folder = current(), settings.COMMONWATCH.data / "demo"
    if end:
        stopped = stop(folder)
        shutil.rmtree(folder, ignore_errors=True)
        out.print(f"Stopped: {', '.join(stopped)}." if stopped else "No demo is running.")
        out.result({"stopped": stopped})
        return
    if folder.exists():
        raise Conflict("demo-there", f"There is a demo in {folder} already.", "End it: commonwatch demo --stop")
    try:
        nodes = tell(folder, shared, out.print)
    except NodeUnable:
        out.note("The demo broke off. Its nodes may still run: commonwatch demo --stop")
        raise
    out.result({node.name: {"url": node.url, "data": str(node.folder)} for node in nodes})
