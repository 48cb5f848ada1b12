"""The `commonwatch` command."""
