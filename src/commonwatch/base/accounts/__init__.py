"""People and service accounts, roles, tokens, guessing limits."""
