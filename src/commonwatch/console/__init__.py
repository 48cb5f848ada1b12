"""The web console's shell."""
