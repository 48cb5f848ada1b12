"""`commonwatch import`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings

from commonwatch.base.intake.receive import Channel
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import operator
from commonwatch.base.terminal import Exit, current
from commonwatch.capabilities.exchange.files.documents import Document, documents, total_bytes
from commonwatch.capabilities.exchange.files.importing import Tally, import_documents
from commonwatch.core.errors import NodeUnable
from commonwatch.core.stix.values import Finding

MOST_DOCUMENTS_SHOWN = 20
MOST_FINDINGS_SHOWN = 15
_COLUMNS = ["objects", "admitted", "with findings", "duplicate", "quarantined", "refused"]


def import_(
    paths: Annotated[list[str], typer.Argument(help="Files, folders or archives; - for standard input.")],
    source: Annotated[str, typer.Option(help="Name under which the origin is remembered.")] = "import",
    default_marking: Annotated[
        str, typer.Option(help="Handling of unmarked objects, e.g. TLP:GREEN; default: the node's setting.")
    ] = "",
    member: Annotated[str, typer.Option(help="Member that vouches for them; default: home, the node's own.")] = "",
    collection_id: Annotated[
        str, typer.Option("--collection", help="Id or alias of the collection they go to.")
    ] = "main",
) -> None:
    """Take intelligence in: STIX 2.0 and 2.1, bundles, objects, arrays, TAXII envelopes, NDJSON, archives of these.

    It is safe to run again, also after an interruption: what is in already counts as duplicate.

    Example: commonwatch import enterprise-attack.json feeds/ --source attack --default-marking TLP:CLEAR
    """
    terminal = current()
    origin = ensure_source(source, default_marking or settings.COMMONWATCH.default_marking, member)
    view = collection(operator("command line"), collection_id)
    marking = default_marking or origin.default_marking
    channel = Channel(origin.pk, marking, voucher_of(origin), "command line", (view.slot,))
    whole = Tally()
    each: list[tuple[str, Tally]] = []
    try:
        with terminal.progress("Importing (bytes)", total_bytes(paths)) as advance:

            def done(document: Document, size: int) -> None:
                advance(size)

            found = documents(paths, settings.COMMONWATCH.max_archive_bytes)
            for name, tally in import_documents(found, channel, done):
                each.append((name, tally))
                _merge(whole, tally)
    except NodeUnable:
        if each and not terminal.json:
            terminal.note("Everything counted below is stored; once the node can work, run the same command again.")
            _show(whole, each)
        raise
    except KeyboardInterrupt:
        terminal.note("Interrupted. Everything counted below is stored; run the same command again to go on.")
        _show(whole, each)
        terminal.stop(Exit.NOT_ALL_ADMITTED)
    _show(whole, each)
    if not whole.complete:
        terminal.stop(Exit.NOT_ALL_ADMITTED)


def _merge(whole: Tally, part: Tally) -> None:
    for name in ("objects", "admitted", "with_findings", "duplicate", "quarantined", "refused", "documents_refused"):
        setattr(whole, name, getattr(whole, name) + getattr(part, name))
    whole.codes.update(part.codes)
    for code, example in part.examples.items():
        whole.examples.setdefault(code, example)


def _show(whole: Tally, each: list[tuple[str, Tally]]) -> None:
    terminal = current()
    shown = [(name, tally) for name, tally in each if tally.objects][:MOST_DOCUMENTS_SHOWN]
    rows: list[list[object]] = [[Path(name).name, *_numbers(tally)] for name, tally in shown]
    left_out = sum(1 for _, tally in each if tally.objects) - len(shown)
    if left_out:
        rows.append([f"and {left_out:,} more"])
    rows.append(["in all", *_numbers(whole)])
    terminal.table(["document", *_COLUMNS], rows, "")
    if whole.documents_refused:
        was = "1 document was" if whole.documents_refused == 1 else f"{whole.documents_refused:,} documents were"
        terminal.print(f"\n{was} not read:")
        refused = [(name, tally) for name, tally in each if tally.documents_refused]
        for name, tally in refused[:MOST_DOCUMENTS_SHOWN]:
            finding = next(iter(tally.examples.values()))[1]
            terminal.print(f"  {name}: {finding.sentence} {finding.remedy}")
        if len(refused) > MOST_DOCUMENTS_SHOWN:
            terminal.print(f"  and {len(refused) - MOST_DOCUMENTS_SHOWN} more; --json lists all.")
    _show_findings(whole)
    if whole.quarantined:
        terminal.print("\nWhat is held waits for you: commonwatch quarantine list")
    terminal.result({**whole.as_json(), "documents": {name: tally.as_json() for name, tally in each}})


def _show_findings(whole: Tally) -> None:
    terminal = current()
    inside: Iterable[tuple[str, int, str, Finding]] = (
        (code, count, *whole.examples[code]) for code, count in whole.codes.most_common(MOST_FINDINGS_SHOWN)
    )
    rows = [(count, f.severity, code, where, f.place, f.sentence, f.remedy) for code, count, where, f in inside]
    if rows:
        terminal.print("\nFindings, each with an example:")
        for count, severity, code, where, place, sentence, remedy in rows:
            terminal.print(f"  {count:>7,} {severity:<6} {code}: {sentence} {remedy}")
            terminal.print(f"          e.g. {where}{' at ' + place if place else ''}")


def _numbers(tally: Tally) -> list[object]:
    numbers = (tally.objects, tally.admitted, tally.with_findings, tally.duplicate, tally.quarantined, tally.refused)
    return [f"{number:,}" for number in numbers]
