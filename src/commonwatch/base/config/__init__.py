"""The node's settings: one `commonwatch.toml`, environment overrides, secrets from files."""

from commonwatch.base.config.settings import Explained, NodeSettings, explain, load

__all__ = ["Explained", "NodeSettings", "explain", "load"]
