"""YARA rules matched against the texts of events and against files."""
