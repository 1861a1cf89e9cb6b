"""Tamper evidence: seal the chain of events, let its roots leave the house, verify everything against it (docs/audit.md)."""
