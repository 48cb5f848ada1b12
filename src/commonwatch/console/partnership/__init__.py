"""The partnership: members, peers, joining, keys, witnesses, proofs."""
