"""An invented district with a five-year history: figures a page has to get right, each for a reason.

Planted: one target without a denominator, one restated figure of a frozen year, one silent department, one cell of
persons under 5, one share that must not be rounded up to 100 %.
"""

from .district import publication

__all__ = ["publication"]
