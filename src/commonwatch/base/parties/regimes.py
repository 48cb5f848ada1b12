"""The transfer regimes in use: those shipped with the program, or a newer list that the operator put into the data folder."""

from __future__ import annotations

from commonwatch.base.parties.lists import ReplaceableList
from commonwatch.core.errors import NotFound
from commonwatch.core.law.transfers import Regime, Regimes, parse_regimes

FILE_NAME = "transfer_regimes.json"
_LIST = ReplaceableList(FILE_NAME, "transfer-regimes-older", parse_regimes)


def transfer_regimes() -> Regimes:
    """The list in use: the newer of the two."""
    return _LIST.in_use()


def transfer_regime(name: str) -> Regime:
    """One regime by its id; raises NotFound."""
    found = transfer_regimes().by_id().get(name)
    if found is None:
        raise NotFound("regime-unknown", f"There is no transfer regime {name}.", "See `commonwatch country regimes`.")
    return found


def update_transfer_regimes(raw: bytes) -> Regimes:
    """Put a newer list into the data folder; raises InvalidInput or Conflict."""
    return _LIST.update(raw)
