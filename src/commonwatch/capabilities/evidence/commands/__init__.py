"""`commonwatch evidence` and `legal`."""

from commonwatch.capabilities.evidence.commands.items import app as evidence
from commonwatch.capabilities.evidence.commands.requests import app as legal

__all__ = ["evidence", "legal"]
