"""The live watch: telemetry as it comes against what is in force, with positions that survive a restart."""
