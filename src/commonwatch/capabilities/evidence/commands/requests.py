"""`commonwatch legal`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import operator
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.evidence.commands.given import ACTOR, Request, Tlp, by, pairs, person, read
from commonwatch.capabilities.evidence.legal import actions, queries
from commonwatch.capabilities.evidence.legal.actions import Asking
from commonwatch.capabilities.evidence.legal.instruments import instruments
from commonwatch.core.law.facts import parse_day
from commonwatch.core.stix.response.evidence import LegalAnswer

app = typer.Typer(
    no_args_is_help=True, help="Preservation and legal requests: who may ask whom, forms, answers, clocks."
)
To = Annotated[str, typer.Argument(help="The member that is asked; see `commonwatch party list`.")]
Purpose = Annotated[str, typer.Argument(help="What for: preserve, trace, stored-data, contact ...")]
Offences = Annotated[list[str], typer.Option("--offence", help="Offence, such as bud-2; may be repeated.")]
Fields = Annotated[list[str], typer.Option("--field", help="A field of the form, NAME=TEXT; may be repeated.")]
Instrument = Annotated[str, typer.Option(help="By which treaty; default: the first that is open.")]
Case = Annotated[str, typer.Option(help="Id of the case.")]
Preservation = Annotated[str, typer.Option(help="Id of the preservation request whose data these are.")]
Days = Annotated[int, typer.Option(min=1, help="For how many days data are to be preserved.")]
LookedUp = Annotated[str, typer.Option(help="How it was settled what the list does not know; goes into the request.")]


@app.command("may-ask")
def may_ask(
    to: To,
    purpose: Purpose,
    asking: Annotated[str, typer.Option("--from", help="The member that asks; default: ourselves.")] = "",
    on: Annotated[str, typer.Option(help="On which day; default: today.")] = "",
    offence: Offences = [],  # noqa: B006 - typer copies it
) -> None:
    """Say by which treaty one member may ask another on a day, with the reasons, their sources, and what to look at.

    Example: commonwatch legal may-ask cert-no preserve --offence bud-2
    """
    day = parse_day(on) if on else queries.today(now_us())
    found = queries.may_ask(asking or own_member().name, to, purpose, day, tuple(offence))
    out = current()
    for one in found:
        out.print(f"{one.answer.upper()}: {one.title}, {one.article}: {one.what}.")
        for reason in one.reasons:
            said = "" if reason.verified else ", NOT VERIFIED"
            out.print(f"  {reason.sentence} ({reason.source}, as of {reason.as_of}{said})")
        if one.answer != "may-not":
            out.print(f"  Asks: {one.asks}. Asked: {one.asked}. {one.text}".rstrip())
            for check in one.checks:
                out.print(f"  [ ] {check.question} ({check.source}) {check.known}".rstrip())
    out.print("This is no legal advice: a person decides.")
    out.result(_plain(found))
    if not any(one.answer == "may" for one in found):
        out.stop(Exit.NOT_ALL_ADMITTED)


@app.command()
def form(
    to: To,
    purpose: Purpose,
    name: Annotated[str, typer.Option(help="What the request is about.")] = "",
    instrument: Instrument = "",
    offence: Offences = [],  # noqa: B006
    days: Days = 60,
    case: Case = "",
    preservation: Preservation = "",
    looked_up: LookedUp = "",
    fields: Fields = [],  # noqa: B006
) -> None:
    """Show the form of a request as far as the facts fill it, and which required fields are empty. Nothing is sent.

    Example: commonwatch legal form cert-no preserve --offence bud-2 --case incident--...
    """
    asking = Asking(
        to,
        purpose,
        name or "request",
        person(),
        instrument,
        tuple(offence),
        days,
        case,
        preservation,
        looked_up,
        pairs(fields),
    )
    way, filled = actions.prepared(asking, now_us())
    out = current()
    out.print(f"{filled.form.title} ({filled.form.source}), by {way.instrument.title}, {way.article.ref}.")
    rows = [
        (one.id, "required" if one.required else "", filled.values[one.id] or "(empty)", one.text)
        for one in filled.form.fields
    ]
    out.table(["field", "", "says", "means"], rows, "")
    if filled.missing:
        out.print(f"Empty, and required: {', '.join(filled.missing)}.")
    out.result(
        {
            "form": filled.form.id,
            "article": way.article.ref,
            "fields": dict(filled.values),
            "missing": list(filled.missing),
        }
    )
    if filled.missing:
        out.stop(Exit.NOT_ALL_ADMITTED)


@app.command()
def request(
    to: To,
    purpose: Purpose,
    name: Annotated[str, typer.Option(help="What the request is about.")],
    instrument: Instrument = "",
    offence: Offences = [],  # noqa: B006
    days: Days = 60,
    case: Case = "",
    preservation: Preservation = "",
    looked_up: LookedUp = "",
    fields: Fields = [],  # noqa: B006
    tlp: Tlp = "TLP:AMBER+STRICT",
    also: Annotated[list[str], typer.Option(help="A further member that may know; may be repeated.")] = [],  # noqa: B006
) -> None:
    """Send a request: only by a way that is open today, with every required field of its form.

    Example: commonwatch legal request cert-no preserve --name "Logs of host 3" --offence bud-2 --field data_to_preserve="..."
    """
    asking = Asking(
        to,
        purpose,
        name,
        person(),
        instrument,
        tuple(offence),
        days,
        case,
        preservation,
        looked_up,
        pairs(fields),
        tlp,
        tuple(also),
    )
    made = actions.ask(asking, by())
    current().print(f"{made}: sent to {to}. How it goes: commonwatch legal show {made}")
    current().result({"id": made})


@app.command()
def answer(
    request: Request,
    word: Annotated[
        str,
        typer.Argument(metavar="ANSWER", help="received, preserved, granted, partly, postponed, executed or refused."),
    ],
    text: Annotated[str, typer.Option(help="What else is to be said.")] = "",
    reference: Annotated[str, typer.Option(help="Your own reference.")] = "",
    ground: Annotated[list[str], typer.Option(help="A ground for refusal or postponement; may be repeated.")] = [],  # noqa: B006
    since: Annotated[str, typer.Option("--from", help="First day of preservation; default: today.")] = "",
    until: Annotated[str, typer.Option(help="Last day of preservation.")] = "",
    item: Annotated[list[str], typer.Option(help="Id of evidence that was handed over; may be repeated.")] = [],  # noqa: B006
) -> None:
    """Answer a request to us. `preserved` also answers an extension that waits.

    Example: commonwatch legal answer preservation-request--... preserved --until 2027-02-28 --reference NO-7
    """
    made = actions.answer(
        request,
        cast(LegalAnswer, word),
        by(),
        text=text,
        reference=reference,
        grounds=ground,
        preserved_from=since,
        preserved_until=until,
        items=item,
    )
    current().print(f"{made}: {word}.")
    current().result({"id": made, "answer": word})


@app.command()
def extend(
    request: Request,
    until: Annotated[str, typer.Option(help="The last day, as 2027-02-28.")],
    reason: Annotated[str, typer.Option(help="Why.")],
) -> None:
    """Ask that preserved data be kept longer. It counts once the other side answers.

    Example: commonwatch legal extend preservation-request--... --until 2027-02-28 --reason "The request is being translated"
    """
    made = actions.extend(request, until, reason, by())
    current().print(f"{made}: asked for until {until}.")
    current().result({"id": made})


@app.command()
def withdraw(request: Request, reason: Annotated[str, typer.Option(help="Why.")]) -> None:
    """Say that a request of ours is not needed any more.

    Example: commonwatch legal withdraw preservation-request--... --reason "The data were found here"
    """
    made = actions.withdraw(request, reason, by())
    current().print(f"{made}: withdrawn.")
    current().result({"id": made})


@app.command("list")
def list_requests(limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 50) -> None:
    """List requests with where each stands and how long data are kept.

    Example: commonwatch legal list
    """
    found = queries.requests(operator(ACTOR), None, limit, now_us())
    rows = [
        (one.id, one.name, one.by, one.asked, one.article, one.state, _until(one), one.warning.upper()) for one in found
    ]
    columns = ["id", "about", "by", "asked", "article", "state", "preserved", ""]
    current().table(columns, rows, "No requests yet: `commonwatch legal may-ask MEMBER preserve`.")
    current().result(_plain(found))


@app.command()
def show(request: Request) -> None:
    """Show a request: its form, every answer, its clocks, and the checklist.

    Example: commonwatch legal show preservation-request--...
    """
    found = queries.request(operator(ACTOR), request, now_us())
    out, head = current(), found.request
    out.print(
        f"{head.name}: {head.by} asks {head.asked} by {head.instrument}, {head.article}; {head.state}. {_until(head)}"
    )
    out.table(["field", "says"], found.fields.items(), "")
    rows = [
        (one.at, one.by, one.what, one.reference, one.text, ", ".join(one.grounds), one.preserved_until)
        for one in found.history
    ]
    out.table(["at", "by", "says", "reference", "text", "grounds", "until"], rows, "Nothing was answered yet.")
    clocks = [(one.what, one.day, one.days_left, one.source) for one in found.dues]
    out.table(["clock", "day", "days left", "source"], clocks, "No clock runs.")
    for check in found.checks:
        out.print(f"[ ] {check.question} ({check.source}) {check.known}".rstrip())
    if found.asks_extension:
        out.print(f"An extension waits for an answer: {found.asks_extension}")
    out.result(_plain(found))


@app.command("instruments")
def show_instruments(
    file: Annotated[Path | None, typer.Argument(help="A newer list, checked by a lawyer, to put in use.")] = None,
) -> None:
    """Show the treaties, purposes, offences, grounds and forms that are known, or put a newer list in use.

    Example: commonwatch legal instruments
    """
    if file is not None:
        actions.update_list(read(file), by())
    known = instruments()
    out = current()
    out.print(f"As of {known.as_of}. {' '.join(known.sources)}")
    rows = [
        (one.id, one.title, one.in_force or "not in force", len(one.parties), one.as_of, one.verified)
        for one in known.instruments
    ]
    out.table(["id", "treaty", "in force", "countries", "as of", "verified"], rows, "")
    out.table(["purpose", "to"], known.purposes.items(), "")
    out.table(["offence", "is", "source"], [(one.id, one.title, one.source) for one in known.offences], "")
    out.table(["ground", "is", "source"], [(one.id, one.title, one.source) for one in known.grounds], "")
    out.result(_plain(known))


def _until(one: queries.RequestView) -> str:
    return f"until {one.until}, {one.days_left} days" if one.until is not None else ""


def _plain(found: Any) -> Any:
    return msgspec.to_builtins(found)
