"""`commonwatch duties draft`, `sent`, `receipt`. The node sends nothing by itself: these record what a person did."""

from __future__ import annotations

from hashlib import file_digest
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from commonwatch.base.clock import now_us
from commonwatch.base.languages import InLanguage
from commonwatch.base.terminal import current
from commonwatch.capabilities.duties import notices, queries
from commonwatch.capabilities.duties.commands.given import NoticeNumber, acting, moment
from commonwatch.core.errors import InvalidInput

LARGEST_TEXT = 2**20  # bytes of a text file that is read


def draft(
    number: NoticeNumber,
    keep: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Keep this text as the draft, as you changed it.")
    ] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Make it from the facts again.")] = False,
    language: InLanguage = "en",
) -> None:
    """Show the draft of a notice in a language, with what is not known yet.

    Example: commonwatch duties draft 7 --language fr
    """
    if keep is not None or anew:
        notices.save_draft(number, _text(keep) if keep else "", acting())
    notice = queries.notice_numbered(number)
    out, made = current(), notices.made_draft(notice, now_us(), language)
    text = notice.draft or made.text
    out.print(text)
    for gap in made.gaps:
        out.note(f"Not known yet: {gap}")
    if made.general:
        out.note("The list does not say what this notice has to hold: general points stand here.")
    out.result({"notice": number, "text": text, "draft": msgspec.to_builtins(made), "changed": bool(notice.draft)})


def sent(
    number: NoticeNumber,
    how: Annotated[str, typer.Option(help="By which way: portal, mail, telephone ...")],
    to: Annotated[str, typer.Option(help="To whom.")],
    at: Annotated[str, typer.Option(help="When: 2026-11-29T10:00+01:00, or now.")] = "now",
    text: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What was sent, where it differs from the draft.")
    ] = None,
    language: InLanguage = "en",
) -> None:
    """Record that a person sent a notice. Clocks that follow from it start.

    Example: commonwatch duties sent 7 --how portal --to "National CSIRT"
    """
    at_us, said = moment(at), _text(text) if text else ""
    made = notices.sent(number, at_us=at_us, how=how, to=to, by=acting(), text=said, language=language)
    out, shown = current(), queries.shown_sending(made)
    out.print(f"Recorded as sending {made.pk}. What came back: commonwatch duties receipt {made.pk} --reference ...")
    out.result(shown)


def receipt(
    number: Annotated[int, typer.Argument(min=1, max=2**31 - 1, metavar="SENDING", help="Number of the sending.")],
    reference: Annotated[str, typer.Option(help="The authority's reference.")] = "",
    text: Annotated[str, typer.Option(help="What it says.")] = "",
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Its file: name and digest are kept, not the file.")
    ] = None,
    at: Annotated[str, typer.Option(help="When it came.")] = "now",
) -> None:
    """Keep what an authority answered to a notice.

    Example: commonwatch duties receipt 2 --reference NIS2-2026-0815 --file receipt.pdf
    """
    digest = ""
    if file is not None:
        with file.open("rb") as opened:
            digest = file_digest(opened, "sha256").hexdigest()
    kept = notices.keep_receipt(
        number,
        reference=reference,
        receipt=text,
        at_us=moment(at),
        by=acting(),
        file_name=file.name if file else "",
        file_sha256=digest,
    )
    current().print(f"Kept with sending {number}." + (f" SHA-256 of the file: {digest}" if digest else ""))
    current().result(queries.shown_sending(kept))


def _text(path: Path) -> str:
    with path.open("rb") as opened:
        raw = opened.read(LARGEST_TEXT + 1)
    try:
        if len(raw) <= LARGEST_TEXT:
            return raw.decode()
    except UnicodeDecodeError:
        pass
    raise InvalidInput("text-unreadable", f"{path} is no text of up to {LARGEST_TEXT:,} bytes in UTF-8.", "")
