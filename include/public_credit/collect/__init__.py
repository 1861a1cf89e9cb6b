"""Collect receipts from departments: archive the bytes, book one batch per receipt, parse nothing."""

from .base import CollectError, CollectOutcome
from .run import collect, probe, receive_file

__all__ = ["CollectError", "CollectOutcome", "collect", "probe", "receive_file"]
