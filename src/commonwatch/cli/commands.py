"""The commands of every part, composed into one."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch import __version__
from commonwatch.base.accounts import commands as accounts
from commonwatch.base.audit import commands as audit
from commonwatch.base.intake import commands as intake
from commonwatch.base.jobs import commands as jobs
from commonwatch.base.journal import commands as journal
from commonwatch.base.parties import commands as parties
from commonwatch.base.release import commands as release
from commonwatch.base.search import commands as search
from commonwatch.base.terminal import current
from commonwatch.capabilities.assistance import commands as assistance
from commonwatch.capabilities.contacts import commands as contacts
from commonwatch.capabilities.detection import commands as detection
from commonwatch.capabilities.detection.exports import commands as exports
from commonwatch.capabilities.duties import commands as duties
from commonwatch.capabilities.evidence import commands as evidence
from commonwatch.capabilities.exchange import commands as exchange
from commonwatch.capabilities.federation import commands as federation
from commonwatch.capabilities.incidents import commands as incidents
from commonwatch.capabilities.transparency import commands as transparency
from commonwatch.cli import custody, inspect, serve
from commonwatch.cli.demo.commands import demo

EPILOG = "Every command takes --data DIR and --json. Exit codes: 0 done, 1 some input was not admitted, 2 wrong use, 3 the node cannot work."

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Share threat intelligence across borders: a node of Commonwatch.",
    epilog=EPILOG,
    pretty_exceptions_enable=False,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        current().print(f"Commonwatch {__version__}")
        current().result({"version": __version__})
        raise typer.Exit


@app.callback()
def commonwatch(
    _: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Share threat intelligence across borders: a node of Commonwatch."""


app.command()(serve.serve)
app.command(hidden=True)(serve.web)
app.command(hidden=True)(serve.worker)
app.command("import")(exchange.import_)
app.command()(exchange.export)
app.command()(exchange.publish)
app.command()(exchange.revoke)
app.command()(search.search)
app.command("object")(search.object_)
app.command()(detection.watch)
app.command()(detection.hunt)
app.command()(release.explain)
app.command("why-not")(release.why_not)
app.command()(release.simulate)
app.command()(demo)
app.command()(inspect.status)
app.command()(inspect.settings)
app.command()(inspect.extensions)
app.command()(audit.audit)
app.command()(journal.backup)
app.command()(journal.restore)
app.command()(journal.doctor)
app.command()(journal.erase)
evidence.evidence.command()(custody.export)
evidence.evidence.command()(custody.verify)
for name, part in (
    ("quarantine", intake.app),
    ("collection", release.collections),
    ("policy", release.policies),
    ("recall", release.recalls),
    ("party", parties.members),
    ("community", parties.communities),
    ("agreement", parties.agreements),
    ("country", parties.countries),
    ("token", accounts.tokens),
    ("account", accounts.accounts),
    ("source", exchange.sources),
    ("job", jobs.app),
    ("proof", transparency.proofs),
    ("log", transparency.logs),
    ("witness", transparency.witnesses),
    ("block", exports.app),
    ("federation", federation.app),
    ("bundle", federation.bundle_app),
    ("assist", assistance.app),
    ("contact", contacts.app),
    ("case", incidents.app),
    ("detection", detection.detection),
    ("indicators", detection.indicators),
    ("alerts", detection.alerts),
    ("sightings", detection.sightings),
    ("benign", detection.benign),
    ("anomalies", detection.anomalies),
    ("telemetry", detection.telemetry),
    ("evidence", evidence.evidence),
    ("legal", evidence.legal),
    ("duties", duties.app),
    ("follower", journal.followers_app),
):
    app.add_typer(part, name=name)
