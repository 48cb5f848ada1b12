"""`commonwatch proof` and `commonwatch log`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.transparency import record, sources, witnessing
from commonwatch.capabilities.transparency.models import Cosigned, Evidence, Followed, LogKey, Opening, WatchedLog
from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle import leaves
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import parse_checkpoint
from commonwatch.core.merkle.notes import parse_note
from commonwatch.core.merkle.offline import parse_proof
from commonwatch.core.merkle.policies import parse_policy
from commonwatch.core.stix.times import format_time

proofs = typer.Typer(no_args_is_help=True, help="Proofs that something was logged, to hand over and to verify.")
logs = typer.Typer(no_args_is_help=True, help="The node's tamper-evident record, and its witnesses.")
witnesses = typer.Typer(no_args_is_help=True, help="Peers' logs that this node witnesses.")


@proofs.command("make")
def make(
    file: Annotated[Path, typer.Argument(help="Where to write the proof, e.g. share-17.tlog-proof.")],
    leaf: Annotated[int, typer.Option(min=0, help="Number of the leaf; see `commonwatch log list`.")],
) -> None:
    """Write a proof of one leaf with its opening: what was logged, when, and that it cannot be taken back.

    Who gets it learns the statement. Example: commonwatch proof make share-17.tlog-proof --leaf 17
    """
    entry, opened, proof = record.proof(leaf)
    beside = file.with_name(file.name + ".leaf")
    try:
        file.write_bytes(proof.encode())
        beside.write_bytes(entry)
    except OSError as error:
        raise InvalidInput("file-unwritable", f"{file}: {error.strerror}.", "Choose another place.") from None
    current().print(f"Wrote {file} and {beside}: leaf {leaf}, a {opened.kind}.")
    current().result({"proof": str(file), "leaf": str(beside), "number": leaf, "kind": opened.kind})


@proofs.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="A proof; the leaf lies beside it as FILE.leaf.")],
    policy: Annotated[Path, typer.Option(help="Policy file (C2SP tlog-policy): whose logs and witnesses you trust.")],
) -> None:
    """Verify a proof without any network or node: the tree, the signatures, the quorum, and the statement.

    Example: commonwatch proof verify share-17.tlog-proof --policy trust.policy
    """
    proof, entry = parse_proof(_read(file)), _read(file.with_name(file.name + ".leaf"))
    judged = proof.verify(entry, parse_policy(_read(policy)))
    opened = leaves.decode_opening(proof.extra) if proof.extra else None
    broken = judged if isinstance(judged, Broken) else opened.opens(entry) if opened is not None else None
    if isinstance(broken, Broken) or isinstance(judged, Broken):
        assert broken is not None  # noqa: S101 - one of the two is
        current().print(f"Not proven: {broken.sentence}")
        current().result({"proven": False, "code": broken.code, "sentence": broken.sentence})
        current().stop(Exit.NOT_ALL_ADMITTED)
    leaf = leaves.decode_leaf(entry)
    said = dict(opened.body) if opened is not None else {}
    at = format_time(leaf.at * 1_000_000, 0)
    current().print(f"Proven: leaf {proof.index} of {judged.checkpoint.origin}, a {leaf.t} of {at}.")
    current().print(f"Cosigned by {', '.join(judged.cosigned) or 'nobody'}.")
    current().table(["what", "says"], said.items(), "Its statement was not handed over.")
    cosigned = list(judged.cosigned)
    current().result(
        {"proven": True, "number": proof.index, "kind": leaf.t, "at": at, "cosigned": cosigned, "statement": said}
    )


@logs.command("status")
def status() -> None:
    """Show the log's size, keys, how far it has followed, and what it holds against its peers.

    Example: commonwatch log status
    """
    head = record.ensure_log()
    keys = [{"vkey": one.vkey, "current": one.until_us is None} for one in LogKey.objects.order_by("pk")]
    followed = dict(Followed.objects.order_by("source").values_list("source", "upto"))
    evidence = [
        {"origin": one.origin, "code": one.code, "at": format_time(one.at_us, 0)}
        for one in Evidence.objects.order_by("pk")
    ]
    witness = witnessing.witness_key().text
    rows = [("origin", head.origin), ("leaves", f"{head.size:,}"), ("key as witness", witness)]
    rows += [("key" if one["current"] else "former key", str(one["vkey"])) for one in keys]
    rows += [(f"evidence against {one['origin']}", f"{one['code']}, {one['at']}") for one in evidence]
    current().table(["what", "is"], rows, "")
    current().result(
        {
            "origin": head.origin,
            "size": head.size,
            "keys": keys,
            "witness": witness,
            "followed": followed,
            "evidence": evidence,
        }
    )


@logs.command("checkpoint")
def checkpoint() -> None:
    """Print the signed checkpoint, as peers and witnesses get it.

    Example: commonwatch log checkpoint
    """
    text = record.checkpoint().decode()
    current().print(text.rstrip("\n"))
    current().result({"checkpoint": text})


@logs.command("list")
def list_leaves(
    kind: Annotated[
        str, typer.Option(help="Only of this kind: receipt, share, policy, recall, answer, act, erase.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
) -> None:
    """List leaves with what they stand for, newest first. What was erased is not listed: nobody knows any more.

    Example: commonwatch log list --kind share
    """
    rows = Opening.objects.order_by("-number")
    if kind:
        rows = rows.filter(kind=kind)
    found = [{"number": one.number, "kind": one.kind, "statement": one.body} for one in rows[:limit]]
    columns = ["number", "kind", "statement"]
    current().table(columns, [[row[column] for column in columns] for row in found], "Nothing is logged yet.")
    current().result(found)


@logs.command("follow")
def follow() -> None:
    """Log what was decided and done since, without waiting for the worker.

    Example: commonwatch log follow
    """
    made = sources.follow_decisions(now_us())
    current().print(f"{made:,} leaves.")
    current().result({"leaves": made})


@logs.command("rotate")
def rotate() -> None:
    """Make a new key for the log. Peers need the new vkey: the next checkpoint is signed by it alone.

    Example: commonwatch log rotate
    """
    vkey = record.rotate_key()
    current().print(f"The log's new key: {vkey}")
    current().result({"vkey": vkey})


@logs.command("policy")
def policy(
    file: Annotated[Path | None, typer.Argument(help="A policy file to believe checkpoints by.")] = None,
) -> None:
    """Show the policy by which this node believes checkpoints, or set it from a file.

    Example: commonwatch log policy trust.policy
    """
    if file is not None:
        witnessing.set_policy(_read(file), _actor(), now_us())
    now = witnessing.policy()
    rows = [("log", key.name) for key in now.logs] + [("witness", name) for name in now.witnesses]
    rows += [(f"group {name}", f"{one.threshold} of {' '.join(one.members)}") for name, one in now.groups.items()]
    current().table(["what", "is"], [*rows, ("quorum", now.quorum)], "")
    current().result({"logs": [key.text for key in now.logs], "witnesses": list(now.witnesses), "quorum": now.quorum})


@witnesses.command("add")
def add_witness(vkey: Annotated[str, typer.Argument(help="The log's verifier key: name+id+key.")]) -> None:
    """Witness a peer's log: cosign its checkpoints as long as it only grows.

    Example: commonwatch witness add log.example+0a1b2c3d+AbCd
    """
    key = witnessing.watch(vkey, _actor(), now_us())
    current().print(f"Witnessing {key.name}. Give its operators this node's own: {witnessing.witness_key().text}")
    current().result({"origin": key.name, "witness": witnessing.witness_key().text})


@witnesses.command("list")
def list_witnessed() -> None:
    """List the logs that this node witnesses, with what it cosigned last.

    Example: commonwatch witness list
    """
    last = {}
    for row in Cosigned.objects.exclude(note=b""):
        head = parse_checkpoint(parse_note(bytes(row.note)).text)
        last[head.origin] = (head.size, format_time(row.at_us, 0))
    found = [
        {"origin": one.origin, "vkey": one.vkey, "size": last.get(one.origin, (None, None))[0]}
        | {"cosigned": last.get(one.origin, (None, None))[1]}
        for one in WatchedLog.objects.order_by("pk")
    ]
    columns = ["origin", "size", "cosigned", "vkey"]
    rows = [[row[column] if row[column] is not None else "" for column in columns] for row in found]
    current().table(columns, rows, "This node witnesses no log yet: `commonwatch witness add VKEY`.")
    current().result(found)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput("file-unreadable", f"{file}: {error.strerror}.", "Give a readable file.") from None


def _actor() -> str:
    return os.environ.get("USER", "command line")
