"""What a case is, made from its parts without any input or output: the same parts give the same case on every node."""
