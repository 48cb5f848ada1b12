"""Pages of sharing: with whom, under which agreements and policies, what was taken back, what could not be read."""
