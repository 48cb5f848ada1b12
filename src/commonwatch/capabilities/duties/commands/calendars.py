"""`commonwatch duties calendar`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import current
from commonwatch.capabilities.duties import feeds
from commonwatch.capabilities.duties.commands.given import acting
from commonwatch.capabilities.duties.showing import duties_calendar
from commonwatch.core.stix.times import format_time

app = typer.Typer(no_args_is_help=True, help="Limits in calendar programs (iCalendar): an address for each reader.")


@app.command()
def make(label: Annotated[str, typer.Argument(help="Who reads it, e.g. 'Legal office'.")]) -> None:
    """Make an address that a calendar program fetches. Whoever knows it can read it, until it is revoked.

    Example: commonwatch duties calendar make "Legal office"
    """
    made, address = feeds.make_feed(label, acting())
    current().print(f"{address}\n\nIt is shown here only. To end it: commonwatch duties calendar revoke {made.pk}")
    current().result({"calendar": made.pk, "address": address})


@app.command("list")
def list_calendars() -> None:
    """List the addresses that were made; not their tokens, which are not known here.

    Example: commonwatch duties calendar list
    """
    found = [
        {
            "calendar": one.pk,
            "label": one.label,
            "made": format_time(one.made_us, 0),
            "by": one.actor,
            "revoked": format_time(one.revoked_us, 0) if one.revoked_us else "",
        }
        for one in feeds.feeds()
    ]
    columns = ["calendar", "label", "made", "by", "revoked"]
    rows = [[one[name] for name in columns] for one in found]
    current().table(columns, rows, "There is none: commonwatch duties calendar make LABEL")
    current().result(found)


@app.command()
def revoke(number: Annotated[int, typer.Argument(min=1, max=2**31 - 1, metavar="CALENDAR")]) -> None:
    """End an address.

    Example: commonwatch duties calendar revoke 1
    """
    feeds.revoke_feed(number, acting())
    current().print(f"Calendar {number} is no longer given out.")
    current().result({"calendar": number, "revoked": True})


@app.command()
def export(file: Annotated[Path, typer.Argument(dir_okay=False, help="Where it is written, e.g. duties.ics.")]) -> None:
    """Write the calendar into a file.

    Example: commonwatch duties calendar export duties.ics
    """
    raw = duties_calendar(now_us())
    file.write_bytes(raw)
    current().print(f"{len(raw):,} bytes in {file}.")
    current().result({"file": str(file), "bytes": len(raw)})
