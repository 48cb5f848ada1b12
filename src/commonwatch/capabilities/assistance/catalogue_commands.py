"""The catalogue of what members can give, from the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.intake.own import Audience
from commonwatch.base.parties.actions import By
from commonwatch.base.release.reader import operator
from commonwatch.base.terminal import current
from commonwatch.base.threads.queries import names
from commonwatch.capabilities.assistance import actions, queries, showing
from commonwatch.capabilities.assistance.facts import skills as every_skill
from commonwatch.core.stix.response import assistance as stix

catalogue = typer.Typer(no_args_is_help=True, help="What members can give: people, tools, capacity, funds.")

ACTOR = "command line"
Begins = Annotated[str, typer.Option(help="From when, e.g. 2026-12-01T00:00:00Z; else from now.")]
Ends = Annotated[str, typer.Option(help="Until when; else without end.")]
Reservation = Annotated[str, typer.Argument(help="The reservation's id; see `assist catalogue list --json`.")]
Reason = Annotated[str, typer.Option(help="Why; the other side reads it.")]


@catalogue.command()
def skills() -> None:
    """Show what can be asked for and offered.

    Example: commonwatch assist catalogue skills
    """
    found = every_skill()
    rows = [(one.id, one.kind, one.title, one.unit, one.ref) for one in found.skills]
    current().table(["skill", "kind", "title", "counted in", "FIRST service"], rows, "There is none.")
    current().result(found)


@catalogue.command()
def add(
    name: Annotated[str, typer.Argument(help="What it is, in a line.")],
    skill: Annotated[str, typer.Argument(help="A word of `assist catalogue skills`.")],
    quantity: Annotated[int, typer.Option(help="How much of it there is.")] = 1,
    language: Annotated[list[str] | None, typer.Option("--language", help="A language that is spoken.")] = None,
    utc_offset: Annotated[int, typer.Option(help="Minutes from UTC of its working hours.")] = 0,
    on_site: Annotated[bool, typer.Option("--on-site", help="It can go where the work is.")] = False,
    begins: Begins = "",
    ends: Ends = "",
    notice_hours: Annotated[int, typer.Option(help="How long before it has to be told.")] = 0,
    to: Annotated[list[str] | None, typer.Option("--to", help="A member that may know of it.")] = None,
    community: Annotated[list[str] | None, typer.Option("--community", help="A community that may.")] = None,
    tlp: Annotated[str, typer.Option(help="TLP level.")] = "TLP:AMBER",
) -> None:
    """Put into the catalogue what your member can give, for those who may know of it.

    Example: commonwatch assist catalogue add "Two analysts" incident-analysis --quantity 2 --language fr --language en --community csirts
    """
    content = stix.Capability(
        name=name,
        skill=skill,
        quantity=quantity,
        languages=tuple(language or ()),
        utc_offset=utc_offset,
        on_site=on_site,
        begins=begins,
        ends=ends,
        notice_hours=notice_hours,
    )
    audience = Audience(tlp, tuple(to or ()), tuple(community or ()))
    identity = actions.add_capability(content, audience, By(ACTOR, now_us()))
    current().print(f"In the catalogue: {identity}")
    current().result({"id": identity})


@catalogue.command("list")
def list_() -> None:
    """Show what members can give, how much of it is free, and what is contested.

    Example: commonwatch assist catalogue list
    """
    reader = operator(ACTOR)
    found = [view for _, view in queries.capabilities(reader, now_us())]
    called = names(reader, {view.author for view in found})
    rows = [
        (
            view.id,
            view.content.name,
            called[view.author],
            view.content.skill,
            ", ".join(view.content.languages),
            view.content.quantity,
            "ended" if view.ended else view.free("", ""),
            "CONTESTED" if view.contested else "",
        )
        for view in found
    ]
    columns = ["capability", "what", "by", "skill", "languages", "there", "free", ""]
    current().table(columns, rows, "The catalogue is empty: commonwatch assist catalogue add ...")
    current().result([showing.shown_capability(view) for view in found])


@catalogue.command()
def remove(identity: Annotated[str, typer.Argument(metavar="CAPABILITY")], reason: Reason) -> None:
    """Take one of your own out of the catalogue.

    Example: commonwatch assist catalogue remove assistance-capability--... --reason "the team is dissolved"
    """
    actions.end_capability(identity, reason, By(ACTOR, now_us()))
    current().print("It is out of the catalogue.")
    current().result({"id": identity})


@catalogue.command()
def reserve(
    identity: Annotated[str, typer.Argument(metavar="CAPABILITY")],
    quantity: Annotated[int, typer.Option(help="How much of it.")] = 1,
    begins: Begins = "",
    ends: Ends = "",
    reason: Reason = "",
) -> None:
    """Hold some of a capability. Where there is not enough left, it is contested and its owner decides.

    Example: commonwatch assist catalogue reserve assistance-capability--... --quantity 1 --reason "exercise in May"
    """
    made = actions.reserve(identity, quantity, begins, ends, reason, By(ACTOR, now_us()))
    view = queries.capability(operator(ACTOR), identity, now_us())
    standing = next((one.standing for one in view.held if one.id == made), "")
    current().print(f"Reserved: {made} ({standing})")
    current().result({"id": made, "standing": standing})


@catalogue.command()
def release(identity: Reservation, reason: Reason = "") -> None:
    """Give back what you reserved; or refuse, as its owner, what another reserved.

    Example: commonwatch assist catalogue release assistance-reservation--...
    """
    made = actions.release(identity, reason, By(ACTOR, now_us()))
    current().print("It is free again.")
    current().result({"id": made})


@catalogue.command()
def allot(identity: Reservation, reason: Reason = "") -> None:
    """Decide, as the owner, that a reservation stands.

    Example: commonwatch assist catalogue allot assistance-reservation--... --reason "the port cannot wait"
    """
    made = actions.allot(identity, reason, By(ACTOR, now_us()))
    current().print("It is allotted.")
    current().result({"id": made})
