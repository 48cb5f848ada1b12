"""`commonwatch log`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.stamping.commands import say
from commonwatch.base.terminal import current
from commonwatch.capabilities.transparency import (
    asking,
    looking,
    queries,
    record,
    sources,
    stamping,
    stamps,
    trusting,
    witnessing,
)
from commonwatch.capabilities.transparency.commands.given import actor, read, write
from commonwatch.capabilities.transparency.models import Followed, LogKey, Opening
from commonwatch.capabilities.transparency.reaching import HttpReach

app = typer.Typer(no_args_is_help=True, help="The node's tamper-evident record, and its witnesses.")
NOT_ASKED = "it was not asked yet"


@app.command("status")
def status() -> None:
    """Show the log's size and keys, who cosigned it and whether that is enough, and what is held against whom.

    Example: commonwatch log status
    """
    head = record.ensure_log()
    keys = [{"vkey": one.vkey, "current": one.until_us is None} for one in LogKey.objects.order_by("pk")]
    followed = dict(Followed.objects.order_by("source").values_list("source", "upto"))
    evidence, quorum, asked = queries.evidence(), queries.quorum_state(), queries.witness_states()
    witness = witnessing.witness_key().text
    rows = [("origin", head.origin), ("leaves", f"{head.size:,}"), ("key as witness", witness)]
    rows += [("key" if one["current"] else "former key", str(one["vkey"])) for one in keys]
    rows += [(f"witness {one.name}", _of_witness(one)) for one in asked]
    rows += [(f"group {name}", text) for name, text in quorum.groups.items()]
    rows += [("quorum", quorum.quorum), ("met by", _met(quorum))] if asked else [("quorum", quorum.quorum)]
    stamped = stamps.states(1)
    rows += [(f"time stamp of {one.authority}", _of_stamp(one)) for one in stamped]
    rows += [(f"EVIDENCE AGAINST {one.origin}", f"{one.code}, {one.at}, from {one.observer}") for one in evidence]
    current().table(["what", "is"], rows, "")
    current().result(
        {
            "origin": head.origin,
            "size": head.size,
            "keys": keys,
            "witness": witness,
            "followed": followed,
            "witnesses": asked,
            "quorum": quorum,
            "stamps": stamped,
            "evidence": evidence,
        }
    )


def _of_witness(one: queries.WitnessState) -> str:
    if one.cosigned:
        return f"cosigned {one.size:,} leaves, {one.at}"
    last = f"cosigned {one.size:,} leaves last" if one.size is not None else "has not cosigned yet"
    return f"{last}; {one.trouble}" if one.trouble else last if one.url else f"{last}; has no address to ask it at"


def _of_stamp(one: stamps.StampState) -> str:
    what = f"{one.size:,} leaves, checkpoint of {one.day}"
    return f"{what}, stamped at {one.at}" if one.at else f"MISSING for {what}: {one.trouble or NOT_ASKED}"


def _met(quorum: queries.QuorumState) -> str:
    met = f"{quorum.size:,} leaves, {quorum.at}" if quorum.size is not None else "no checkpoint yet"
    return f"{met}; the newest not yet: {quorum.missing}" if quorum.missing else met


@app.command("ask")
def ask() -> None:
    """Ask the witnesses that are due and look at partners' logs now, without waiting for the worker.

    Example: commonwatch log ask
    """
    reach = HttpReach()
    asking.ask_due(reach, now_us())
    looking.look_due(reach, now_us())
    reach.close()
    asked = queries.witness_states()
    current().table(
        ["witness", "state"], [(one.name, _of_witness(one)) for one in asked], "The policy names no witness."
    )
    current().result({"witnesses": asked, "logs": queries.log_states()})


@app.command("stamp")
def stamp() -> None:
    """Ask the time-stamping authorities of the settings now for every stamp that the checkpoint of the day lacks.

    Example: commonwatch log stamp
    """
    say(*stamping.ask_missing(now_us()))


@app.command("stamps")
def list_stamps() -> None:
    """List which time-stamping authorities stamped the checkpoints of the last days, and what is missing.

    Example: commonwatch log stamps
    """
    found = stamps.states()
    rows = [(one.day, one.size, one.authority, one.at or f"MISSING: {one.trouble or NOT_ASKED}") for one in found]
    current().table(
        ["day", "leaves", "authority", "stamped at"], rows, "No checkpoint was stamped: see stamp_authorities."
    )
    current().result(found)


@app.command("evidence")
def evidence(
    number: Annotated[int | None, typer.Argument(help="Which one, to write it to a file.")] = None,
    file: Annotated[Path | None, typer.Argument(help="Where to write it; verify it with `proof verify`.")] = None,
) -> None:
    """List the evidence that is held against logs, or write one piece to a file to hand over.

    Example: commonwatch log evidence 1 fork.tlog-evidence
    """
    if number is not None:
        raw = queries.evidence_file(number)
        place = file if file is not None else Path(f"evidence-{number}.tlog-evidence")
        write(place, raw)
        current().print(f"Wrote {place}. To check it: commonwatch proof verify {place} --policy trust.policy")
        current().result({"file": str(place)})
        return
    found = queries.evidence()
    columns = ["number", "log", "code", "seen by", "kept since"]
    rows = [(one.number, one.origin, one.code, one.observer, one.at) for one in found]
    current().table(columns, rows, "Nothing is held against any log.")
    current().result(found)


@app.command("checkpoint")
def checkpoint() -> None:
    """Print the signed checkpoint, as peers and witnesses get it.

    Example: commonwatch log checkpoint
    """
    text = record.checkpoint().decode()
    current().print(text.rstrip("\n"))
    current().result({"checkpoint": text})


@app.command("list")
def list_leaves(
    kind: Annotated[
        str, typer.Option(help="Only of this kind: receipt, share, sent, taken, policy, membership, consent ...")
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


@app.command("follow")
def follow() -> None:
    """Log what was decided and done since, without waiting for the worker.

    Example: commonwatch log follow
    """
    made = sources.follow_decisions(now_us())
    current().print(f"{made:,} leaves.")
    current().result({"leaves": made})


@app.command("rotate")
def rotate() -> None:
    """Make a new key for the log. Peers need the new vkey: the next checkpoint is signed by it alone.

    Example: commonwatch log rotate
    """
    vkey = record.rotate_key()
    current().print(f"The log's new key: {vkey}")
    current().result({"vkey": vkey})


@app.command("policy")
def policy(
    file: Annotated[Path | None, typer.Argument(help="A policy file to believe checkpoints by.")] = None,
) -> None:
    """Show the policy by which this node believes checkpoints, or set it from a file.

    Example: commonwatch log policy trust.policy
    """
    if file is not None:
        trusting.set_policy(read(file), actor(), now_us())
    now = trusting.policy()
    rows = [("log", key.name) for key in now.logs] + [("witness", name) for name in now.witnesses]
    rows += [(f"group {name}", f"{one.threshold} of {' '.join(one.members)}") for name, one in now.groups.items()]
    current().table(["what", "is"], [*rows, ("quorum", now.quorum)], "")
    current().result({"logs": [key.text for key in now.logs], "witnesses": list(now.witnesses), "quorum": now.quorum})
