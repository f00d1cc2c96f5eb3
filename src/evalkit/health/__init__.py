"""Health indices from answers to EQ-5D: value sets, index, smallest difference that matters."""

from evalkit.health.eq5d import eq5d_index
from evalkit.health.value_sets import (
    MinimalImportantDifference,
    minimal_important_difference,
    value_sets,
)

__all__ = [
    "MinimalImportantDifference",
    "eq5d_index",
    "minimal_important_difference",
    "value_sets",
]
