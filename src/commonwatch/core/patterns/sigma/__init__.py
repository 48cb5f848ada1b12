"""Sigma rules and correlations as pure values: read from YAML, simplified, and evaluated on one event for reference."""
