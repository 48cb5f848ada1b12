"""`commonwatch case`: joint cases, from the first report to the lessons."""

from __future__ import annotations

import typer

from commonwatch.capabilities.incidents.commands import cases, entries, files, playbooks, taking_part

app = typer.Typer(no_args_is_help=True, help="Joint cases: report, triage, work on them together, close, learn.")
for part in (cases, entries, taking_part, files):
    app.registered_commands += part.app.registered_commands
app.add_typer(playbooks.app, name="playbook")
