"""One spelling for the many in which a value is written, so that it is found again wherever else it stands.

Case, Unicode form and invisible characters; percent signs of URLs, entities of HTML, escapes of JSON and patterns; dots and
signs in brackets as reports write them. Offsets lead back to the text as it is.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

_FORMS = re.compile(
    r"(?P<percent>(?:%[0-9A-Fa-f]{2})+)"
    r"|(?P<unicode>(?:\\+u[0-9A-Fa-f]{4})+)"
    r"|\\+(?P<escaped>['\"/])|(?P<strokes>\\\\+)"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});)"
    r"|(?P<dot> ?[\[({](?:\.|[dD][oO][tT])[\])}] ?| [dD][oO][tT] )"
    r"|(?P<at> ?[\[({](?:@|[aA][tT])[\])}] ?| [aA][tT] )"
    r"|(?P<blank>\s{2,}|[^\S ])"
    r"|(?P<other>[^\x00-\x7f])"
)
_CODE = re.compile(r"u([0-9A-Fa-f]{4})")


class Folded(NamedTuple):
    """A text in its one spelling. Character i of it stands at `starts[i]` to `ends[i]` in the text; None: at i."""

    text: str
    starts: list[int] | None = None
    ends: list[int] | None = None

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where characters start to end, at least one, stand in the text as it is."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def lowered(text: str) -> str:
    """The text in lower case, as long as it was."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(letter if len(letter.lower()) > 1 else letter.lower() for letter in text)


def fold(text: str) -> Folded:
    """The one spelling of a text."""
    forms = _FORMS.finditer(text)
    form = next(forms, None)
    if form is None:
        return Folded(text.lower())
    said: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    while form is not None:
        said.append(text[done : form.start()].lower())
        starts += range(done, form.start())
        ends += range(done + 1, form.start() + 1)
        meant = "".join(_meant(form))
        said.append(meant)
        starts += [form.start()] * len(meant)
        ends += [form.end()] * len(meant)
        done = form.end()
        form = next(forms, None)
    said.append(text[done:].lower())
    starts += range(done, len(text))
    ends += range(done + 1, len(text) + 1)
    return Folded("".join(said), starts, ends)


def _meant(form: re.Match[str]) -> Iterator[str]:
    written = form[0]
    match form.lastgroup:
        case "percent":
            yield from map(_plain, bytes.fromhex(written.replace("%", "")).decode("utf-8", "replace"))
        case "unicode":
            units = b"".join(int(code, 16).to_bytes(2, "big") for code in _CODE.findall(written))
            yield from map(_plain, units.decode("utf-16-be", "replace"))
        case "escaped":
            yield form["escaped"]
        case "strokes":
            yield "\\"
        case "entity":
            yield from map(_plain, html.unescape(written))
        case "dot":
            yield "."
        case "at":
            yield "@"
        case "blank":
            yield " "
        case _:
            yield _plain(written)


@lru_cache(maxsize=8192)
def _plain(letter: str) -> str:
    """A letter decomposed and without case; nothing for one that is invisible."""
    if unicodedata.category(letter) == "Cf":
        return ""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", letter).casefold())
