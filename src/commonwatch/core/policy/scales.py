"""The scales of TLP 2.0 and PAP, and the many ways in which they are written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal, TypeAlias

from commonwatch.core.stix.markings import TLP1, TLP2

Scale: TypeAlias = Literal["TLP", "PAP"]
TLP_NAMES = ("TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED")
PAP_NAMES = ("PAP:CLEAR", "PAP:GREEN", "PAP:AMBER", "PAP:RED")
CLEAR, GREEN, AMBER, AMBER_STRICT, RED = range(5)
PAP_AMBER, PAP_RED = 2, 3

_SCALES: Mapping[Scale, Mapping[str, int]] = {
    "TLP": {"CLEAR": CLEAR, "WHITE": CLEAR, "GREEN": GREEN, "AMBER": AMBER, "AMBERSTRICT": AMBER_STRICT, "RED": RED},
    "PAP": {"CLEAR": 0, "WHITE": 0, "GREEN": 1, "AMBER": PAP_AMBER, "RED": PAP_RED},
}
_BETWEEN = re.compile(r"[\s+_:=\"-]+")
_MARK = re.compile(
    r"\b(TLP|PAP)(?:\s*[:=]\s*|[\s_-]+(?=(?:CLEAR|WHITE|GREEN|AMBER|RED)(?![A-Z])))"
    r"\"?([A-Z:]+(?:\s*[+_-]?\s*STRICT(?![A-Z]))?)\"?",
    re.ASCII | re.IGNORECASE,
)


def level(scale: Scale, text: str) -> int | None:
    """The level that a word stands for, with or without the scale before it; None if it is none of the scale's."""
    return _SCALES[scale].get(_BETWEEN.sub("", _plain(text).upper()).removeprefix(scale))


# Known to everybody by id, so that their definitions need not be sent along. PAP: the OASIS common object repository,
# extension-definition--f8d78575-edfd-406e-8e84-6162a8450f5b.
WELL_KNOWN: Mapping[str, tuple[Scale, int]] = {
    **{
        marking: ("TLP", _SCALES["TLP"][_BETWEEN.sub("", name[4:])])
        for table in (TLP1, TLP2)
        for name, marking in table.items()
    },
    "marking-definition--ad15a0cd-55b6-4588-a14c-a66105329b92": ("PAP", 0),
    "marking-definition--a3bea94c-b469-41dc-9cfe-d6e7daba7730": ("PAP", 0),  # white
    "marking-definition--c43594d1-4b11-4c59-93ab-1c9b14d53ce9": ("PAP", 1),
    "marking-definition--60f8932b-e51e-4458-b265-a2e8be9a80ab": ("PAP", PAP_AMBER),
    "marking-definition--740d36e5-7714-4c30-961a-3ae632ceee0e": ("PAP", PAP_RED),
}


def marks_in(text: str) -> list[tuple[Scale, int | None]]:
    """The TLP and PAP marks in a text; a level that is not on the scale is None.

    A text that is nothing but a mark says it. Running text may only restrict: it mentions marks it does not give, so
    what would open (TLP:CLEAR, TLP:GREEN, PAP:CLEAR) and what is on no scale is passed over there.
    """
    text = _plain(text).strip()
    whole = _MARK.fullmatch(text)
    if whole is not None:
        scale = _scale(whole)
        return [(scale, level(scale, whole[2]))]
    found = [(_scale(mark), level(_scale(mark), mark[2])) for mark in _MARK.finditer(text)]
    return [(scale, step) for scale, step in found if step is not None and step >= (AMBER if scale == "TLP" else 1)]


def _plain(text: str) -> str:
    """Full-width letters and colons, as East Asian input methods write them, as the usual ones."""
    return unicodedata.normalize("NFKC", text)


def _scale(mark: re.Match[str]) -> Scale:
    return "TLP" if mark[1].upper() == "TLP" else "PAP"
