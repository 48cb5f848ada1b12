"""The TAXII 2.1 client: remote servers as sources, pulled incrementally, and pushed to."""
