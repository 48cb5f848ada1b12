"""The node's settings: one `commonwatch.toml`, environment overrides, secrets from files."""

from commonwatch.base.config.settings import CHOSEN, DEFAULT, Explained, NodeSettings, explain, load

__all__ = ["CHOSEN", "DEFAULT", "Explained", "NodeSettings", "explain", "load"]
