"""STIX patterns over batches of telemetry: rows as observations, brackets as set membership and expressions on columns."""
