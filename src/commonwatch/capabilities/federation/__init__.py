"""A partnership out of nodes: peers that know each other by key, signed exchange over the journal, recall with receipts."""
