"""Evidence: sealed content that the node never opens, its chain of custody, time stamps; preservation and legal requests."""
