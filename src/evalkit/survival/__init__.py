"""Time to self-support: curves, incidences, months, states, tests and hazard models."""

from evalkit.survival.additive import additive_hazards
from evalkit.survival.adjusted_months import adjusted_months
from evalkit.survival.bands import confidence_bands
from evalkit.survival.calibration import calibration
from evalkit.survival.cause_specific import cause_specific
from evalkit.survival.concordance import concordance
from evalkit.survival.concordance_index import concordance_index
from evalkit.survival.cox import cox
from evalkit.survival.curves import kaplan_meier
from evalkit.survival.definitions import exit_definitions
from evalkit.survival.discrete_time import discrete_time
from evalkit.survival.effect_over_time import effect_over_time
from evalkit.survival.fine_gray import fine_gray
from evalkit.survival.flexible import flexible_survival
from evalkit.survival.frequency import collapse
from evalkit.survival.gray import gray_test
from evalkit.survival.hazard import exit_rates, nelson_aalen
from evalkit.survival.incidence import cumulative_incidence, incidence_at
from evalkit.survival.logrank import logrank_test
from evalkit.survival.max_combo import max_combo_test
from evalkit.survival.months import restricted_mean, time_lost
from evalkit.survival.parametric import parametric_survival
from evalkit.survival.prediction import brier_score
from evalkit.survival.proportional_hazards import proportional_hazards_test
from evalkit.survival.pseudo import pseudo_observations
from evalkit.survival.quantiles import follow_up_time, median_time
from evalkit.survival.rank_tests import pairwise_tests, trend_test
from evalkit.survival.recurrent import recurrent_mean, recurrent_mean_at
from evalkit.survival.residuals import residuals
from evalkit.survival.roc_area import roc_area
from evalkit.survival.sequences import state_sequences
from evalkit.survival.stacked import competing_gap, stacked_incidence
from evalkit.survival.standardised import standardised_incidence
from evalkit.survival.standardised_curves import standardised_curve
from evalkit.survival.state_months import expected_months
from evalkit.survival.states import occupation, state_at, time_in_state

__all__ = [
    "additive_hazards",
    "adjusted_months",
    "brier_score",
    "calibration",
    "cause_specific",
    "collapse",
    "competing_gap",
    "concordance",
    "concordance_index",
    "confidence_bands",
    "cox",
    "cumulative_incidence",
    "discrete_time",
    "effect_over_time",
    "exit_definitions",
    "exit_rates",
    "expected_months",
    "fine_gray",
    "flexible_survival",
    "follow_up_time",
    "gray_test",
    "incidence_at",
    "kaplan_meier",
    "logrank_test",
    "max_combo_test",
    "median_time",
    "nelson_aalen",
    "occupation",
    "pairwise_tests",
    "parametric_survival",
    "proportional_hazards_test",
    "pseudo_observations",
    "recurrent_mean",
    "recurrent_mean_at",
    "residuals",
    "restricted_mean",
    "roc_area",
    "stacked_incidence",
    "standardised_curve",
    "standardised_incidence",
    "state_at",
    "state_sequences",
    "time_in_state",
    "time_lost",
    "trend_test",
]
