"""`commonwatch federation`: peers that this node exchanges with."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings

from commonwatch.base.clock import now_us
from commonwatch.base.keys.node import node_key, public_name
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import operator
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.federation import actions, bundles, joining, purging, queries
from commonwatch.capabilities.federation.joining import Known
from commonwatch.capabilities.federation.membership_commands import (
    approve,
    create,
    expel,
    recover,
    root_key,
    rotate,
    show_standing,
    sign_root,
)
from commonwatch.capabilities.federation.transport import HttpTransport
from commonwatch.core.errors import InvalidInput

app = typer.Typer(no_args_is_help=True, help="Exchange with other nodes: join, see how it goes, pause, expel.")

for command in (create, approve, rotate, expel, recover, root_key, sign_root):
    app.command()(command)

ACTOR = "command line"
bundle_app = typer.Typer(no_args_is_help=True, help="Exchange by files, where there is no line or a bad one.")
Peer = Annotated[str, typer.Argument(help="Name of the peer, which is that of its member here.")]
Kind = Annotated[MemberKind, typer.Option(help="What the peer's member is; law treats the kinds differently.")]
Country = Annotated[str, typer.Option(help="Its jurisdiction, e.g. NO; none for international organisations.")]
Into = Annotated[str, typer.Option("--collection", help="The collection that is shared with it.")]
Url = Annotated[str, typer.Option(help="Where this node answers; default: the setting public_url.")]


@app.command()
def invite(name: Peer, kind: Kind, country: Country = "", into: Into = "main", url: Url = "") -> None:
    """Make a code that lets one node in, once, within a day. Give it to the other side by a channel you both trust.

    Example: commonwatch federation invite cert-no --kind state-body --country NO
    """
    known = Known(name, kind, country, into)
    code = joining.invite(known, url or settings.COMMONWATCH.public_url, By(ACTOR, now_us()))
    out = current()
    out.print(f"Code for {name}, good once, for a day:\n\n{code}\n")
    out.print("There: commonwatch federation join CODE NAME-OF-THIS-MEMBER --kind ... --country ...")
    out.result({"peer": name, "code": code})


@app.command()
def join(
    code: Annotated[str, typer.Argument(help="The code, whole.")],
    name: Peer,
    kind: Kind,
    country: Country = "",
    into: Into = "main",
    url: Url = "",
) -> None:
    """Use a code of another node: from then on both exchange what their releases allow.

    A node that others cannot call (no --url, no public_url) fetches instead.

    Example: commonwatch federation join cwi1.eyJ1cmwi... cert-at --kind state-body --country AT
    """
    known = Known(name, kind, country, into)
    own = url or settings.COMMONWATCH.public_url
    with closing(HttpTransport()) as transport:
        peer = joining.join(code, known, own, transport, By(ACTOR, now_us()))
    out = current()
    out.print(f"{name} is a peer. Its key: {peer.key}")
    out.print(
        "Compare it with what `commonwatch federation key` says there. How it goes: commonwatch federation status"
    )
    out.result({"peer": name, "key": peer.key, "fetches": peer.fetch})


@app.command()
def key() -> None:
    """Show this node's key, to be compared by telephone.

    Example: commonwatch federation key
    """
    name = public_name(node_key())
    current().print(" ".join(name[start : start + 8] for start in range(0, 64, 8)))
    current().result({"key": name})


@app.command()
def status() -> None:
    """Show every peer: how far behind it is, what was skipped, the last error, the next try. Then the partnership: who is in it,
    who decides, what waits for approval, what has to be renewed.

    Example: commonwatch federation status
    """
    found = queries.states(now_us())
    rows = [
        (
            one.name,
            one.way + (f", {one.bytes_per_second // 1024} KiB/s" if one.bytes_per_second else ""),
            f"{one.lag} (LATE)" if one.late else one.lag,
            f"{one.sent:,}",
            f"{one.received:,}",
            one.skipped,
            one.heard,
            one.trouble,
            f"in {one.next_try_seconds} s" if one.next_try_seconds else "",
        )
        for one in found
    ]
    columns = ["peer", "way", "behind", "sent", "received", "skipped", "last answer", "trouble", "next try"]
    current().table(columns, rows, "No peers yet: commonwatch federation invite NAME --kind state-body --country NO")
    current().result({"peers": found, "partnership": show_standing()})


@app.command()
def skipped(name: Peer) -> None:
    """Show what did not go in at a peer, or here, and why.

    Example: commonwatch federation skipped cert-no
    """
    found = queries.skipped(name)
    rows = [(one.side, one.object, one.version, one.code, one.sentence) for one in found]
    current().table(["where", "object", "version", "code", "because"], rows, "Nothing was skipped.")
    current().result(found)


@app.command()
def offer(name: Peer, into: Annotated[str, typer.Argument(metavar="COLLECTION", help="Id or alias.")]) -> None:
    """Offer a peer a further collection. Release decides what of it the peer gets.

    Example: commonwatch federation offer cert-no main
    """
    view = collection(operator(ACTOR), into)
    actions.offer(name, view, By(ACTOR, now_us()))
    current().print(f"{name} is offered {view.title}.")
    current().result({"peer": name, "collection": str(view.uuid)})


@app.command()
def pause(name: Peer) -> None:
    """Stop the exchange with a peer for a while; nothing is lost by it.

    Example: commonwatch federation pause cert-no
    """
    actions.pause(name, paused=True, by=By(ACTOR, now_us()))
    current().print(f"The exchange with {name} is paused. To go on: commonwatch federation resume {name}")
    current().result({"peer": name, "paused": True})


@app.command()
def resume(name: Peer) -> None:
    """Go on exchanging with a peer, at once.

    Example: commonwatch federation resume cert-no
    """
    actions.pause(name, paused=False, by=By(ACTOR, now_us()))
    current().print(f"The exchange with {name} goes on.")
    current().result({"peer": name, "paused": False})


@app.command()
def limit(
    name: Peer, kib: Annotated[int, typer.Argument(metavar="KIB", help="KiB a second, on average; 0 ends the limit.")]
) -> None:
    """Bound what this node sends to a peer, or fetches from it.

    Example: commonwatch federation limit cert-ke 16
    """
    actions.limit(name, kib, By(ACTOR, now_us()))
    current().print(f"{name}: {kib} KiB a second at most." if kib else f"{name} has no limit.")
    current().result({"peer": name, "kib_per_second": kib})


@app.command()
def purge(
    member: Annotated[str, typer.Argument(help="The member whose intelligence is taken back; see `party list`.")],
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be taken back.")] = False,
    with_others: Annotated[
        bool, typer.Option("--with-others", help="Also what it brought and other members brought as well.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="End the purge and show everything again.")] = False,
    erase: Annotated[
        bool, typer.Option("--erase", help="Destroy the bytes of what the purge hides, for good.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before erasing.")] = False,
) -> None:
    """Take back at once what a poisoned or expelled member wrote or brought, here and wherever it went from here.

    It is hidden and can be shown again until it is erased. What comes of the member later is hidden, too.

    Example: commonwatch federation purge cert-xy --dry-run
    """
    if dry_run + undo + erase > 1:
        raise InvalidInput("purge-mode", "--dry-run, --undo and --erase exclude one another.", "Give one of them.")
    by, out = By(ACTOR, now_us()), current()
    if dry_run:
        _show(purging.plan(member, with_others=with_others), done=False)
    elif undo or erase:
        if erase and not yes and not typer.confirm(f"Destroy everything of {member} on this node?"):
            out.stop(Exit.WRONG_USE)
        with out.progress("Erasing" if erase else "Showing again") as advance:
            work = purging.erase if erase else purging.undo
            count = work(member, reason, by, lambda done: advance(done))
        out.print(f"{count:,} objects of {member} are {'erased' if erase else 'shown again'}.")
        if undo:
            out.print(f"The exchange with it stays paused: commonwatch federation resume {member}")
        out.result({"member": member, "erased" if erase else "shown": count})
    else:
        with out.progress("Hiding") as advance:
            found = purging.purge(member, reason, by, with_others=with_others, progress=lambda done: advance(done))
        _show(found, done=True)


def _show(found: purging.PurgePlan, *, done: bool) -> None:
    out = current()
    out.print(
        f"{found.objects:,} objects {'are' if done else 'would be'} hidden, {found.authored:,} of them written by {found.member}."
    )
    rows = [("type", name, f"{many:,}") for name, many in found.types.items()]
    rows += [("in collection", name, f"{many:,}") for name, many in found.collections.items()]
    rows += [("recalled from", name, f"{many:,}") for name, many in found.recalled_from.items()]
    rows += [("stays, brought also by", name, f"{many:,}") for name, many in found.kept.items()]
    rows += [("exchange paused", name, "") for name in found.peers_paused]
    rows += [("for example", identity, "") for identity in found.examples]
    out.table(["what", "", "objects"], rows, "")
    if done:
        out.print(f"To show them again: commonwatch federation purge {found.member} --undo --reason ...")
        out.print(f"To destroy them:    commonwatch federation purge {found.member} --erase --reason ...")
    elif found.objects:
        out.print(f"To do it: commonwatch federation purge {found.member} --reason ...")
    out.result(found)


@bundle_app.command()
def make(
    name: Peer,
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Where the bundle is written.")],
    further: Annotated[
        bool, typer.Option("--further", help="From where the last bundle ended, not from the last acknowledgement.")
    ] = False,
) -> None:
    """Write what is new for a peer into a file that only it can open.

    Example: commonwatch bundle make cert-ke monday.cwb
    """
    sealed, count = bundles.make(actions.peer_named(name), now_us(), further=further)
    file.write_bytes(sealed)
    out = current()
    out.print(
        f"{count:,} objects for {name} in {file}, {len(sealed):,} bytes. There: commonwatch bundle apply {file.name}"
    )
    out.result({"peer": name, "objects": count, "bytes": len(sealed)})


@bundle_app.command()
def apply(file: Annotated[Path, typer.Argument(dir_okay=False, help="A bundle made for this node.")]) -> None:
    """Take in a bundle that a peer made for this node. Applying it again does no harm.

    Example: commonwatch bundle apply monday.cwb
    """
    done = bundles.apply(bundles.read(file), now_us())
    out = current()
    out.print(f"From {done.peer}, made {done.made}: {done.admitted:,} admitted, {done.duplicate:,} held already.")
    rows = [(one.object, one.version, one.code, one.sentence) for one in done.skipped]
    if rows:
        out.table(["object", "version", "code", "because"], rows, "")
    if done.missing:
        out.print("Some of it follows on an earlier bundle that is not here: apply that first, then this one again.")
    out.result(done)
    if done.missing or done.skipped:
        out.stop(Exit.NOT_ALL_ADMITTED)
