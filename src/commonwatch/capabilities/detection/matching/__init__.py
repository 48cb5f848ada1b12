"""Batches of telemetry against indicators and rules: one kernel for live and stored events."""
