"""Mutual assistance: asking for help on a form, offering, accepting, delivering; who can give what; who should help whom."""
