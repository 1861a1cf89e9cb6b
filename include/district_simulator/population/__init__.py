"""Who is there: enterprises and persons, and the organisations that other registers know."""
