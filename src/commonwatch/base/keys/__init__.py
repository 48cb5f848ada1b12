"""The node's secret keys: made at first use, kept in the data folder, readable by their owner only."""
