"""Subjects: which organisation a register row, an identifier or a name stands for."""

from .judgements import pending
from .run import full, run
from .worklist import follow_up

__all__ = ["follow_up", "full", "pending", "run"]
