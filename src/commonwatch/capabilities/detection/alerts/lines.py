"""The text of a record, for the few that an alert keeps: read from the file again, so that nothing is kept for the rest."""

from __future__ import annotations

from collections.abc import Mapping

from commonwatch.capabilities.detection.alerts.recording import Lines


def no_lines(place: str, record: int) -> str:
    """Where there is nothing to read again."""
    return ""


def kept(texts: Mapping[tuple[str, int], str]) -> Lines:
    """Of streams: what was kept while the batch was at hand."""
    return lambda place, record: texts.get((place, record), "")
