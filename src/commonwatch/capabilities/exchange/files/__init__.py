"""Reading intelligence from files, folders, archives and standard input."""
