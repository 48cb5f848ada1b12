"""Who belongs to a partnership, and with which keys: The Update Framework's metadata (TUF), a card for each member."""
