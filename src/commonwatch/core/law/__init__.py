"""Law as dated facts with sources: what holds where, since when, until when."""
