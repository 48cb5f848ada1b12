"""Who must be told of an incident by when: instruments, clocks, notices and their receipts. Local to the node, never shared."""
