"""Read archived receipts as tables of text: CSV, xlsx, xls, XML ROWDATA, zip of these, JSON Lines of interfaces."""

from .base import Chunk, Note, Table, UnreadableFile
from .dispatch import open_tables

__all__ = ["Chunk", "Note", "Table", "UnreadableFile", "open_tables"]
