"""evalkit: the evaluation of coordinated rehabilitation.

Functions compute and values carry: a sample goes into an estimator, a frozen result comes out, and
only what has passed the door (`release`) can be shown. Names are loaded when they are first used,
so that `import evalkit as ek` costs nothing.

>>> import evalkit as ek
>>> ek.break_even_share(cost=50_000, gain=100_000, years=1)
0.5
"""

from importlib import import_module

from evalkit.provenance import VERSION as __version__

# Bound at once: the room has the same name, and would otherwise hide its function.
from evalkit.release import release

_PUBLIC = {
    "evalkit.cohort.samples": [
        "AreaCount",
        "HealthPanel",
        "Occasions",
        "Persons",
        "StateHistory",
        "TimeToEvent",
    ],
    "evalkit.compare": ["against_published", "against_truth", "characteristics"],
    "evalkit.economics": ["break_even_share", "ledger", "pay_off"],
    "evalkit.errors": [
        "AssumptionWarning",
        "CohortError",
        "DisclosureError",
        "EstimationError",
        "EvalkitError",
        "ParameterError",
        "RecordsError",
        "SmallSampleWarning",
        "StudyError",
    ],
    "evalkit.examples": ["example_data", "write_example"],
    "evalkit.follow_up": ["before_after", "frechet_bounds", "need_and_coverage"],
    "evalkit.health": [
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
    ],
    "evalkit.panel": [
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
    ],
    "evalkit.published": ["open_published"],
    "evalkit.records": ["read_records"],
    "evalkit.release": ["Released", "load_profile", "secondary_suppression"],
    "evalkit.report": ["display", "figures", "open_text", "tables", "words"],
    "evalkit.run.reproduce": ["open_verdicts", "reproduce"],
    "evalkit.run.runner": ["run_reports"],
    "evalkit.run.shared": ["open_shared"],
    "evalkit.run.units": ["open_unit"],
    "evalkit.study": ["Study", "read_study", "study_schema"],
    "evalkit.survival": [
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
    ],
    "evalkit.synthetic": ["synthesise"],
    "evalkit.synthetic.calibrated": ["calibrated_data"],
    "evalkit.synthetic.traps": ["method_trap", "trap_labels"],
}
_HOME = {name: room for room, names in _PUBLIC.items() for name in names}

__all__ = ["__version__", "release", *_HOME]  # noqa: PLE0604


def __getattr__(name: str) -> object:
    """Load a public name from its room at first use."""
    if name not in _HOME:
        raise AttributeError(f"evalkit has no public name {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
