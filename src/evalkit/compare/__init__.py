"""Comparison of arms: the baseline table; of estimates with a known truth, or with print."""

from evalkit.compare.characteristics import characteristics
from evalkit.compare.published import against_published
from evalkit.compare.recovery import against_truth

__all__ = ["against_published", "against_truth", "characteristics"]
