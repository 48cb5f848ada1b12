"""Preservation and legal requests between members: which way is open, the form, the answer, the clocks."""
