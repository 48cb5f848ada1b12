"""Who is in the partnership: the facts that policy reads."""
