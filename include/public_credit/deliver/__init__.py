"""Deliver released items to receivers, strictly in order per record; adapters behind one interface."""

from .run import Delivered, run

__all__ = ["Delivered", "run"]
