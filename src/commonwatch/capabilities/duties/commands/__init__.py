"""`commonwatch duties`."""

from __future__ import annotations

import typer

from commonwatch.capabilities.duties.commands import asking, calendars, deciding, facts, sending

app = typer.Typer(no_args_is_help=True, help="Who must be told of an incident by when: clocks, notices, receipts.")
for command in (
    asking.assess,
    deciding.confirm,
    deciding.reject,
    deciding.close,
    deciding.reopen,
    deciding.event,
    deciding.extend,
    sending.draft,
    sending.sent,
    sending.receipt,
):
    app.command()(command)
app.command("list")(asking.list_duties)
app.command()(asking.show)
app.command("leave-out")(deciding.leave_out)
app.add_typer(facts.app, name="facts")
app.add_typer(calendars.app, name="calendar")
