"""`commonwatch collection`, `policy`, `recall`, `explain`, `why-not`, `simulate`."""

from commonwatch.base.release.commands.collections import app as collections
from commonwatch.base.release.commands.explaining import explain, simulate, why_not
from commonwatch.base.release.commands.policies import app as policies
from commonwatch.base.release.commands.recalls import app as recalls

__all__ = ["collections", "explain", "policies", "recalls", "simulate", "why_not"]
