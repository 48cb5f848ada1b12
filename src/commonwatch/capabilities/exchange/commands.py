"""Exchange's commands, as `cli` composes them."""

from commonwatch.capabilities.exchange.exporting.commands import export
from commonwatch.capabilities.exchange.files.commands import import_
from commonwatch.capabilities.exchange.publishing.commands import publish, revoke
from commonwatch.capabilities.exchange.sources.commands import app as sources

__all__ = ["export", "import_", "publish", "revoke", "sources"]
