"""Time stamps: asking the authorities of the settings."""
