"""Background work: one table, claimed with a lease."""
