"""A record's way, assembled for its page (``papers.record``): state, source, values, rules, versions, outcomes, onward, looks."""
