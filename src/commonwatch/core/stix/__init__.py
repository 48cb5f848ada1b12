"""STIX: from bytes to judged object versions. Bytes stay the bytes received; only head fields are read."""
