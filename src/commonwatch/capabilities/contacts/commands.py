"""Points of contact, from the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.intake.own import Audience
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import member_named
from commonwatch.base.release.reader import operator
from commonwatch.base.terminal import current
from commonwatch.base.threads.queries import names
from commonwatch.capabilities.contacts import actions, given, profile, queries, showing
from commonwatch.capabilities.contacts.rules import ContactView
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response import contacts as stix
from commonwatch.core.stix.times import format_time

app = typer.Typer(no_args_is_help=True, help="Points of contact: who is reached, who is there now, who answers.")

ACTOR = "command line"
Identity = Annotated[str, typer.Argument(metavar="CONTACT", help="The contact's id; see `contact list`.")]
PingId = Annotated[str, typer.Argument(metavar="PING", help="The ping's id; see `contact pings`.")]
Role = Annotated[str, typer.Option(help=f"One of {', '.join(stix.ROLES)}.")]
Member = Annotated[str, typer.Option(help="A member by name.")]
DIRECTORY = ("member", "name", "roles", "position", "telephone", "email", "channel", "languages", "time_zone", "hours")


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="An office rather than a person, e.g. Duty officer.")],
    role: Annotated[list[str], typer.Option("--role", help=f"Any of {', '.join(stix.ROLES)}.")],
    telephone: Annotated[str, typer.Option(help="With its country's code.")] = "",
    email: Annotated[str, typer.Option(help="A mail address.")] = "",
    channel: Annotated[str, typer.Option(help="A secure channel.")] = "",
    position: Annotated[str, typer.Option(help="What they are.")] = "",
    language: Annotated[list[str] | None, typer.Option("--language", help="A language that is spoken.")] = None,
    time_zone: Annotated[str, typer.Option(help="Such as Africa/Nairobi.")] = "UTC",
    hours: Annotated[list[str] | None, typer.Option("--hours", help="mon-fri 09:00-17:00; none: always.")] = None,
    away: Annotated[list[str] | None, typer.Option("--away", help="BEGIN/END: when nobody is there.")] = None,
    level: Annotated[int, typer.Option(min=1, max=9, help="In which order they are tried.")] = 1,
    openpgp: Annotated[str, typer.Option(help="Fingerprint of an OpenPGP key, 40 digits.")] = "",
    to: Annotated[list[str] | None, typer.Option("--to", help="A member that may know of it.")] = None,
    community: Annotated[list[str] | None, typer.Option("--community", help="A community that may.")] = None,
    tlp: Annotated[str, typer.Option(help="TLP level.")] = "TLP:AMBER",
    altered: Annotated[bool, typer.Option("--altered", help="Accept that law has it pseudonymised for some.")] = False,
) -> None:
    """Nominate a point of contact of your member, for those who may know of it.

    Example: commonwatch contact add "Duty officer" --role technical --telephone +43123 --time-zone Europe/Vienna --hours "mon-fri 09:00-17:00" --community csirts
    """
    content = stix.Contact(
        name=name,
        roles=tuple(role),  # type: ignore[arg-type]
        position=position,
        telephone=telephone,
        email=email,
        channel=channel,
        languages=tuple(language or ()),
        time_zone=time_zone,
        hours=given.hours(hours or []),
        away=given.away(away or []),
        level=level,
        openpgp=openpgp.replace(" ", "").upper(),
    )
    audience = Audience(tlp, tuple(to or ()), tuple(community or ()), altered=altered)
    identity = actions.nominate(content, audience, By(ACTOR, now_us()))
    current().print(f"Nominated: {identity}. Confirm it within a year: commonwatch contact confirm {identity}")
    current().result({"id": identity})


@app.command("list")
def list_(
    role: Role = "", everything: Annotated[bool, typer.Option("--all", help="Also former ones.")] = False
) -> None:
    """Show points of contact: who is there now, which confirmations are overdue.

    Example: commonwatch contact list --role technical
    """
    reader, now = operator(ACTOR), now_us()
    found = [view for _, view in queries.contacts(reader, now, ended=everything, role=role)]
    called = names(reader, {view.author for view in found})
    rows = [(view.id, called[view.author], *_row(view)) for view in found]
    columns = ["contact", "member", "name", "for", "reached by", "languages", "there", "confirmed"]
    current().table(columns, rows, "No contacts: commonwatch contact add ...")
    current().result([showing.shown_contact(view) for view in found])


@app.command()
def show(identity: Identity) -> None:
    """Show a contact with its member's keys and its pings.

    Example: commonwatch contact show point-of-contact--...
    """
    reader, out = operator(ACTOR), current()
    view = queries.contact(reader, identity, now_us())
    called = names(reader, {view.author, *(ping.author for ping in view.pings)})
    out.print(f"{view.content.name} of {called[view.author]}: {', '.join(view.content.roles)}")
    for label in ("position", "telephone", "email", "channel", "time_zone", "openpgp"):
        if getattr(view.content, label):
            out.print(f"  {label.replace('_', ' ')}: {getattr(view.content, label)}")
    for key in queries.keys(view.author):
        out.print(f"  signs with {key.key} since {format_time(key.since_us, 0)}")
    out.print(f"  {_there(view)}; confirmed {format_time(view.confirmed_us, 0)}{' (OVERDUE)' if view.overdue else ''}")
    _pings([view], called)
    out.result(showing.shown_whole(view))


@app.command()
def confirm(identity: Identity) -> None:
    """Say that one of your own contacts still holds; due once a year.

    Example: commonwatch contact confirm point-of-contact--...
    """
    actions.confirm(identity, By(ACTOR, now_us()))
    current().print("Confirmed.")
    current().result({"id": identity})


@app.command()
def remove(identity: Identity, reason: Annotated[str, typer.Option(help="Why, for the record.")]) -> None:
    """Take one of your own contacts back.

    Example: commonwatch contact remove point-of-contact--... --reason "the office is closed"
    """
    actions.end(identity, reason, By(ACTOR, now_us()))
    current().print("Taken back.")
    current().result({"id": identity})


@app.command()
def ping(
    identity: Identity,
    text: Annotated[str, typer.Option(help="What is said with it.")] = "",
    minutes: Annotated[int, typer.Option(help="In which time an answer is hoped for.")] = actions.DEFAULT_MINUTES,
    escalate: Annotated[
        bool, typer.Option("--escalate", help="Go on to the next contact where nobody answers.")
    ] = False,
) -> None:
    """Ask whether anybody is there. Its node answers by itself, a person as well; both are told apart.

    Example: commonwatch contact ping point-of-contact--... --minutes 30 --escalate
    """
    made = actions.ping(identity, By(ACTOR, now_us()), text=text, minutes=minutes, escalates=escalate)
    current().print(f"Pinged: {made}. What comes of it: commonwatch contact pings")
    current().result({"id": made})


@app.command()
def answer(identity: PingId, text: Annotated[str, typer.Option(help="What is said with it.")] = "") -> None:
    """Answer, as a person, a ping of one of your own contacts.

    Example: commonwatch contact answer contact-ping--...
    """
    made = actions.answer(identity, By(ACTOR, now_us()), text=text)
    current().print("Answered.")
    current().result({"id": made})


@app.command()
def pings() -> None:
    """Show pings with what came of them, and how fast each member answers.

    Example: commonwatch contact pings
    """
    reader, now, out = operator(ACTOR), now_us(), current()
    views = [view for _, view in queries.contacts(reader, now, ended=True)]
    found = queries.measures(reader, now)
    called = names(reader, {view.author for view in views} | {one.author for view in views for one in view.pings})
    _pings(views, called)
    rows = [
        (
            called[one.member],
            one.pings,
            one.answered,
            one.late,
            one.unanswered,
            one.automatic,
            one.waiting,
            _seconds(one.p50_seconds),
            _seconds(one.p90_seconds),
        )
        for one in found
    ]
    columns = [
        "member",
        "pings",
        "answered",
        "late",
        "unanswered",
        "by the node",
        "waiting",
        "half within",
        "90 % within",
    ]
    out.table(columns, rows, "Nobody was pinged within 90 days.")
    out.result(
        {
            "pings": [showing.shown_ping(one) for view in views for one in view.pings],
            "measures": [showing.shown_measure(one) for one in found],
        }
    )


@app.command()
def duty(role: Role = "", member: Member = "") -> None:
    """Show whom to try now, in order: who is there first, then by when somebody is there again.

    Example: commonwatch contact duty --role technical
    """
    reader = operator(ACTOR)
    identity = member_named(member).identity if member else ""
    found = queries.on_duty(reader, now_us(), role, identity)
    called = names(reader, {view.author for view in found})
    rows = [(called[view.author], view.content.level, *_row(view)) for view in found]
    columns = ["member", "level", "name", "for", "reached by", "languages", "there", "confirmed"]
    current().table(columns, rows, "There is nobody: commonwatch contact list")
    current().result([showing.shown_contact(view) for view in found])


@app.command()
def directory(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where it is written, as .csv or .json.")],
) -> None:
    """Write the directory of contacts that your member may have into a file.

    Example: commonwatch contact directory contacts.csv
    """
    reader = operator(ACTOR)
    found = [view for _, view in queries.contacts(reader, now_us())]
    called = names(reader, {view.author for view in found})
    rows = [_listed(view, called[view.author]) for view in found]
    if file.suffix == ".csv":
        text = io.StringIO()
        writer = csv.DictWriter(text, DIRECTORY)
        writer.writeheader()
        writer.writerows({name: _unrun(value) for name, value in row.items()} for row in rows)
        file.write_text(text.getvalue(), encoding="utf-8")
    elif file.suffix == ".json":
        import orjson

        file.write_bytes(orjson.dumps(rows, option=orjson.OPT_INDENT_2))
    else:
        raise InvalidInput("file-form", f"{file.name} is neither .csv nor .json.", "Name it so.")
    current().print(f"{len(rows)} contacts in {file}.")
    current().result({"file": str(file), "contacts": len(rows)})


@app.command("profile")
def profile_(
    member: Member = HOME,
    file: Annotated[Path | None, typer.Option("--import", dir_okay=False, help="A document after RFC 2350.")] = None,
    name: Annotated[str, typer.Option(help="Name of the team, where the document has none.")] = "",
    section: Annotated[list[str] | None, typer.Option("--section", help="3.2=text: what a section says.")] = None,
    to: Annotated[list[str] | None, typer.Option("--to", help="A member that may know of it.")] = None,
    community: Annotated[list[str] | None, typer.Option("--community", help="A community that may.")] = None,
    tlp: Annotated[str, typer.Option(help="TLP level.")] = "TLP:GREEN",
) -> None:
    """Show a team's profile after RFC 2350; or set your own, from a document or by sections.

    Example: commonwatch contact profile --import rfc2350.txt --community csirts
    """
    reader, out, by = operator(ACTOR), current(), By(ACTOR, now_us())
    audience = Audience(tlp, tuple(to or ()), tuple(community or ()))
    if file is not None:
        actions.set_profile(profile.read(file.read_text(encoding="utf-8"), name or "Our team"), audience, by)
    if section:
        said = given.pairs(section)
        actions.set_profile(stix.Profile(name or "Our team", said), audience, by, whole=False)
    found = queries.team(reader, member_named(member).identity, now_us())
    out.print(found.text)
    for gap in found.gaps:
        out.note(gap)
    out.result(found)


def _row(view: ContactView) -> tuple[str, ...]:
    said = view.content
    reached = " ".join(one for one in (said.telephone, said.email, said.channel) if one)
    confirmed = format_time(view.confirmed_us, 0)[:10] + (" OVERDUE" if view.overdue else "")
    return (said.name, ", ".join(said.roles), reached, ", ".join(said.languages), _there(view), confirmed)


def _there(view: ContactView) -> str:
    if view.ended:
        return "taken back"
    if view.is_there:
        return f"there until {format_time(view.there_until_us, 0)}" if view.there_until_us else "there"
    return f"there from {format_time(view.there_from_us, 0)}" if view.there_from_us else "not there"


def _pings(views: Sequence[ContactView], called: Any) -> None:
    rows = [
        (
            one.id,
            view.content.name,
            called[one.author],
            format_time(one.sent_us, 0),
            one.standing,
            "yes" if one.automatic_us else "",
            one.answered_by,
            _seconds(None if one.took_us is None else one.took_us / 1e6) if one.took_us is not None else "",
        )
        for view in views
        for one in view.pings
    ]
    columns = ["ping", "contact", "by", "sent", "standing", "by the node", "answered by", "took"]
    current().table(columns, rows, "No pings.")


def _seconds(value: float | None) -> str:
    if value is None:
        return "never"
    return f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min" if value < 7_200 else f"{value / 3_600:.1f} h"


def _listed(view: ContactView, member: str) -> dict[str, str]:
    said = view.content
    spans = [f"{','.join(one.days)} {one.begins}-{one.ends}" for one in said.hours]
    return {
        "member": member,
        "name": said.name,
        "roles": ", ".join(said.roles),
        "position": said.position,
        "telephone": said.telephone,
        "email": said.email,
        "channel": said.channel,
        "languages": ", ".join(said.languages),
        "time_zone": said.time_zone,
        "hours": "; ".join(spans) or "always",
    }


def _unrun(value: str) -> str:
    """So that no spreadsheet runs what somebody wrote; a telephone number's sign is kept behind a blank."""
    return f" {value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value
