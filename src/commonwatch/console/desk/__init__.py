"""A person's desk: notices, saved views, what was looked at last, who else is on a page."""
