"""What everybody in the simulated district speaks of: codes, days, tables, units, rows, deliveries and how these are written."""
