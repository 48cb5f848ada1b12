"""Sigma rules matched against batches: which events each is about, literals first, then exactly, then correlations."""
