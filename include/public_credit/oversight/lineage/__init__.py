"""Lineage column by column: from a department's column to what leaves the house and what the page shows, and back."""
