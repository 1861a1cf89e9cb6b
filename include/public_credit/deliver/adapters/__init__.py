"""How a receiver is spoken to: one module per protocol, behind ``deliver.base.Adapter``."""
