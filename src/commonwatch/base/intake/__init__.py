"""From bytes to the journal or to quarantine: the nine steps, in one place for every channel."""
