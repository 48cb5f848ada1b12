"""Hits become alerts: grouped, explained, triaged, and told to the authors of what fired."""
