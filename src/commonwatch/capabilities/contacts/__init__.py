"""Points of contact: who is reached in which matter, who is there now, and how fast they answer."""
