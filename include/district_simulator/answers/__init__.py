"""The answer key: what must come of everything that was delivered, worked out apart from the product.

After each day ``district`` calls ``accounts`` (every delivery booked, row by row: outcome, counts, metrics), then ``subjects``
(who each record is about, lists, grades), which ends with ``targets`` (every figure of the target ledger).
"""
