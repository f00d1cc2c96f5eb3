"""Comparison of arms: the baseline table; and of estimates with the truth of made-up records."""

from evalkit.compare.characteristics import characteristics
from evalkit.compare.recovery import against_truth

__all__ = ["against_truth", "characteristics"]
