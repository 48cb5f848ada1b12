"""Threads: what several members wrote to one another about one thing, as each reader may have it."""
