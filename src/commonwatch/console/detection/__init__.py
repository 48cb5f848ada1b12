"""Pages of detection: what fired, what was said of it, what is matched with, and where."""
