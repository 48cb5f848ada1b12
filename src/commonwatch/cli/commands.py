"""The commands of every part, composed into one."""

from __future__ import annotations

import typer

from commonwatch.base.accounts import commands as accounts
from commonwatch.base.audit import commands as audit
from commonwatch.base.intake import commands as intake
from commonwatch.base.journal import commands as journal
from commonwatch.base.parties import commands as parties
from commonwatch.base.release import commands as release
from commonwatch.capabilities.detection import commands as detection
from commonwatch.capabilities.detection.exports import commands as exports
from commonwatch.capabilities.exchange import commands as exchange
from commonwatch.capabilities.federation import commands as federation
from commonwatch.capabilities.transparency import commands as transparency
from commonwatch.cli import inspect, serve
from commonwatch.cli.demo.commands import demo

EPILOG = "Every command takes --data DIR and --json. Exit codes: 0 done, 1 some input was not admitted, 2 wrong use, 3 the node cannot work."

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Share threat intelligence across borders: a node of Commonwatch.",
    epilog=EPILOG,
    pretty_exceptions_enable=False,
)

app.command()(serve.serve)
app.command(hidden=True)(serve.web)
app.command(hidden=True)(serve.worker)
app.command("import")(exchange.import_)
app.command()(exchange.export)
app.command()(exchange.publish)
app.command()(exchange.revoke)
app.command()(detection.watch)
app.command()(detection.hunt)
app.command()(release.explain)
app.command("why-not")(release.why_not)
app.command()(release.simulate)
app.command()(demo)
app.command()(inspect.status)
app.command()(inspect.settings)
app.command()(audit.audit)
app.command()(journal.backup)
app.command()(journal.restore)
app.command()(journal.doctor)
app.command()(journal.erase)
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
    ("proof", transparency.proofs),
    ("log", transparency.logs),
    ("witness", transparency.witnesses),
    ("block", exports.app),
    ("federation", federation.app),
    ("bundle", federation.bundle_app),
    ("detection", detection.detection),
    ("indicators", detection.indicators),
    ("alerts", detection.alerts),
    ("sightings", detection.sightings),
    ("benign", detection.benign),
    ("anomalies", detection.anomalies),
    ("telemetry", detection.telemetry),
    ("follower", journal.followers_app),
):
    app.add_typer(part, name=name)
