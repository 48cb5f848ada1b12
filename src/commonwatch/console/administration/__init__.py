"""Pages for whoever runs the node: people, tokens, sources, jobs, health, settings, backup and the record of who did what."""
