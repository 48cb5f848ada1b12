"""Programs that build, check and test the project."""
