"""What this member may match: indicators from the journal, their validity and weight, and what is known to be benign."""
