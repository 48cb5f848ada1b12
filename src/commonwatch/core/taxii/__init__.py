"""TAXII 2.1 as values: media types, filters, cursors, envelopes, wire errors."""
