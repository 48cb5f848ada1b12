"""`commonwatch evidence`: items, hand-overs, content. `export` and `verify` are added by the command line's own composing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

import msgspec
import typer
from django.conf import settings

from commonwatch.base.intake.own import Audience
from commonwatch.base.outbound import client
from commonwatch.base.release.reader import operator
from commonwatch.base.stamping.commands import say
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.evidence import actions, carrying, fetching, jobs, queries, sealing
from commonwatch.capabilities.evidence.actions import Collected
from commonwatch.capabilities.evidence.case_uco import case_uco as described
from commonwatch.capabilities.evidence.commands.given import ACTOR, Item, Members, Tlp, by, now, person, read
from commonwatch.capabilities.evidence.queries import StampState
from commonwatch.capabilities.evidence.store import fetched, opened
from commonwatch.core.errors import IntegrityError
from commonwatch.core.stix.response.evidence import NoteKind

app = typer.Typer(no_args_is_help=True, help="Evidence: sealed content, its chain of custody, time stamps.")
Content = Annotated[
    Path | None, typer.Option("--content", help="The opened content, to be compared with the item's sums.")
]
Identity = Annotated[Path, typer.Option("--identity", help="File with a recipient's secret key (age, or OpenSSH).")]
Keys = Annotated[list[str], typer.Option("--recipient", help="Public key (age1..., ssh-ed25519 ...); may be repeated.")]


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="The content, of any size.")],
    name: Annotated[str, typer.Option(help="What it is, e.g. 'Disk of the mail server'.")],
    basis: Annotated[str, typer.Option(help="Legal basis: the law, order or consent.")],
    collected_by: Annotated[str, typer.Option(help="Who collected it; default: who gives this command.")] = "",
    collected_at: Annotated[str, typer.Option(help="When, as 2026-11-29T10:15:00Z; default: now.")] = "",
    tool: Annotated[str, typer.Option(help="With what, with its version.")] = "",
    method: Annotated[str, typer.Option(help="How.")] = "",
    place: Annotated[str, typer.Option(help="Where, or from which system.")] = "",
    description: Annotated[str, typer.Option(help="What else is to be said.")] = "",
    case: Annotated[str, typer.Option(help="Id of the case that it belongs to.")] = "",
    request: Annotated[str, typer.Option(help="Id of the legal request that it answers.")] = "",
    recipient: Keys = [],  # noqa: B006 - typer copies it
    tlp: Tlp = "TLP:AMBER+STRICT",
    members: Members = [],  # noqa: B006
) -> None:
    """Seal a file into the store and write the item. Killed and given again, it goes on where it was.

    Example: commonwatch evidence add disk.img --name "Mail server" --basis "StPO 110" --recipient age1... --for cert-no
    """
    told = Collected(
        name, collected_by or person(), collected_at or now(), basis, tool, method, place, description, case, request
    )
    with current().progress("Sealing", file.stat().st_size if file.is_file() else None) as advance:
        made = actions.add(file, told, Audience(tlp, tuple(members)), recipient, by(), advance)
    found = queries.item(operator(ACTOR), made)
    current().print(f"{made}: {found.about.size:,} bytes, SHA-256 {found.about.hashes.sha256}.")
    _say_missing(found.missing_stamps)
    current().result(_plain(found))


@app.command("list")
def list_items(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 50,
    case: Annotated[str, typer.Option(help="Only of this case, by its id.")] = "",
) -> None:
    """List items with who holds each.

    Example: commonwatch evidence list
    """
    found = queries.items(operator(ACTOR), None, limit, case)
    rows = [(one.id, one.name, f"{one.size:,}", one.holder, one.offered_to, one.state, one.marking) for one in found]
    columns = ["id", "name", "bytes", "held by", "offered to", "state", "marking"]
    current().table(columns, rows, "No evidence yet: `commonwatch evidence add FILE`.")
    current().result(_plain(found))


@app.command()
def show(item: Item) -> None:
    """Show an item: its sums, every act of its chain, what is wrong with it, which stamps are missing.

    Example: commonwatch evidence show evidence-item--...
    """
    found = queries.item(operator(ACTOR), item)
    out, about = current(), found.about
    out.print(
        f"{about.name}: {about.size:,} bytes, held by {found.item.holder} ({found.item.state}), {found.item.marking}."
    )
    out.print(f"SHA-256 {about.hashes.sha256}\nSHA-512 {about.hashes.sha512}")
    out.print(f"Sealed for {len(about.sealed.recipients)} keys; its content is {'here' if found.here else 'not here'}.")
    rows = [
        (
            one.at,
            one.what,
            one.by,
            ", ".join(f"{name}: {text}" for name, text in one.detail.items()),
            ", ".join(one.stamps),
            one.id,
        )
        for one in found.acts
    ]
    out.table(["at", "what", "by", "said", "stamped by", "id"], rows, "")
    for one in found.breaks:
        out.print(f"BROKEN at {one['place']}: {one['sentence']}")
    _say_missing(found.missing_stamps)
    out.result(_plain(found))


@app.command("hand-over")
def hand_over(
    item: Item,
    member: Annotated[str, typer.Argument(help="Who is to have it; see `commonwatch party list`.")],
    purpose: Annotated[str, typer.Option(help="What for.")],
    conditions: Annotated[str, typer.Option(help="On which conditions.")] = "",
) -> None:
    """Offer an item to another member: it is theirs once they accept. The content travels apart (`pack`).

    Example: commonwatch evidence hand-over evidence-item--... cert-no --purpose "Analysis at the request of NO"
    """
    made = actions.hand_over(item, member, purpose, by(), conditions)
    current().print(f"{made}: offered to {member}. Its content: commonwatch evidence pack {item} FILE")
    current().result({"id": made, "to": member})


@app.command()
def accept(item: Item, content: Content = None) -> None:
    """Take over what was offered to us. Sealed content that is here is compared; with --content the opened content as well.

    Example: commonwatch evidence accept evidence-item--...
    """
    made = actions.accept(item, by(), sealing.digests(content) if content else None)
    current().print(f"{made}: taken over.")
    current().result({"id": made, "answer": "accepted"})


@app.command()
def refuse(item: Item, reason: Annotated[str, typer.Option(help="Why.")], content: Content = None) -> None:
    """Refuse what was offered to us; it stays with whoever offered it.

    Example: commonwatch evidence refuse evidence-item--... --reason "Other sums than offered" --content disk.img
    """
    made = actions.refuse(item, reason, by(), sealing.digests(content) if content else None)
    current().print(f"{made}: refused.")
    current().result({"id": made, "answer": "refused"})


@app.command()
def note(
    item: Item,
    kind: Annotated[str, typer.Argument(help="examined, copied, moved, withdrawn, returned or destroyed.")],
    text: Annotated[str, typer.Option(help="What was done.")] = "",
    tool: Annotated[str, typer.Option(help="With what.")] = "",
    done_by: Annotated[str, typer.Option(help="By whom; default: who gives this command.")] = "",
    done_at: Annotated[str, typer.Option(help="When; default: now.")] = "",
) -> None:
    """Say what was done with an item that is held here; `withdrawn` takes an offer back.

    Example: commonwatch evidence note evidence-item--... examined --tool "plaso 20260101" --text "Timeline made"
    """
    made = actions.note(item, cast(NoteKind, kind), done_by or person(), done_at or now(), by(), text, tool)
    current().print(f"{made}: {kind}.")
    current().result({"id": made, "kind": kind})


@app.command()
def share(item: Item, member: Annotated[str, typer.Argument(help="Who is to see it.")]) -> None:
    """Show another member what is ours of an item's chain. It says the same, and needs no new acts.

    Example: commonwatch evidence share evidence-item--... cert-de
    """
    count = actions.share(item, member, by())
    current().print(f"{member} sees {count} further objects.")
    current().result({"shown": count})


@app.command()
def stamp(item: Item) -> None:
    """Ask the time-stamping authorities of the settings now for every stamp that an item of ours lacks.

    Example: commonwatch evidence stamp evidence-item--...
    """
    say(*jobs.ask_missing(item, by()))


@app.command()
def check() -> None:
    """Compare every piece in the store with its name, and every item held here with its pieces. Nothing is opened.

    Example: commonwatch evidence check
    """
    with current().progress("Reading") as advance:
        found = queries.examine(operator(ACTOR), advance)
    rows = [(one.trouble, one.digest, one.item) for one in found.troubles]
    current().table(["trouble", "piece", "item"], rows, "Every piece is what its name says, and none is missing.")
    current().print(
        f"{found.pieces:,} pieces, {found.bytes:,} bytes in {found.place}; {found.unnamed:,} that no item names."
    )
    current().result(_plain(found))
    if found.troubles:
        current().stop(Exit.NOT_ALL_ADMITTED)


@app.command()
def pack(item: Item, file: Annotated[Path, typer.Argument(help="Where to write it.")]) -> None:
    """Write an item's sealed content to one file to be carried. It stays sealed: any way will do.

    Example: commonwatch evidence pack evidence-item--... disk.sealed.tar
    """
    store = opened()
    pieces = queries.pieces_of(queries.known(operator(ACTOR), item).chain, store)
    with current().progress("Packing") as advance:
        size = carrying.pack(store, pieces, file, advance)
    current().print(f"Wrote {file}: {size:,} bytes. There: commonwatch evidence take {file}")
    current().result({"file": str(file), "bytes": size, "pieces": len(pieces)})


@app.command()
def take(file: Annotated[Path, typer.Argument(help="A file that `pack` made.")]) -> None:
    """Put carried content into this node's store. It stays sealed.

    Example: commonwatch evidence take disk.sealed.tar
    """
    with current().progress("Taking in") as advance:
        manifest = carrying.take(file, opened(), advance)
    current().print(f"Its content is here, whole. Manifest {manifest}.")
    current().result({"manifest": manifest})


@app.command()
def fetch(
    item: Item,
    url: Annotated[str, typer.Argument(help="The other node's address, e.g. https://cti.example.no.")],
    token_file: Annotated[Path, typer.Option(help="File with a token for that node's API.")],
) -> None:
    """Fetch an item's sealed content from another node's API. Broken off and given again, it goes on where it was.

    Example: commonwatch evidence fetch evidence-item--... https://cti.example.no --token-file no.token
    """
    known, token = queries.known(operator(ACTOR), item), read(token_file).decode("utf-8", "replace").strip()
    with (
        current().progress("Fetching", known.chain.about.sealed.size) as advance,
        client(settings.COMMONWATCH.outbound_networks) as line,
    ):
        manifest, count = fetching.fetch(known.chain, url, token, opened(), line, advance)
    current().print(f"Its content is here, whole; {count} pieces were fetched.")
    current().result({"manifest": manifest, "fetched": count})


@app.command("open")
def open_(
    item: Item, to: Annotated[Path, typer.Argument(help="Where to write the content.")], identity: Identity
) -> None:
    """Open an item's content with a recipient's key, and compare it with the item. The node itself never does this.

    Example: commonwatch evidence open evidence-item--... disk.img --identity officer.key
    """
    known, store = queries.known(operator(ACTOR), item), opened()
    keys = sealing.identities_of(read(identity).decode("utf-8", "replace"))
    about = known.chain.about
    manifest = sealing.manifest_of(fetched(store, queries.pieces_of(known.chain, store)[0]))
    with current().progress("Opening", about.size) as advance:
        found = carrying.opened_to(manifest, store.get, keys, to, advance)
    if (found.size, found.sha256, found.sha512) != (about.size, about.hashes.sha256, about.hashes.sha512):
        raise IntegrityError("content-differs", f"{to} is not the item.", "See `commonwatch evidence check`.")
    current().print(f"Wrote {to}: {found.size:,} bytes with the item's sums.")
    current().result({"file": str(to), "sha256": found.sha256, "sha512": found.sha512})


@app.command("open-file")
def open_file(
    file: Annotated[Path, typer.Argument(help="A file that `pack` made.")],
    to: Annotated[Path, typer.Argument(help="Where to write the content.")],
    identity: Identity,
) -> None:
    """Open carried content with a recipient's key where there is no node; compare the sums that it prints.

    Example: commonwatch evidence open-file disk.sealed.tar disk.img --identity officer.key
    """
    keys = sealing.identities_of(read(identity).decode("utf-8", "replace"))
    with current().progress("Opening") as advance:
        found = carrying.open_file(file, keys, to, advance)
    current().print(f"Wrote {to}: {found.size:,} bytes.\nSHA-256 {found.sha256}\nSHA-512 {found.sha512}")
    current().result({"file": str(to), "bytes": found.size, "sha256": found.sha256, "sha512": found.sha512})


@app.command()
def reseal(item: Item, identity: Identity, recipient: Keys) -> None:
    """Seal an item's content for others with a recipient's key. Nothing plain is written anywhere; the chain says who did it.

    Example: commonwatch evidence reseal evidence-item--... --identity officer.key --recipient age1...
    """
    keys = sealing.identities_of(read(identity).decode("utf-8", "replace"))
    size = queries.known(operator(ACTOR), item).chain.about.size
    with current().progress("Sealing", size) as advance:
        made = actions.reseal(item, keys, recipient, person(), by(), advance)
    current().print(f"{made}: sealed for {len(recipient)} keys.")
    current().result({"id": made})


@app.command("case-uco")
def case_uco(
    item: Item, file: Annotated[Path | None, typer.Argument(help="Where to write it; default: print.")] = None
) -> None:
    """Export an item with its chain as CASE/UCO (JSON-LD), for forensic tools.

    Example: commonwatch evidence case-uco evidence-item--... disk.jsonld
    """
    found = queries.item(operator(ACTOR), item)
    made = described(found)
    if file is not None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=2))
        current().print(f"Wrote {file}.")
        current().result({"file": str(file)})
        return
    current().print(msgspec.json.format(msgspec.json.encode(made), indent=2).decode())
    current().result(made)


def _say_missing(missing: tuple[StampState, ...]) -> None:
    for one in missing:
        again = f", asked again at {one.next_try}" if one.next_try else ""
        current().note(f"No stamp of {one.authority} for {one.subject} yet ({one.state}{again}). {one.error}".rstrip())


def _plain(found: Any) -> Any:
    return msgspec.to_builtins(found)
