"""Asking for help and giving it, from the command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.intake import own
from commonwatch.base.intake.own import Audience
from commonwatch.base.parties.actions import By
from commonwatch.base.release.reader import operator
from commonwatch.base.terminal import current
from commonwatch.base.threads.queries import names
from commonwatch.capabilities.assistance import actions, given, queries, showing
from commonwatch.capabilities.assistance.actions import Asked, Given, Said
from commonwatch.capabilities.assistance.catalogue_commands import catalogue
from commonwatch.capabilities.assistance.clocks import clocks
from commonwatch.capabilities.assistance.facts import form_named
from commonwatch.capabilities.assistance.facts import forms as every_form
from commonwatch.capabilities.assistance.pairing import Reason as Because
from commonwatch.core.stix.response import assistance as stix
from commonwatch.core.stix.times import format_time

app = typer.Typer(no_args_is_help=True, help="Ask partners for help and give it; who should help whom.")
app.add_typer(catalogue, name="catalogue")

ACTOR = "command line"
Root = Annotated[str, typer.Argument(metavar="REQUEST", help="The request's id; see `assist list`.")]
About = Annotated[str, typer.Argument(metavar="OFFER", help="The offer's id; see `assist show`.")]
Reason = Annotated[str, typer.Option(help="Why; the other side reads it.")]
Terms = Annotated[str, typer.Option(help="On which terms.")]
Contact = Annotated[str, typer.Option(help="Who speaks for your member in this: a name.")]
Reach = Annotated[str, typer.Option(help="How they are reached: telephone, mail, channel.")]
To = Annotated[list[str] | None, typer.Option("--to", help="A member that is asked by name; may be given often.")]
Community = Annotated[list[str] | None, typer.Option("--community", help="A community that is asked.")]
Tlp = Annotated[str, typer.Option(help="TLP level.")]
Altered = Annotated[bool, typer.Option("--altered", help="Accept that law has it pseudonymised for some.")]
Parts = Annotated[
    list[str] | None, typer.Option("--part", help="n1=2, or n1=2@CAPABILITY: of which need, how much, out of what.")
]


@app.command()
def forms(name: Annotated[str, typer.Argument(help="One form, with its fields.")] = "") -> None:
    """Show the forms on which help is asked for, or what one of them asks.

    Example: commonwatch assist forms csirt
    """
    out = current()
    if not name:
        found = every_form()
        rows = [
            (one.id, one.title, one.used_by, "yes" if one.verified else "no", len(one.fields)) for one in found.forms
        ]
        out.table(["form", "title", "used by", "verified", "fields"], rows, "There is no form.")
        out.result(found)
        return
    form = form_named(name)
    out.print(f"{form.title}. Source: {form.source} ({form.date}). {form.note}")
    fields = [
        (one.name, one.kind, "yes" if one.required else "", one.label, one.help or ", ".join(one.choices))
        for one in form.fields
    ]
    out.table(["field", "kind", "required", "asks", "help"], fields, "It asks nothing.")
    out.result(form)


@app.command()
def request(
    form: Annotated[str, typer.Argument(help="Which form; see `assist forms`.")],
    name: Annotated[str, typer.Argument(help="What it is about, in a line.")],
    contact: Contact,
    reach: Reach = "",
    answer: Annotated[list[str] | None, typer.Option("--answer", help="field=text, for each field.")] = None,
    need: Annotated[
        list[str] | None, typer.Option("--need", help="SKILL=2,fr+en,on-site; see `assist catalogue skills`.")
    ] = None,
    to: To = None,
    community: Community = None,
    tlp: Tlp = "TLP:AMBER",
    urgency: Annotated[str, typer.Option(help="routine, urgent or emergency.")] = "routine",
    case: Annotated[str, typer.Option(help="The case it belongs to, by its id.")] = "",
    expires: Annotated[str, typer.Option(help="Until when it is meant, e.g. 2026-12-31T00:00:00Z.")] = "",
    altered: Altered = False,
    point: Annotated[str, typer.Option(help="A point of contact on record, by its id.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Only say whom it would reach.")] = False,
) -> None:
    """Ask for help on a form. Every gap of the form is named before anything is sent.

    Example: commonwatch assist request generic "Wiper at two ports" --contact "Ana Silva" --answer situation=... --answer what_we_ask=... --need incident-analysis=2,fr+en --to cert-no
    """
    asked = Asked(
        form=form,
        name=name,
        contact=stix.Contact(contact, reach, point or None),
        answers=given.pairs(answer or []),
        needs=given.needs(need or []),
        urgency=urgency,
        asked=tuple(to or ()),
        case=case,
        expires=expires,
    )
    audience = Audience(tlp, tuple(to or ()), tuple(community or ()), altered=altered)
    by = By(ACTOR, now_us())
    if preview:
        would = own.reach([actions.drafted(asked, by)], actions.with_asked(asked, audience), now_us=by.now_us)
        rows = [(one.member, one.variant or "nothing", one.reason) for one in would.members]
        current().table(["member", "would get it", "because"], rows, "Nobody but your own member would get it.")
        for sentence in would.refused:
            current().print(f"In the way: {sentence}")
        current().result(would)
        return
    identity = actions.request(asked, audience, by)
    current().print(f"Asked: {identity}. How it goes: commonwatch assist show {identity}")
    current().result({"id": identity})


@app.command("list")
def list_(
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that are closed, withdrawn or expired.")
    ] = False,
) -> None:
    """Show requests, what changed last first: how far each is, what is missing, who is silent.

    Example: commonwatch assist list
    """
    reader, now = operator(ACTOR), now_us()
    found = [view for _, view in queries.requests(reader, now, is_open=not everything)]
    shown = [showing.shown_in_list(view) for view in found]
    called = names(reader, {name for one in shown for name in (one["author"], *one["silent"])})
    rows = [
        (
            one["id"],
            one["name"],
            called[one["author"]],
            one["urgency"],
            one["state"],
            one["offers"],
            one["missing"],
            ", ".join(called[name] for name in one["silent"]),
        )
        for one in shown
    ]
    columns = ["request", "about", "by", "urgency", "state", "offers", "missing", "silent"]
    current().table(columns, rows, "No requests: commonwatch assist request ...")
    current().result(shown)


@app.command()
def show(root: Root) -> None:
    """Show a request with its thread, its clocks, and what you can do now.

    Example: commonwatch assist show assistance-request--...
    """
    reader, now, out = operator(ACTOR), now_us(), current()
    view = queries.request(reader, root, now)
    possible = actions.possible_now(view)
    called = showing.called(view, reader)
    out.print(f"{view.content.name} ({view.content.form}, {view.content.urgency}), asked by {called[view.author]}")
    out.print(f"State: {view.state}. Marking: {view.marking}. Contact: {view.content.contact.name}")
    for name, text in view.content.answers.items():
        out.print(f"  {name}: {text}")
    needed = [
        (one.need.id, one.need.skill, one.need.quantity, one.accepted, one.delivered, one.confirmed, one.missing)
        for one in view.needs
    ]
    out.table(["need", "skill", "wanted", "accepted", "delivered", "confirmed", "missing"], needed, "")
    tracks = [
        (called[one.member], "SILENT" if one.silent else one.state, one.acknowledged_by, one.reason)
        for one in view.tracks
    ]
    out.table(
        ["member", "state", "first answer by", "reason"], tracks, "Nobody was asked by name, and nobody answered."
    )
    offers = [(one.id, called[one.author], one.state, one.content.terms, one.reason) for one in view.offers]
    out.table(["offer", "by", "state", "terms", "reason"], offers, "No offers yet.")
    due = [
        (one.what, called.get(one.member, one.member), format_time(one.due_us, 0), one.standing)
        for one in clocks(view, now)
    ]
    out.table(["clock", "member", "due", "standing"], due, "")
    history = [
        (format_time(one.at_us, 0), called[one.author], one.by, one.act, one.state, one.reason, one.refused)
        for one in view.history
    ]
    out.table(["when", "member", "who", "act", "then", "reason", "did not count"], history, "")
    acts = ", ".join(sorted({one.act for one in possible}))
    out.print(f"You can: {acts or 'nothing now'}")
    out.result(showing.shown_request(view, possible, reader, now))


@app.command()
def offer(
    root: Root,
    contact: Contact,
    reach: Reach = "",
    part: Parts = None,
    terms: Terms = "",
    costs: Annotated[str, typer.Option(help="What it costs, and who bears it.")] = "",
    basis: Annotated[str, typer.Option(help="The agreement under which it is given.")] = "",
    language: Annotated[list[str] | None, typer.Option("--language", help="A language that is spoken.")] = None,
    deliver_by: Annotated[str, typer.Option(help="By when, e.g. 2026-12-01T12:00:00Z.")] = "",
    expires: Annotated[str, typer.Option(help="Until when the offer stands.")] = "",
) -> None:
    """Offer help with a request.

    Example: commonwatch assist offer assistance-request--... --contact "Kari Nordmann" --part n1=2 --terms "from Monday"
    """
    said = Given(
        stix.Contact(contact, reach),
        given.parts(part or []),
        terms,
        costs,
        basis,
        tuple(language or ()),
        deliver_by,
        expires,
    )
    identity = actions.offer(root, said, By(ACTOR, now_us()))
    current().print(f"Offered: {identity}")
    current().result({"id": identity})


def _answer(root: str, about: str, act: stix.Act, said: Said) -> None:
    identity = actions.answer(root, about, act, said, By(ACTOR, now_us()))
    view = queries.request(operator(ACTOR), root, now_us())
    current().print(f"Done: {act}. The request is {view.state.replace('-', ' ')} now.")
    current().result({"id": identity, "state": view.state})


@app.command()
def acknowledge(root: Root) -> None:
    """Say that a request was seen by a person. It promises nothing.

    Example: commonwatch assist acknowledge assistance-request--...
    """
    _answer(root, root, "acknowledge", Said())


@app.command()
def refuse(
    root: Root,
    reason: Reason,
    offer: Annotated[str, typer.Option(help="The offer that is refused, by who asked; else the request.")] = "",
) -> None:
    """Refuse a request, or as who asked an offer, with the reason.

    Example: commonwatch assist refuse assistance-request--... --reason "no analyst free before Monday"
    """
    _answer(root, offer or root, "refuse", Said(reason))


@app.command()
def accept(root: Root, about: About, part: Parts = None, terms: Terms = "") -> None:
    """Accept an offer, whole or in part; what it takes of the catalogue is reserved.

    Example: commonwatch assist accept assistance-request--... assistance-offer--...
    """
    _answer(root, about, "accept", Said(terms=terms, parts=given.parts(part or [])))


@app.command()
def begin(root: Root, about: About) -> None:
    """Say that the work on an accepted offer has begun.

    Example: commonwatch assist begin assistance-request--... assistance-offer--...
    """
    _answer(root, about, "begin", Said())


@app.command()
def wait(root: Root, about: About, reason: Reason) -> None:
    """Say that something of who asked is waited for.

    Example: commonwatch assist wait assistance-request--... assistance-offer--... --reason "the images are missing"
    """
    _answer(root, about, "wait", Said(reason))


@app.command()
def deliver(
    root: Root, about: About, terms: Annotated[str, typer.Option("--what", help="What was delivered.")] = ""
) -> None:
    """Say that what was agreed is delivered.

    Example: commonwatch assist deliver assistance-request--... assistance-offer--... --what "report and rules"
    """
    _answer(root, about, "deliver", Said(terms=terms))


@app.command()
def dispute(root: Root, about: About, reason: Reason) -> None:
    """Say, as who asked, that what was delivered is not what was agreed.

    Example: commonwatch assist dispute assistance-request--... assistance-offer--... --reason "only one of two images"
    """
    _answer(root, about, "dispute", Said(reason))


@app.command()
def confirm(root: Root, about: About) -> None:
    """Confirm, as who asked, that it was delivered.

    Example: commonwatch assist confirm assistance-request--... assistance-offer--...
    """
    _answer(root, about, "confirm", Said())


@app.command()
def close(root: Root, reason: Reason = "") -> None:
    """Close a request of your own.

    Example: commonwatch assist close assistance-request--...
    """
    _answer(root, root, "close", Said(reason))


@app.command()
def withdraw(
    root: Root, reason: Reason, offer: Annotated[str, typer.Option(help="Your offer; else your request.")] = ""
) -> None:
    """Withdraw a request or an offer of your own, with the reason.

    Example: commonwatch assist withdraw assistance-request--... --reason "contained without help"
    """
    _answer(root, offer or root, "withdraw", Said(reason))


@app.command()
def propose(
    root: Annotated[str, typer.Argument(metavar="REQUEST", help="One request; else everything that is open.")] = "",
) -> None:
    """Propose who should help whom, with reasons, the next best, and what stays unmet. People decide.

    Example: commonwatch assist propose
    """
    reader, out = operator(ACTOR), current()
    found = queries.proposal(reader, now_us(), root)
    members = {one.need.member for one in found.needs}
    members |= {choice.helper for one in found.needs for choice in (*one.chosen, *one.next_best)}
    called = names(reader, members)
    rows: list[tuple[object, ...]] = []
    for one in found.needs:
        what = f"{one.need.title}: {one.need.skill}"
        for choice in one.chosen:
            rows.append((what, "PROPOSED", called[choice.helper], choice.units, _why(choice.reasons), choice.supply))
        for choice in one.next_best:
            rows.append((what, "next best", called[choice.helper], "", _why(choice.reasons), choice.supply))
        if one.unmet:
            rows.append((what, "UNMET", "", one.unmet, _why(one.why_unmet), ""))
    out.table(["need", "", "member", "units", "because", "out of"], rows, "Nothing is needed, or everything is agreed.")
    out.print(f"{found.units} of {found.wanted} units, {found.value:,} points, out of {found.pairs:,} possible pairs.")
    out.result(showing.shown_proposal(found))


@app.command()
def ledger() -> None:
    """Show who helped whom within a year, and who answers when asked.

    Example: commonwatch assist ledger
    """
    reader, out = operator(ACTOR), current()
    found = queries.account(reader, now_us())
    members = {one.helper for one in found.given} | {one.helped for one in found.given}
    called = names(reader, members | {one.member for one in found.answering})
    given_rows = [
        (called[one.helper], called[one.helped], one.kind, one.accepted, one.delivered, one.confirmed)
        for one in found.given
    ]
    out.table(
        ["helped", "whom", "kind", "accepted", "delivered", "confirmed"], given_rows, "Nobody helped anybody yet."
    )
    answering = [
        (called[one.member], one.asked, one.acknowledged, one.offered, one.declined, one.silent, one.late)
        for one in found.answering
    ]
    out.table(["member", "asked", "acknowledged", "offered", "declined", "silent", "late"], answering, "")
    out.print(f"Of {found.requests} requests since {format_time(found.since_us, 0)}.")
    out.result(showing.shown_ledger(found))


def _why(reasons: Sequence[Because]) -> str:
    return " ".join(one.sentence + (f" ({one.points:+})" if one.points else "") for one in reasons)
