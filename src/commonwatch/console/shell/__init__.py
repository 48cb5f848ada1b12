"""What every page of the console is built of: frame, navigation, components, rights, errors."""
