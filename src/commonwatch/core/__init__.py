"""Pure functions and values: no Django, no database, no network, no files, no clock, no randomness."""
