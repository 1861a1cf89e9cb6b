"""The ledger: every step's outcome is a row here (schema ``ledger``)."""
