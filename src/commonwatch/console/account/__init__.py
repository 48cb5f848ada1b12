"""A person's own account: signing in, second factors, sessions, preferences."""
