"""The commonwatch command, composed of the capabilities' commands."""
