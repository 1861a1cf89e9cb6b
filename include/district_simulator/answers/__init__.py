"""The answer key: what must come of everything that was delivered."""
