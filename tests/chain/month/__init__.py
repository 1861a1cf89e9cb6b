"""Thirty days through the real steps, with everything that happens to a warehouse in them (docs/month.md)."""
