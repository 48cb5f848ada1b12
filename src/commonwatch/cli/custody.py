"""`commonwatch evidence export` and `verify`: custody with the public record, which know nothing of each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.release.reader import operator
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.evidence import custody_file, queries, sealing
from commonwatch.capabilities.evidence.custody_file import Trust
from commonwatch.capabilities.transparency.handing import proof_of_entry
from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.policies import parse_policy
from commonwatch.core.signing.stamps import roots_of

ACTOR = "command line"


def export(
    item: Annotated[str, typer.Argument(help="Id of the item; see `commonwatch evidence list`.")],
    file: Annotated[Path, typer.Argument(help="Where to write it, e.g. disk.custody.json.")],
) -> None:
    """Write an item's whole chain to one file: signed acts, keys, time stamps, proofs of the public record.

    It holds no content. Example: commonwatch evidence export evidence-item--... disk.custody.json
    """
    made = queries.export(operator(ACTOR), item, proof_of_entry, now_us())
    _write(file, made.encode())
    lacking = len(made.objects) - len(made.proofs)
    current().print(f"Wrote {file}: {len(made.objects)} objects, {len(made.proofs)} proofs.")
    if lacking:
        current().note(f"{lacking} objects are not in the public record yet: the worker puts them there.")
    current().print(f"To check it, anywhere: commonwatch evidence verify {file}")
    current().result({"file": str(file), "objects": len(made.objects), "proofs": len(made.proofs)})


def verify(
    file: Annotated[Path, typer.Argument(help="A file that `evidence export` made.")],
    content: Annotated[Path | None, typer.Option(help="The opened content, to be compared.")] = None,
    key: Annotated[list[str], typer.Option(help="Id of a member's first key that you compared; may be repeated.")] = [],  # noqa: B006
    roots: Annotated[Path | None, typer.Option(help="Roots (PEM) of time-stamping authorities that you trust.")] = None,
    policy: Annotated[Path | None, typer.Option(help="Policy file (C2SP tlog-policy): whose logs you trust.")] = None,
) -> None:
    """Verify a chain of custody without any network or node; names every break with its place, and what could not be judged.

    Example: commonwatch evidence verify disk.custody.json --content disk.img --policy trust.policy --roots tsa.pem
    """
    trust = Trust(
        frozenset(key),
        tuple(roots_of(_read(roots))) if roots else (),
        parse_policy(_read(policy)) if policy else None,
    )
    plain = None
    if content is not None:
        with current().progress("Reading", content.stat().st_size if content.is_file() else None) as advance:
            plain = sealing.digests(content, advance)
    found = custody_file.verify(_read(file), trust, now_us(), plain)
    out = current()
    out.table(
        ["state", "what", "place", "says"],
        [(one.state, one.what, one.place, one.sentence) for one in found.checked],
        "",
    )
    if found.chain is not None:
        holder = found.names.get(found.chain.holder, found.chain.holder)
        out.print(f"{found.chain.about.name}: {len(found.chain.every)} acts; held by {holder}.")
    counts = f"{len(found.breaks)} breaks, {len(found.not_judged)} not judged."
    out.print(f"BROKEN: {counts}" if found.breaks else f"The chain holds: {counts}")
    out.result(
        {
            "holds": not found.breaks,
            "holder": found.chain.holder if found.chain else "",
            "checked": [
                {"place": one.place, "what": one.what, "state": one.state, "sentence": one.sentence}
                for one in found.checked
            ],
        }
    )
    if found.breaks:
        out.stop(Exit.NOT_ALL_ADMITTED)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput("file-unreadable", f"{file}: {error.strerror}.", "Give a readable file.") from None


def _write(file: Path, raw: bytes) -> None:
    try:
        file.write_bytes(raw)
    except OSError as error:
        raise InvalidInput("file-unwritable", f"{file}: {error.strerror}.", "Choose another place.") from None
