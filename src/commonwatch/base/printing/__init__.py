"""Documents on paper: what a room has to say, as PDF in the reader's language and direction."""
