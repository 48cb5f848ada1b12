"""What intelligence looks for: STIX patterns, Sigma, YARA and plain values, brought to one matcher form. Pure."""
