"""Licences and penalties (双公示) of the simulated district, the register of enterprises and the ledger of decisions."""
