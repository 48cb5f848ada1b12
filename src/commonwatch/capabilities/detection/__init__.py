"""Shared intelligence meets telemetry: indicators and rules matched live and backwards in time, and their authors told."""
