"""Who looks on: status, alerts, doctor, coverage, trace, as-of."""
