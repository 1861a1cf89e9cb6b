"""Build the warehouse: what goes in is frozen, dbt runs once, the outcome is booked."""
