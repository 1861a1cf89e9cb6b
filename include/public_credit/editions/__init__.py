"""Figures of a year, drafted, approved and frozen; what a later edition moved."""
