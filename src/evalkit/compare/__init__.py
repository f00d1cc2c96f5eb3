"""Comparison of arms: the baseline table."""

from evalkit.compare.characteristics import characteristics

__all__ = ["characteristics"]
