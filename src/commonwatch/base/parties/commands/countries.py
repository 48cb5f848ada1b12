"""`commonwatch country`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.parties.commands.given import day_or_today
from commonwatch.base.parties.countries import country, country_facts, update_country_facts
from commonwatch.base.terminal import current
from commonwatch.core.law.facts import GROUP, TREATY, holding

app = typer.Typer(
    no_args_is_help=True, help="What is known of countries: alliances, treaties, adequacy, each with its source."
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
    current().print(f"In use now: {len(facts.countries)} countries as of {facts.as_of}.")
    current().result({"as_of": facts.as_of, "countries": len(facts.countries)})
