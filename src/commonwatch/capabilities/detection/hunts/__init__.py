"""Looking back: what is in force now against stored telemetry of any period."""
