"""Health from answers: EQ-5D value sets, index and description, and other instruments."""

from evalkit.health.change import (
    health_profile_grid,
    paretian_change,
    probability_of_superiority,
)
from evalkit.health.describe import (
    ceiling_share,
    dimension_table,
    frequent_profiles,
    level_sum_table,
)
from evalkit.health.diversity import shannon_indices
from evalkit.health.eq5d import crosswalk, eq5d_index
from evalkit.health.index_change import health_change, value_set_comparison
from evalkit.health.instruments import cronbach_alpha, instruments, score_instrument
from evalkit.health.own_value_set import ValueSet, read_value_set
from evalkit.health.value_sets import (
    MinimalImportantDifference,
    minimal_important_difference,
    state_table,
    value_sets,
    write_state_tables,
)

__all__ = [
    "MinimalImportantDifference",
    "ValueSet",
    "ceiling_share",
    "cronbach_alpha",
    "crosswalk",
    "dimension_table",
    "eq5d_index",
    "frequent_profiles",
    "health_change",
    "health_profile_grid",
    "instruments",
    "level_sum_table",
    "minimal_important_difference",
    "paretian_change",
    "probability_of_superiority",
    "read_value_set",
    "score_instrument",
    "shannon_indices",
    "state_table",
    "value_set_comparison",
    "value_sets",
    "write_state_tables",
]
