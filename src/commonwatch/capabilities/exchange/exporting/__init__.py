"""Exports: bundles, NDJSON, spreadsheets and value lists, streamed through the one read path."""
