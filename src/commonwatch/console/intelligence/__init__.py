"""Intelligence: what the node holds, found, looked into from every side, written and taken back."""
