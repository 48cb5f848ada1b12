"""`commonwatch proof`, `log` and `witness`."""

from commonwatch.capabilities.transparency.commands.logs import app as logs
from commonwatch.capabilities.transparency.commands.proofs import app as proofs
from commonwatch.capabilities.transparency.commands.witnesses import app as witnesses

__all__ = ["logs", "proofs", "witnesses"]
