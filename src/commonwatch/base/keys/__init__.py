"""The node's own keys: made at first use, kept in the data folder, readable by its owner only."""
