"""Joint cases: reported, triaged, worked on together, closed, learned from."""
