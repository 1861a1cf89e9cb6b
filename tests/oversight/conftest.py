"""Fixtures: what the alert tests share with those of the channels."""

from tests.collect.conftest import offer

__all__ = ["offer"]
