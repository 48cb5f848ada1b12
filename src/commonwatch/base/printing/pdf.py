"""A document as PDF, by Typst, which needs no system libraries; with tags, for those who have it read out (PDF/UA-1).

1. The template is fixed. What a document says goes in as JSON, where text is text: nothing that partners wrote is ever typeset as
markup, and no file or package can be named in it.
2. Letters come from fonts of the system; those of Latin, Greek and Cyrillic are in Typst itself. A language for which there is no
font is refused: boxes in place of words are no document.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unicodedata import category

import msgspec

from commonwatch.base.printing.document import Document
from commonwatch.core.errors import NodeUnable

_TEMPLATE = Path(__file__).with_name("document.typ")
# By language the families that have its script; the first that is there is taken.
_FAMILIES = {
    "ar": ("Noto Naskh Arabic", "Noto Sans Arabic", "Amiri", "DejaVu Sans"),
    "zh": ("Noto Sans CJK SC", "Noto Serif CJK SC", "Noto Sans SC", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei"),
}
_PACKAGES = {"ar": "fonts-noto-core", "zh": "fonts-wqy-microhei"}
_LATIN = ("Noto Sans", "DejaVu Sans", "Libertinus Serif")
_KEPT = frozenset("\n\t\u200c\u200d")  # the latter two join letters, or keep them apart, in Arabic script and others
_NOT_SHOWN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})  # Unicode's control, format, unassigned, private, surrogate


def pdf(document: Document, now_us: int) -> bytes:
    """The document as PDF; the same document at the same time gives the same bytes. Raises NodeUnable where it cannot be made."""
    if find_spec("typst") is None:
        raise NodeUnable(
            "print-missing", "This node makes no PDF: it lacks the extra `print`.", "Install it: ./run install print"
        )
    import typst

    language = document.language.partition("-")[0]
    inputs = {
        "document": msgspec.json.encode(_clean(msgspec.to_builtins(document))).decode(),
        "language": language,
        "fonts": msgspec.json.encode(_fonts(language)).decode(),
    }
    typeset: Any = typst.compile  # one of its overloads, for each kind of output
    compiled: Callable[..., bytes] = partial(
        typeset,
        _TEMPLATE.read_bytes(),
        format="pdf",
        sys_inputs=inputs,
        timestamp=datetime.fromtimestamp(now_us // 1_000_000, UTC),
    )
    try:
        return compiled(pdf_standards=["ua-1"])
    except (
        typst.TypstError
    ):  # a letter that no font here has: PDF/UA-1 forbids it, and people can do without that letter
        return compiled()


def _clean(value: Any) -> Any:
    """The same without what is no letter and without what turns text around: each line has its own direction already (UAX 9)."""
    if isinstance(value, str):
        return "".join(sign for sign in value if sign in _KEPT or category(sign) not in _NOT_SHOWN)
    if isinstance(value, dict):
        return {key: _clean(part) for key, part in value.items()}
    return [_clean(part) for part in value] if isinstance(value, (list, tuple)) else value


def _fonts(language: str) -> list[str]:
    """The families to take letters from, the language's own first; raises NodeUnable without one (rule 2)."""
    there = _families()
    own = [family for family in _FAMILIES.get(language, ()) if family.lower() in there]
    if language in _FAMILIES and not own:
        raise NodeUnable(
            "font-missing",
            f"This machine has no font for the language {language}.",
            f"Install one: apt install {_PACKAGES[language]}",
        )
    others = [family for families in _FAMILIES.values() for family in families if family.lower() in there]
    latin = [family for family in _LATIN if family.lower() in there]
    # Of what partners wrote in other scripts than the reader's, too.
    return list(dict.fromkeys([*own[:1], *latin[:1], *others, *_LATIN[-1:]]))


@cache
def _families() -> frozenset[str]:
    import typst

    return frozenset(family.lower() for family in typst.Fonts().families())
