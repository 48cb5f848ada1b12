"""Indicators as other programs take them: rules, datasets, zones and lists, for one reader and within its PAP."""
