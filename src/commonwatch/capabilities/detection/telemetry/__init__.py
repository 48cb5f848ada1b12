"""Telemetry of every format, read into Arrow batches with the columns that its mapping names."""
