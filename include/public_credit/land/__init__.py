"""Land a receipt: archived bytes → rows of canonical text with provenance and verdicts (``stream`` is the pipeline)."""
