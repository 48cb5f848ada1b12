"""`commonwatch proof`."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import member_named
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.transparency import extracting, pairing
from commonwatch.capabilities.transparency.commands.given import read, write
from commonwatch.capabilities.transparency.handing import handed
from commonwatch.capabilities.transparency.judging import Stamps, judge_evidence, judge_proof
from commonwatch.core.law.facts import parse_day
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.evidence import is_evidence
from commonwatch.core.merkle.extracts import parse_extract
from commonwatch.core.merkle.policies import Policy, parse_policy
from commonwatch.core.signing.stamps import roots_of
from commonwatch.core.stix.times import format_time

app = typer.Typer(no_args_is_help=True, help="Proofs that something was logged, to hand over and to verify.")
Trusted = Annotated[
    Path, typer.Option("--policy", help="Policy file (C2SP tlog-policy): whose logs and witnesses you trust.")
]


@app.command("make")
def make(
    file: Annotated[Path, typer.Argument(help="Where to write the proof, e.g. share-17.tlog-proof.")],
    leaf: Annotated[int, typer.Option(min=0, help="Number of the leaf; see `commonwatch log list`.")],
) -> None:
    """Write a proof of one leaf with its opening: what was logged, when, and that it cannot be taken back.

    Beside it go the leaf, a page in plain words, steps to check it without this program, and what time-stamping authorities said. Who
    gets them learns the statement.
    Example: commonwatch proof make share-17.tlog-proof --leaf 17
    """
    made = handed(leaf, file.name)
    for suffix, raw in made.files.items():
        write(file.with_name(f"{file.name}{suffix}"), raw)
    kind, cosigned = made.opening.kind, list(made.cosigned)
    current().print(f"Wrote {file}, and beside it .leaf, .html (a page in plain words) and .sh: leaf {leaf}, a {kind}.")
    current().print(f"Cosigned by {', '.join(cosigned) or 'nobody yet: until then it rests on this log alone'}.")
    stamped = list(made.stamped)
    current().print(
        f"Stamped by {', '.join(stamped)}: see {file}.stamps." if stamped else "Not stamped by anybody yet."
    )
    current().result(
        {"proof": str(file), "leaf": f"{file}.leaf", "number": leaf, "kind": kind, "cosigned": cosigned}
        | {"page": f"{file}.html", "steps": f"{file}.sh", "stamped": stamped}
    )


@app.command("verify")
def verify(
    file: Annotated[
        Path, typer.Argument(help="A proof, with the leaf beside it as FILE.leaf (and FILE.stamps); or evidence.")
    ],
    policy: Trusted,
    roots: Annotated[Path | None, typer.Option(help="Roots (PEM) of time-stamping authorities that you trust.")] = None,
) -> None:
    """Verify a proof without any network or node: the tree, the signatures, the quorum, the statement, and by when it existed.

    Evidence against a log is verified by the log's key, which the policy has to name. Example: commonwatch proof verify share-17.tlog-proof --policy trust.policy
    """
    raw, trusted = read(file), parse_policy(read(policy))
    if is_evidence(raw):
        _verify_evidence(raw, trusted)
        return
    found = judge_proof(raw, read(file.with_name(file.name + ".leaf")), trusted, _stamps(file, roots))
    if isinstance(found, Broken):
        _not_proven(found)
    at, cosigned = format_time(found.at * 1_000_000, 0), list(found.cosigned)
    current().print(f"Proven: leaf {found.number} of {found.origin}, a {found.kind} of {at}.")
    current().print(f"Cosigned by {', '.join(cosigned) or 'nobody'}.")
    for one in found.stamps:
        said_by = f"{one.signer or one.authority} says that it existed at {format_time(one.at_us, 0)}"
        current().print(f"{said_by}." if one.trusted else f"{said_by}: not judged, give its root with --roots.")
    current().table(["what", "says"], found.statement.items(), "Its statement was not handed over.")
    said = {"number": found.number, "kind": found.kind, "at": at, "cosigned": cosigned, "statement": found.statement}
    current().result({"proven": True, **said, "stamps": found.stamps})


def _stamps(file: Path, roots: Path | None) -> Stamps | None:
    """The stamps beside a proof; raises InvalidInput where roots are given and there are none to judge."""
    beside = file.with_name(file.name + ".stamps")
    if roots is None and not beside.exists():
        return None
    return Stamps(read(beside), roots_of(read(roots)) if roots is not None else ())


def _verify_evidence(raw: bytes, policy: Policy) -> None:
    """Say what evidence proves, and on whose word it rests."""
    found = judge_evidence(raw, policy)
    if isinstance(found, Broken):
        _not_proven(found)
    first, second = found.sizes
    observers = ", ".join(found.observers)
    said = {
        "fork": f"it signed two different logs of {first:,} entries",
        "rewrite": f"its log of {second:,} entries does not begin with the {first:,} that it had signed",
        "rollback": f"it had {first:,} entries and showed {second:,} later",
    }[found.code]
    current().print(f"Proven against {found.origin}: {said}.")
    word = "Nobody's word is needed for that." if found.proves_itself else "When it showed which rests on their word."
    current().print(f"Seen {format_time(found.seen * 1_000_000, 0)} by {observers}. {word}")
    current().result(
        {"proven": True, "against": found.origin, "code": found.code, "proves_itself": found.proves_itself}
        | {"seen_by": observers, "observer_known": found.observer_known, "sizes": [first, second]}
    )


def _not_proven(broken: Broken) -> NoReturn:
    current().print(f"Not proven: {broken.sentence}")
    current().result({"proven": False, "code": broken.code, "sentence": broken.sentence})
    current().stop(Exit.NOT_ALL_ADMITTED)


@app.command("extract")
def extract(
    partner: Annotated[str, typer.Argument(help="The member that it is about; see `commonwatch party list`.")],
    file: Annotated[Path, typer.Argument(help="Where to write it, e.g. ours.tlog-extract.")],
    since: Annotated[str, typer.Option(help="Only leaves from this day on (YYYY-MM-DD).")] = "",
) -> None:
    """Write everything in the record about what passed between this node and one partner, opened and proven.

    Give it to that partner, or to whoever audits the two. Example: commonwatch proof extract cert-no ours.tlog-extract
    """
    day = parse_day(since) if since else None
    since_us = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000 if day else 0
    made = extracting.extract(member_named(partner), now_us(), since_us)
    write(file, made.encode())
    current().print(f"Wrote {file}: {len(made.leaves):,} leaves of {made.log} about {partner}.")
    current().result({"file": str(file), "log": made.log, "leaves": len(made.leaves)})


@app.command("audit")
def audit(
    first: Annotated[Path, typer.Argument(help="One side's extract.")],
    second: Annotated[Path, typer.Argument(help="The other side's extract.")],
    policy: Trusted,
    everything: Annotated[bool, typer.Option("--all", help="Show what is in order, too.")] = False,
) -> None:
    """Pair two partners' extracts: what one wrote down that it gave, the other must have written down that it got.

    Needs no network and no node. Example: commonwatch proof audit ours.tlog-extract theirs.tlog-extract --policy trust.policy
    """
    found = pairing.audit(parse_extract(read(first)), parse_extract(read(second)), parse_policy(read(policy)))
    if isinstance(found, Broken):
        _not_proven(found)
    missing = [one for one in found if one.state == pairing.MISSING]
    shown = found if everything else [one for one in found if one.state != pairing.PAIRED]
    columns = ["what", "state", "given by", "leaf", "to", "leaf", "what is missing"]
    rows = [(one.what, one.state, one.giver, one.given, one.taker, one.taken, one.sentence) for one in shown]
    current().table(columns, rows, "Everything that one side gave the other has written down.")
    states = Counter(one.state for one in found)
    current().print(", ".join(f"{count:,} {state}" for state, count in sorted(states.items())) or "Nothing passed.")
    current().result({"counts": states, "pairs": shown})
    if missing:
        current().stop(Exit.NOT_ALL_ADMITTED)
