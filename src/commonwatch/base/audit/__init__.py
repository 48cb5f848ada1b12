"""The record of who did what: appended to, never changed."""
