"""The legal instruments in use: those shipped with the program, or a newer list that a lawyer put into the data folder."""

from __future__ import annotations

from pathlib import Path

from commonwatch.base.parties.lists import ReplaceableList
from commonwatch.core.law.mutual_assistance import Instruments, parse_instruments

FILE_NAME = "legal_instruments.json"
_SHIPPED = Path(__file__).parents[1] / "data"
_LIST = ReplaceableList(FILE_NAME, "legal-instruments-older", parse_instruments, _SHIPPED)


def instruments() -> Instruments:
    """The list in use: the newer of the two."""
    return _LIST.in_use()


def update_instruments(raw: bytes) -> Instruments:
    """Put a newer list into the data folder; raises InvalidInput or Conflict."""
    return _LIST.update(raw)
