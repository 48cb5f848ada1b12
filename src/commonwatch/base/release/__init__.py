"""The one read path: (reader, purpose, query) to rows."""
