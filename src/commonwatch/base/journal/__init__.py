"""The append-only sequence of admitted object versions: the only writer of shared facts."""
