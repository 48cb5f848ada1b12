"""`commonwatch publish` and `commonwatch revoke`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings

from commonwatch.base.release.collections import collection
from commonwatch.base.release.commands.explaining import Altered, show_simulation
from commonwatch.base.release.reader import operator
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.exchange.publishing.actions import Publication, Terms
from commonwatch.capabilities.exchange.publishing.actions import publish as published
from commonwatch.capabilities.exchange.publishing.actions import revoke as revoked
from commonwatch.capabilities.exchange.publishing.shown import shown_publication, shown_result
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.markings import MARKING_IDS

ACTOR = "command line"
Into = Annotated[str, typer.Option("--collection", help="Id or alias of the collection they go to.")]


def publish(
    file: Annotated[str, typer.Argument(help="A STIX object or a bundle of drafts; - for standard input.")],
    into: Into = "main",
    default_marking: Annotated[
        str, typer.Option(help="Marking of what says no TLP level itself; default: the node's setting.")
    ] = "",
    purpose: Annotated[str, typer.Option(help="Purpose for which the reach is shown.")] = DEFAULT_PURPOSE,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    altered: Altered = False,
    preview: Annotated[bool, typer.Option("--preview", help="Say who would get it, and store nothing.")] = False,
) -> None:
    """Share what the node's own member wrote: says who gets it, and refuses what nobody may have or law forbids.

    A draft may leave out id, dates and author: they are filled in. All objects of a file go in, or none.

    Example: commonwatch publish draft.json --reason "Seen at two hospitals" --preview
    """
    terms = Terms(collection(operator(ACTOR), into).slot, _marking(default_marking), purpose, altered)
    done = published(_read(file), terms, actor=ACTOR, reason=reason, preview=preview)
    out = current()
    for one in done.simulations:
        show_simulation(one)
    _say(done, preview=preview)
    out.result(shown_publication(done))
    if done.blocked or (done.report is not None and not all(one.is_in for one in done.report.results)):
        out.stop(Exit.NOT_ALL_ADMITTED)


def revoke(
    identity: Annotated[str, typer.Argument(help="STIX id of an object that the node's own member wrote.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    into: Into = "main",
) -> None:
    """Take back what the node's own member published: a last version that says so, and a recall to whoever had it.

    Example: commonwatch revoke indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f --reason "A scanner of a university"
    """
    terms = Terms(collection(operator(ACTOR), into).slot)
    result = revoked(identity, terms, actor=ACTOR, reason=reason).results[0]
    out = current()
    out.print(f"{result.object_id} is revoked. Who had it is told: commonwatch recall list")
    out.result(shown_result(result))


def _marking(given: str) -> str:
    chosen: str = given or settings.COMMONWATCH.default_marking
    if chosen not in MARKING_IDS:
        raise InvalidInput("marking-unknown", f"{chosen} is no TLP level.", "Use TLP:GREEN, for example.")
    return chosen


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise InvalidInput("file-unreadable", f"{file}: {error.strerror}.", "Give a readable file.") from None


def _say(done: Publication, *, preview: bool) -> None:
    out = current()
    if done.blocked:
        count, whole = len(done.blocked), len(done.simulations)
        out.print(f"Nothing was published: {count} of {whole} must not be as they are. Mend what is marked ERROR.")
    elif done.report is None and preview:
        out.print("Nothing was published: this is a preview.")
    elif done.report is not None:
        for result in done.report.results:
            out.print(f"{result.kind}: {result.object_id}")
        out.print("To take one back: commonwatch revoke ID --reason WHY")
