"""`commonwatch demo`: three nodes of three members on this machine, and what they do together, told step by step."""
