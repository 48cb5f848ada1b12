"""What commands are given."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import By
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.times import format_time

ACTOR = "command line"
Item = Annotated[
    str, typer.Argument(help="Id of the item, or of any act of its chain; see `commonwatch evidence list`.")
]
Request = Annotated[str, typer.Argument(help="Id of the request; see `commonwatch legal list`.")]
Tlp = Annotated[str, typer.Option(help="TLP level.")]
Members = Annotated[
    list[str], typer.Option("--for", help="A member that it is for; may be repeated. None: ourselves only.")
]


def by() -> By:
    """Who gives the command, and when."""
    return By(ACTOR, now_us())


def person() -> str:
    """Who sits at the machine, for what a person is named in."""
    return os.environ.get("USER", ACTOR)


def now() -> str:
    """The time, as objects have it."""
    return format_time(now_us(), 0)


def read(file: Path) -> bytes:
    """The bytes of a file; raises InvalidInput."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput("file-unreadable", f"{file}: {error.strerror}.", "Give a readable file.") from None


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """NAME=TEXT, as a dictionary; raises InvalidInput."""
    found = {}
    for text in texts:
        name, equals, said = text.partition("=")
        if not equals:
            raise InvalidInput(
                "field-unreadable", f"{text} is no NAME=TEXT.", "Write --field urgency='logs are deleted daily'."
            )
        found[name.strip()] = said
    return found
