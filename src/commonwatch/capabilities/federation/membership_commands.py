"""`commonwatch federation create`, `approve`, `rotate`, `expel`, `recover`: who belongs to the partnership, with which keys."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.keys.files import new_sealed_key, sealed_key
from commonwatch.base.parties.actions import By
from commonwatch.base.terminal import current
from commonwatch.capabilities.federation.membership import approving, partnership, rotation
from commonwatch.capabilities.federation.membership.metadata import read_root, signed, tuf_key
from commonwatch.capabilities.federation.membership.standing import Standing, approver_key, standing, waiting
from commonwatch.core.signing.keys import SigningKey

ACTOR = "command line"
Passphrase = Annotated[
    Path | None,
    typer.Option("--passphrase-file", exists=True, dir_okay=False, help="Holds the passphrase; else it is asked for."),
]
RootFiles = Annotated[list[Path], typer.Option("--root", help="File for a root key, on a stick: one for each holder.")]
With = Annotated[list[Path], typer.Option("--with", help="root, approvers: a root key's file; as many as must sign.")]
Stolen = Annotated[
    str,
    typer.Option(
        "--stolen-since", help="member: since when the old key may be in other hands, e.g. 2026-11-23T08:00:00Z."
    ),
]


class What(enum.StrEnum):
    """What is rotated."""

    NODE = "node"
    MEMBER = "member"
    ROOT = "root"
    APPROVERS = "approvers"


def create(
    name: Annotated[str, typer.Argument(help="What the partnership is called.")],
    root: RootFiles,
    threshold: Annotated[int, typer.Option(min=1, help="How many root keys must sign together.")] = 1,
    passphrase: Passphrase = None,
) -> None:
    """Begin a partnership: its root keys in files of their own, sealed with a passphrase; this node's member is its first.

    Put the files on sticks that lie in a safe: they are needed to change who decides, not to let members in.

    Example: commonwatch federation create north-south --root /media/stick/root.pem
    """
    keys = [new_sealed_key(file, _passphrase(file, passphrase, confirm=True)) for file in root]
    partnership.create(name, keys, threshold, _by())
    out = current()
    out.print(
        f"The partnership {name} has begun. Root: {threshold} of {len(keys)} keys, in {', '.join(map(str, root))}."
    )
    out.print("Next: commonwatch federation invite NAME, and once it has joined: commonwatch federation approve NAME")
    out.result({"partnership": name, "root_keys": [key.public.id for key in keys], "threshold": threshold})


def approve(
    name: Annotated[str, typer.Argument(help="What waits, by the name that is listed without one.")] = "",
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What a member wrote with `federation recover`.")
    ] = None,
    renew: Annotated[bool, typer.Option("--renew", help="Sign the register for a further time.")] = False,
) -> None:
    """Approve that a node that joined becomes a member, or what another approver proposed. Without a name: list what waits.

    Compare the keys with the member by telephone first.

    Example: commonwatch federation approve cert-no
    """
    by, out = _by(), current()
    if file is not None:
        entry, done = rotation.propose_recovery(rotation.read_recovery(file.read_bytes()), by)
        _said(f"{entry.title} starts anew", done=done)
    elif renew:
        _said("The register is signed for anew", done=approving.sign_anew(by))
    elif name:
        _said(name, done=approving.approve(name, by))
    else:
        found = waiting()
        rows = [(one.name, one.what, f"{one.approvals} of {one.needed}", " ".join(one.keys)) for one in found]
        out.table(["name", "what", "approvals", "keys"], rows, "Nothing waits for approval.")
        out.result(found)


def rotate(
    what: Annotated[What, typer.Argument(help="Whose key.")],
    reason: Annotated[str, typer.Option(help="Why, for the record and, of a stolen key, for everybody.")] = "",
    stolen_since: Stolen = "",
    with_files: With = [],  # noqa: B006 - typer copies it
    new: Annotated[list[Path], typer.Option("--new", help="root: file for a further root key.")] = [],  # noqa: B006
    drop: Annotated[list[Path], typer.Option("--drop", help="root: file of a root key that counts no longer.")] = [],  # noqa: B006
    approver: Annotated[
        list[str], typer.Option("--approver", help="approvers: a member whose node is to be one.")
    ] = [],  # noqa: B006
    threshold: Annotated[int | None, typer.Option(min=1, help="root, approvers: how many must sign together.")] = None,
    passphrase: Passphrase = None,
) -> None:
    """Put a new key in place of the node's or its member's; change the root's keys, or who approves changes.

    `rotate root` with nothing but --with only has the root signed for another year.

    Example: commonwatch federation rotate member --stolen-since 2026-11-23T08:00:00Z --reason "A laptop was stolen"
    """
    by, out = _by(), current()
    if what is What.NODE:
        key = rotation.rotate_node(reason, by)
        out.print(f"This node's key is now {key}. Peers hear of it with the next exchange.")
        out.result({"key": key})
    elif what is What.MEMBER:
        made = rotation.rotate_member(rotation.since_us(stolen_since) if stolen_since else None, reason, by)
        out.print(f"This node's member signs with {made.id} from now on.")
        out.result({"key": made.id})
    elif what is What.ROOT:
        held = [_opened(file, passphrase) for file in with_files]
        fresh = [new_sealed_key(file, _passphrase(file, passphrase, confirm=True)) for file in new]
        dropped = [_opened(file, passphrase).public for file in drop]
        root = partnership.rotate_root(held, fresh, dropped, threshold, by)
        role = root.roles["root"]
        out.print(f"Root {root.version}: {role.threshold} of {len(role.keyids)} keys, until {root.expires:%Y-%m-%d}.")
        out.result({"version": root.version, "keys": len(role.keyids), "threshold": role.threshold})
    else:
        held = [_opened(file, passphrase) for file in with_files]
        done = partnership.choose_approvers([approver_key(one) for one in approver], threshold or 1, held, by)
        _said(f"{threshold or 1} of {len(approver)} approvers", done=done)


def root_key(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="On a stick; made where it is not there yet.")],
    passphrase: Passphrase = None,
) -> None:
    """Make a root key in a file of its own, sealed with a passphrase, or show the public half of one: for a draft of the root.

    Example: commonwatch federation root-key /media/stick/root.pem
    """
    key = (
        _opened(file, passphrase)
        if file.exists()
        else new_sealed_key(file, _passphrase(file, passphrase, confirm=True))
    )
    current().print(key.public.text)
    current().result({"key": key.public.text, "id": tuf_key(key.public).keyid})


def sign_root(
    draft: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="From `POST /federation/root/drafts`.")],
    with_files: With,
    passphrase: Passphrase = None,
) -> None:
    """Sign a draft of the root with keys from sticks: on any machine, best on one that never is online.

    The draft is written anew with the signatures; where several must sign, pass it on to the next holder.

    Example: commonwatch federation sign-root draft.json --with /media/stick/root.pem
    """
    root = read_root(draft.read_text(encoding="utf-8"))
    keys = [_opened(file, passphrase) for file in with_files]
    draft.write_text(signed(root, keys), encoding="utf-8")
    current().print(
        f"Root {root.signed.version} bears {len(root.signatures)} signatures now. It is for POST /federation/root."
    )
    current().result({"version": root.signed.version, "signatures": len(root.signatures)})


def expel(
    name: Annotated[str, typer.Argument(help="The member, as `federation status` names it.")],
    reason: Annotated[str, typer.Option(help="Why, and by whose decision: it stays on record.")],
) -> None:
    """Propose that a member leaves the partnership. In force, every node stops the exchange with it and recalls what it had.

    Example: commonwatch federation expel cert-xx --reason "Decision 14 of the board, 2026-11-24"
    """
    _said(f"{name} is expelled", done=approving.expel(name, reason, _by()))


def recover(
    file: Annotated[Path, typer.Argument(dir_okay=False, help="Written for the approvers; it holds no secret.")],
    since: Annotated[
        str, typer.Option(help="Since when the old key may be in other hands, e.g. 2026-11-23T08:00:00Z.")
    ],
    reason: Annotated[str, typer.Option(help="What happened, for everybody.")],
) -> None:
    """Start anew after this node's keys were lost or stolen: new keys, for which the partnership's approvers have to vouch.

    Bring the file to an approver by a way by which it knows you: commonwatch federation approve --file FILE

    Example: commonwatch federation recover anew.cwr --since 2026-11-23T08:00:00Z --reason "The server was stolen"
    """
    text = rotation.recover(rotation.since_us(since), reason, _by())
    file.write_text(text, encoding="utf-8")
    current().print(f"{file} is for the approvers: commonwatch federation approve --file {file.name}")
    current().result({"file": str(file)})


def show_standing() -> Standing | None:
    """For `federation status`: the partnership, where there is one."""
    found, out = standing(now_us()), current()
    if found is None:
        return None
    out.print(f"\nPartnership {found.name}" + ("" if found.own else ": this node's member is not in it (yet)"))
    members = [(one.name, one.title, one.kind, one.country, one.identity) for one in found.members]
    out.table(["member", "title", "kind", "country", "identity"], members, "")
    roles = [
        (one.role, f"{one.threshold} of {one.keys}", one.expires, "yes" if one.ours else "") for one in found.roles
    ]
    out.table(["role", "signed by", "until", "this node"], roles, "")
    for one in found.waiting:
        out.print(f"Waits: {one.what} ({one.approvals} of {one.needed}): commonwatch federation approve {one.name}")
    for line in found.renew:
        out.print(f"To do: {line}")
    return found


def _said(what: str, *, done: bool) -> None:
    words = "in force, and goes to the peers with the next exchange" if done else "approved here; others have to, too"
    current().print(f"{what}: {words}.")
    current().result({"what": what, "in_force": done})


def _by() -> By:
    return By(ACTOR, now_us())


def _opened(file: Path, given: Path | None) -> SigningKey:
    return sealed_key(file, _passphrase(file, given))


def _passphrase(file: Path, given: Path | None, *, confirm: bool = False) -> str:
    if given is not None:
        return given.read_text(encoding="utf-8").rstrip("\r\n")
    asked: str = typer.prompt(f"Passphrase of {file}", hide_input=True, confirmation_prompt=confirm, err=True)
    return asked
