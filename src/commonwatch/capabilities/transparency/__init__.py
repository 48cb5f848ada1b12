"""The node's tamper-evident record: log, proofs, witness for peers."""
