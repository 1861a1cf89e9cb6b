"""The ledger: every step's outcome is a row here (schema ``ledger``)."""

from . import written  # noqa: F401  (whoever reaches the ledger writes through it)
