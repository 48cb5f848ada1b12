"""What the node's own member writes: checked against what would follow, then shared; and taken back."""
