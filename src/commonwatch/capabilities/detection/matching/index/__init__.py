"""The indicator index: which entries a value of telemetry belongs to, at the speed of a filter, in generations."""
