"""Panel models of a health score: means by wave, baseline-adjusted and fixed-effects contrasts."""

from evalkit.panel.ancova import ancova
from evalkit.panel.attrition_weights import attrition_weights
from evalkit.panel.between import between_effects
from evalkit.panel.difference_in_differences import difference_in_differences
from evalkit.panel.dip import pre_start_dip
from evalkit.panel.event_study import event_study, pre_trend_test
from evalkit.panel.first_difference import first_difference
from evalkit.panel.fixed_effects import fixed_effects
from evalkit.panel.gee import gee
from evalkit.panel.hausman import hausman_test
from evalkit.panel.honest_bounds import honest_bounds
from evalkit.panel.imputation import impute
from evalkit.panel.manski import manski_bounds
from evalkit.panel.mixed import mixed_effects, unit_intercepts
from evalkit.panel.mundlak import mundlak, mundlak_test
from evalkit.panel.pattern_mixture import pattern_mixture
from evalkit.panel.pooled import pooled
from evalkit.panel.random_effects import random_effects
from evalkit.panel.regression_to_mean import regression_to_the_mean
from evalkit.panel.response import death_as_score, response_table, weight_diagnostics
from evalkit.panel.rubin import pool
from evalkit.panel.staggered import staggered_effects
from evalkit.panel.tipping import tipping_point
from evalkit.panel.tobit import tobit
from evalkit.panel.two_part import two_part
from evalkit.panel.wave_means import wave_means
from evalkit.panel.weighted_ancova import weighted_ancova
from evalkit.panel.wild_bootstrap import wild_cluster_bootstrap

__all__ = [
    "ancova",
    "attrition_weights",
    "between_effects",
    "death_as_score",
    "difference_in_differences",
    "event_study",
    "first_difference",
    "fixed_effects",
    "gee",
    "hausman_test",
    "honest_bounds",
    "impute",
    "manski_bounds",
    "mixed_effects",
    "mundlak",
    "mundlak_test",
    "pattern_mixture",
    "pool",
    "pooled",
    "pre_start_dip",
    "pre_trend_test",
    "random_effects",
    "regression_to_the_mean",
    "response_table",
    "staggered_effects",
    "tipping_point",
    "tobit",
    "two_part",
    "unit_intercepts",
    "wave_means",
    "weight_diagnostics",
    "weighted_ancova",
    "wild_cluster_bootstrap",
]
