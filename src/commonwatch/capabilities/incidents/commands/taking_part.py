"""Who takes part: added, leaving, leading; and what was written before they came."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.terminal import current
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import taking_part
from commonwatch.capabilities.incidents.actions.writing import called, opened
from commonwatch.capabilities.incidents.commands.given import Case, Reason, at, by, case_id, invited, reader

app = typer.Typer()
Member = Annotated[str, typer.Argument(help="Name of the member; with `add` NAME:police for its part.")]


@app.command()
def add(
    case: Case,
    member: Member,
    role: Annotated[list[str] | None, typer.Option(help="What it does there; repeatable.")] = None,
    reason: Reason = "",
) -> None:
    """Let a member take part from now on; what was written before is offered to be shared with it.

    Example: commonwatch case add 1f0c police-no:police --role "criminal investigation"
    """
    who = invited(member)
    who = type(who)(who.member, who.actor, tuple(role or ()))
    made = taking_part.add(case_id(case), who, reason, by())
    missing = taking_part.unshared(opened(case_id(case), by()))
    out = current()
    out.print(f"{who.member} takes part.")
    for identity, parts in missing.items():
        out.print(f"{called([identity])[0]} has not {len(parts)} earlier entries of yours: commonwatch case share.")
    out.result(
        {"object": made, "earlier": {called([one])[0]: [part.id for part in parts] for one, parts in missing.items()}}
    )


@app.command()
def share(
    case: Case,
    member: Annotated[str, typer.Argument(help="Name of the member; empty: show what others have not.")] = "",
    entry: Annotated[list[str] | None, typer.Option(help="Only these entries; repeatable.")] = None,
    keep: Annotated[bool, typer.Option("--keep-back", help="Do not ask again: it is not to have them.")] = False,
) -> None:
    """Share own earlier entries with a member that came later.

    Example: commonwatch case share 1f0c cert-de
    """
    identity = case_id(case)
    out = current()
    if not member:
        missing = taking_part.unshared(opened(identity, by()))
        rows = [
            [called([one])[0], part.id, at(part.created_us), part.marking]
            for one, parts in missing.items()
            for part in parts
        ]
        out.table(["member", "entry", "written", "marking"], rows, "Everybody has what you wrote for all.")
        out.result({"earlier": {called([one])[0]: [part.id for part in parts] for one, parts in missing.items()}})
        return
    if keep:
        number = taking_part.keep_back(identity, member, tuple(entry or ()), by())
        out.print(f"{number} entries are kept back.")
        out.result({"kept": number})
        return
    shared = taking_part.share_earlier(identity, member, tuple(entry or ()), by())
    out.print(f"{len(shared)} entries shared with {member}.")
    out.result({"objects": shared})


@app.command()
def leave(
    case: Case, member: Annotated[str, typer.Argument(help="Name of the member.")] = "home", reason: Reason = ""
) -> None:
    """Say that a member does not take part any more: the own one, or for the lead any.

    Example: commonwatch case leave 1f0c --reason "Not affected"
    """
    made = taking_part.leave(case_id(case), member, reason, by())
    out = current()
    out.print("Said.")
    out.result({"object": made})


@app.command()
def lead(
    case: Case,
    to: Annotated[str, typer.Option(help="Offer the lead to this member.")] = "",
    accept: Annotated[bool, typer.Option("--accept", help="Accept the lead that was offered.")] = False,
    decline: Annotated[bool, typer.Option("--decline", help="Decline it.")] = False,
    reason: Reason = "",
) -> None:
    """Show who leads, offer the lead, or answer an offer. It passes when the other member accepts.

    Example: commonwatch case lead 1f0c --to cert-no
    """
    identity = case_id(case)
    made = ""
    if to:
        made = taking_part.offer_lead(identity, to, reason, by())
    elif accept or decline:
        made = taking_part.answer_lead(identity, reason, by(), accept=accept)
    found = queries.seen(reader(), identity)
    names = queries.who(reader(), found)
    out = current()
    rows = [[names.get(one.member, one.member), at(one.since_us), at(one.until_us)] for one in found.leads]
    out.table(["lead", "since", "until"], rows, "")
    for offer in found.offers:
        out.print(f"Offered to {names.get(offer.to, offer.to)} at {at(offer.at_us)}: it has not answered.")
    out.result({"object": made, "lead": found.lead, "leads": found.leads, "offers": found.offers})
