"""The `commonwatch` command: finds the data folder, sets Django up, runs one command, turns errors into exit codes.

`--data DIR` and `--json` may stand anywhere before `--`: they belong to every command. Exit codes are in
`base.terminal.Exit`. Django has to be set up before the commands' modules can be imported, hence the late imports.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from commonwatch.base import terminal
from commonwatch.base.terminal import Exit, Terminal
from commonwatch.core.errors import CommonwatchError, NodeUnable

DEFAULT_DATA = Path("~/.local/share/commonwatch")
# These must work where the node does not, or before there is one.
WITHOUT_NODE = frozenset({"settings", "restore", "demo"})
# For whoever has a file and no node.
OFFLINE = (["proof", "verify"], ["evidence", "verify"], ["evidence", "open-file"])


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point. Leaves by SystemExit."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        rest, data, as_json = _split_global(given)
        terminal.use(Terminal(json=as_json))
        _run(rest, data)
    except CommonwatchError as error:
        _report(error)
        raise SystemExit(int(_exit_code(error))) from None
    except BrokenPipeError:  # `commonwatch export | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(int(Exit.DONE)) from None


def _run(arguments: list[str], data: Path) -> None:
    os.environ["COMMONWATCH_DATA"] = str(data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "commonwatch.site.settings"
    offline = "--help" in arguments or arguments[:1] == ["--version"] or arguments[:2] in OFFLINE
    needs_node = bool(arguments) and not offline and arguments[0] not in WITHOUT_NODE
    if needs_node:
        make_data_folder(data)
    else:
        os.environ["COMMONWATCH_NO_NODE"] = "1"
    import django

    django.setup()
    from commonwatch.cli import commands, node

    if needs_node:
        node.prepare()
    from django.db import DatabaseError

    try:
        commands.app(arguments, prog_name="commonwatch")
    except DatabaseError as error:
        raise NodeUnable(
            "database",
            f"The database did not answer: {str(error).strip()}.",
            "`commonwatch doctor` looks for the cause.",
        ) from error
    finally:
        node.close()


def make_data_folder(data: Path) -> None:
    """Create the data folder, readable by its owner only, or raise NodeUnable."""
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise NodeUnable(
            "data-folder",
            f"The data folder {data} cannot be used: {error.strerror}.",
            "Choose another with --data, or make it writable for this user.",
        ) from None


def _split_global(arguments: list[str]) -> tuple[list[str], Path, bool]:
    """The arguments without the global options, the data folder, and whether JSON is wanted."""
    rest: list[str] = []
    data: str | None = None
    as_json = False
    queue = iter(arguments)
    for argument in queue:
        if argument == "--":
            rest += [argument, *queue]
        elif argument == "--json":
            as_json = True
        elif argument == "--data":
            data = next(queue, None)
            if data is None:
                terminal.current().note("--data needs a folder.")
                raise SystemExit(int(Exit.WRONG_USE))
        elif argument.startswith("--data="):
            data = argument.removeprefix("--data=")
        else:
            rest.append(argument)
    chosen = Path(data or os.environ.get("COMMONWATCH_DATA") or DEFAULT_DATA)
    return rest, chosen.expanduser().absolute(), as_json


def _exit_code(error: CommonwatchError) -> Exit:
    if isinstance(error, NodeUnable):
        return Exit.NODE_UNABLE
    return Exit.WRONG_USE if error.http_status < 500 else Exit.NOT_ALL_ADMITTED


def _report(error: CommonwatchError) -> None:
    out = terminal.current()
    out.result({"error": {"code": error.code, "sentence": error.sentence, "advice": error.advice, "data": error.data}})
    out.note(f"Error: {error}")
