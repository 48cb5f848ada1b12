"""`commonwatch agreement`."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.parties.actions import AgreementTerms, agreement_named, create_agreement, set_agreement_party
from commonwatch.base.parties.commands.given import Preview, by_command_line, changed, day, day_or_today
from commonwatch.base.parties.models import Agreement, AgreementKind
from commonwatch.base.parties.queries import dates_of
from commonwatch.base.parties.shown import shown_agreement, shown_parties
from commonwatch.base.terminal import current
from commonwatch.core.law.agreements import PartyDates, standing

app = typer.Typer(no_args_is_help=True, help="Treaties, memoranda and codes: who is bound, since when, to what.")

Name = Annotated[str, typer.Argument(help="Short name: lower-case letters, digits, . _ and -.")]
On = Annotated[str, typer.Option(help="As things stood on this day, e.g. 2026-11-23; default: today.")]


@app.command()
def add(
    name: Name,
    kind: Annotated[AgreementKind, typer.Option(help="What kind of agreement it is.")],
    source: Annotated[str, typer.Option(help="Where its text is: a citation or an address.")],
    title: Annotated[str, typer.Option(help="Its title as people write it.")] = "",
    category: Annotated[list[str] | None, typer.Option(help="Data it covers. May be repeated; none means all.")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="What for. May be repeated; none means any.")] = None,
    safeguard: Annotated[list[str] | None, typer.Option(help="What it guarantees. May be repeated.")] = None,
) -> None:
    """Put an agreement on record.

    Example: commonwatch agreement add at-sg-mou --kind memorandum --source "MoU of 2026-02-01" --category indicators --purpose network-defence
    """
    terms = AgreementTerms(tuple(category or ()), tuple(purpose or ()), tuple(safeguard or ()))
    made = create_agreement(name, title, kind, source, terms, by_command_line())
    current().print(
        f"{made.title} is on record. Its parties: commonwatch agreement party {name} --member M --in-force DAY"
    )
    current().result(shown_agreement(made))


@app.command()
def party(
    name: Name,
    member: Annotated[str, typer.Option(help="The member that is bound.")] = "",
    country: Annotated[str, typer.Option(help="The state that is bound, with all members under its law.")] = "",
    signed: Annotated[str, typer.Option(help="Day of signature.")] = "",
    ratified: Annotated[str, typer.Option(help="Day of ratification.")] = "",
    in_force: Annotated[str, typer.Option(help="First day on which it binds this party.")] = "",
    denounced: Annotated[str, typer.Option(help="First day on which it no longer binds this party.")] = "",
    reservations: Annotated[str, typer.Option(help="What the party has reserved.")] = "",
    preview: Preview = False,
) -> None:
    """Record a party's steps; days that are given replace those on record.

    Example: commonwatch agreement party at-sg-mou --member cert-at --signed 2026-02-01 --in-force 2026-03-01
    """
    dates = PartyDates(day(signed), day(ratified), day(in_force), day(denounced))
    row, _ = changed(
        f"{member or country.upper()} takes its steps in {name}",
        lambda by: set_agreement_party(
            name, member=member, country=country, dates=dates, reservations=reservations, by=by
        ),
        preview=preview,
    )
    where = standing(dates_of(row), day_or_today(""))
    current().print(f"{member or country.upper()} and {name}: {where.reason}.")
    current().result({"agreement": name, "party": member or country.upper(), "standing": where})


@app.command("list")
def list_agreements() -> None:
    """List the agreements.

    Example: commonwatch agreement list
    """
    found = [shown_agreement(agreement) for agreement in Agreement.objects.order_by("name").prefetch_related("parties")]
    columns = ["name", "kind", "title", "parties", "source"]
    empty = "There are no agreements yet: commonwatch agreement add NAME --kind memorandum --source TEXT"
    current().table(columns, [[row[column] for column in columns] for row in found], empty)
    current().result(found)


@app.command()
def show(name: Name, on: On = "") -> None:
    """Show what an agreement covers and where each party stands.

    Example: commonwatch agreement show at-sg-mou --on 2026-11-23
    """
    agreement, when = agreement_named(name), day_or_today(on)
    out = current()
    out.print(f"{agreement.title} ({agreement.kind}), {agreement.source}, on {when}")
    for what in ("categories", "purposes", "safeguards"):
        out.print(f"{what.capitalize()}: {', '.join(getattr(agreement, what)) or 'no limit by it'}")
    parties = shown_parties(agreement, when)
    out.print("")
    rows = [
        (p["party"], "yes" if p["standing"].in_force else "no", p["standing"].reason, p["reservations"])
        for p in parties
    ]
    out.table(["party", "bound", "because", "reservations"], rows, "It has no parties yet.")
    out.result({**shown_agreement(agreement), "on": when, "parties": parties})
