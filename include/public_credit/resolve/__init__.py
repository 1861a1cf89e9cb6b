"""Subjects: which organisation a register row, an identifier or a name stands for."""

from .run import full, run

__all__ = ["full", "run"]
