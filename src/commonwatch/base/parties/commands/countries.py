"""`commonwatch country`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from commonwatch.base.parties.commands.given import changed, day_or_today
from commonwatch.base.parties.countries import country, country_facts, update_country_facts
from commonwatch.base.parties.regimes import transfer_regime, transfer_regimes, update_transfer_regimes
from commonwatch.base.terminal import current
from commonwatch.core.law.facts import GROUP, TREATY, holding
from commonwatch.core.law.transfers import Adequacy, Regime

app = typer.Typer(
    no_args_is_help=True,
    help="What is known of countries: alliances, treaties, adequacy, rules on transfers, each with its source.",
)

On = Annotated[str, typer.Option(help="As things stood on this day, e.g. 2026-11-23; default: today.")]


@app.command("list")
def list_countries(
    group: Annotated[str, typer.Option(help="Only those in this group or bound by this treaty, e.g. eu, nato.")] = "",
    on: On = "",
) -> None:
    """List countries.

    Example: commonwatch country list --group eu --on 2026-11-23
    """
    facts, when = country_facts(), day_or_today(on)
    found = [
        {"code": one.code, "name": one.name}
        for one in facts.countries
        if not group or any(fact.value == group and fact.kind in (GROUP, TREATY) for fact in holding(one.facts, when))
    ]
    current().table(["code", "name"], [list(row.values()) for row in found], f"No country has {group} on {when}.")
    current().print(f"\nAs of {facts.as_of}.")
    current().result({"as_of": facts.as_of, "countries": found})


@app.command()
def show(code: Annotated[str, typer.Argument(help="ISO 3166-1 code, e.g. JP.")], on: On = "") -> None:
    """Show what holds for a country on a day.

    Example: commonwatch country show JP --on 2026-11-23
    """
    one, facts, when = country(code), country_facts(), day_or_today(on)
    held = holding(one.facts, when)
    current().print(f"{one.name} ({one.code}) on {when}, as known on {facts.as_of}\n")
    rows = [(f.kind, f.value, f.since or "", f.until or "", f.scope, f.source) for f in held]
    current().table(["fact", "value", "since", "until", "scope", "source"], rows, "Nothing is on record.")
    current().result({"code": one.code, "name": one.name, "as_of": facts.as_of, "on": when, "facts": held})


@app.command()
def update(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="A newer list, in the form of the shipped one.")
    ],
) -> None:
    """Use a newer list of country facts, without a new program.

    Example: commonwatch country update countries.json
    """
    facts = update_country_facts(file.read_bytes())
    changed(f"Country facts of {facts.as_of}", lambda by: True)
    current().print(f"In use now: {len(facts.countries)} countries as of {facts.as_of}.")
    current().result({"as_of": facts.as_of, "countries": len(facts.countries)})


@app.command()
def regimes(
    name: Annotated[str, typer.Argument(help="One regime, e.g. eu; default: all.")] = "",
    on: On = "",
    update: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Use a newer list, in the form of the shipped one."),
    ] = None,
) -> None:
    """List the laws on transfers of personal data, show one, or use a newer list of them.

    Example: commonwatch country regimes eu --on 2026-11-23
    """
    out = current()
    known = update_transfer_regimes(update.read_bytes()) if update else transfer_regimes()
    if update:
        changed(f"Transfer regimes of {known.as_of}", lambda by: True)
        out.print(f"In use now: {len(known.regimes)} transfer regimes as of {known.as_of}.\n")
    if name:
        _show_regime(transfer_regime(name), on)
        return
    rows = [
        (one.id, one.title, one.since or "not in force", " ".join(one.exporters), len(one.adequacy), one.source)
        for one in known.regimes
    ]
    out.table(["regime", "title", "since", "binds", "decisions", "source"], rows, "")
    out.print(f"\nAs of {known.as_of}.")
    out.result(known)


def _show_regime(regime: Regime, on: str) -> None:
    out, when = current(), day_or_today(on)
    held = [decision for decision in regime.adequacy if decision.holds(when)]
    standing = f"in force since {regime.since}" if regime.since else "not in force"
    out.print(f"{regime.title} ({regime.instrument}), {standing}; decisions as they stand on {when}")
    out.print(f"{regime.note}\n")
    rows: list[tuple[Any, ...]] = [
        ("adequacy", one.place or "organisation", _scope(one), one.since, one.until or "", one.source) for one in held
    ]
    for kind, words in (
        ("safeguard", regime.safeguards),
        ("agreement", regime.agreement_safeguards),
        ("derogation", regime.derogations),
    ):
        rows += [(kind, word, "", "", "", article) for word, article in words.items()]
    out.table(["mechanism", "of", "scope", "since", "until", "source"], rows, "No mechanism is on record.")
    out.result({"on": when, "regime": regime, "adequacy": held})


def _scope(decision: Adequacy) -> str:
    needs = f", needs {decision.needs}" if decision.needs else ""
    return f"{decision.scope}{needs}" + "".join(f", not for {purpose}" for purpose in decision.not_for)
