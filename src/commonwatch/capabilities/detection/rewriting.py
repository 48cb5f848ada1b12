"""Writing many changed rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from django.db import models

from commonwatch.core.parts import AT_ONCE

_M = TypeVar("_M", bound=models.Model)


def rewrite(rows: Sequence[_M], fields: Sequence[str]) -> None:
    """These fields of rows that are there. The caller holds the rows, or is their only writer: one deleted meanwhile would
    come back. `bulk_update` does the same at ten times the cost, as it makes an expression of every value."""
    if rows:
        type(rows[0])._default_manager.bulk_create(
            rows, batch_size=AT_ONCE, update_conflicts=True, unique_fields=["pk"], update_fields=fields
        )
