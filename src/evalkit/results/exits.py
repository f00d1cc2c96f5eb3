"""Results about exits, states and their times."""

from evalkit.results.contract import result_kind


@result_kind(
    keys="stratum time",
    tidy="stratum time estimate std_error conf_low conf_high n_at_risk n_event n_censored",
    glance="n n_event n_stratum last_time conf_level method time_unit",
    counts="n_at_risk n_event n_censored",
)
class SurvivalCurve:
    """Probability of no exit by `time`, for each stratum; the first row of a stratum is time 0.

    `n_event` and `n_censored` count persons at exactly `time`.
    """


@result_kind(
    keys="stratum cause time",
    tidy="stratum cause time estimate std_error conf_low conf_high n_at_risk n_event n_censored",
    glance="n n_event n_stratum n_cause last_time conf_level method time_unit",
    counts="n_at_risk n_event n_censored",
)
class IncidenceCurve:
    """Cumulative incidence of each cause by `time`; the first row of a curve is time 0."""


@result_kind(
    keys="stratum time",
    tidy=(
        "stratum time estimate std_error conf_low conf_high n_at_risk n_event n_censored exposure"
    ),
    glance="n n_event n_stratum last_time conf_level method time_unit quantity width",
    counts="n_at_risk n_event n_censored",
)
class HazardCurve:
    """Cumulative hazard by `time`, or exits per unit of time in the interval that ends at `time`.

    `quantity` in the glance says which: `cumulative_hazard` or `exit_rate`.
    """


@result_kind(
    keys="stratum quantile",
    tidy="stratum quantile estimate conf_low conf_high reason",
    glance="n n_event n_stratum quantity conf_level method time_unit",
)
class Quantiles:
    """Times by which given shares have exited. One that is not reached is missing, with why."""


@result_kind(
    keys="stratum time",
    tidy="stratum time estimate std_error conf_low conf_high n_at_risk n_event n_censored",
    glance="n n_event n_stratum last_time conf_level method time_unit",
    counts="n_at_risk n_event n_censored",
)
class RecurrentCurve:
    """Mean number of events by `time`; the first row of a stratum is time 0.

    `n_event` counts the persons whose first event comes at exactly `time`, and support `k` those
    whose second does, which is what the door decides by; `estimate` counts all events.
    """


@result_kind(
    keys="stratum state time",
    tidy="stratum state time estimate std_error conf_low conf_high n_observed",
    glance="n n_stratum n_state last_time conf_level method time_unit",
    counts="n_observed",
)
class OccupationCurve:
    """Probability of being in each state in month `time`, relapse included."""


@result_kind(
    keys="definition sustained_months horizon term scale",
    tidy=(
        "definition sustained_months horizon term scale estimate std_error conf_low conf_high "
        "p_value reason"
    ),
    glance="n cause conf_level method time_unit n_cluster df",
)
class DefinitionGrid:
    """The share with an exit under each definition, by each horizon, as in `Contrast`.

    All cells have one end of follow-up.
    """


@result_kind(
    keys="state term scale",
    tidy="state term scale estimate std_error conf_low conf_high p_value reason",
    glance="n horizon unit conf_level method n_state n_cluster df",
)
class StateMonths:
    """Mean months in each state within a horizon, as in `Contrast`; states add up to it."""


@result_kind(
    keys="stratum quantity item time",
    tidy="stratum quantity item time estimate n n_with",
    glance="n n_left_out horizon n_stratum n_state time_unit",
    counts="n n_with",
)
class StateSequences:
    """Summaries of monthly sequences of states among persons observed for as many months.

    `quantity` is `months`, `spells`, `transition`, `entropy` or `sequence`; `item` names the state,
    the move or the sequence; `n_with` counts the persons who were there, or made it.
    """
