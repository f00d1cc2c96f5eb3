"""Results about costs and the health that they buy: means, net benefit, decisions, a checklist."""

from evalkit.results.contract import result_kind


@result_kind(
    keys="stratum adjustment term",
    tidy="stratum adjustment term scale estimate std_error conf_low conf_high n unit reason",
    glance=(
        "n n_left_out horizon_months discount_rate missing m conf_level covariates n_cluster "
        "method label"
    ),
    counts="n",
)
class QalyMeans:
    """QALYs per person by arm and their difference, unadjusted and adjusted for baseline."""


@result_kind(
    keys="stratum adjustment measure term",
    tidy=(
        "stratum adjustment measure term scale estimate std_error conf_low conf_high boot_low "
        "boot_high n unit reason"
    ),
    glance=(
        "n n_left_out quadrant correlation perspective horizon_months discount_rate missing m "
        "currency price_year conf_level n_bootstrap covariates n_cluster df method label"
    ),
    counts="n",
)
class CostUtility:
    """Costs and effects by arm, their differences, and their ratio where signs allow one.

    `quadrant` says which of the four the adjusted differences lie in, `correlation` how their
    errors go together; both are empty where there are several strata.
    """


@result_kind(
    keys="willingness_to_pay",
    tidy="willingness_to_pay estimate std_error conf_low conf_high boot_low boot_high unit",
    glance=(
        "n perspective horizon_months discount_rate missing m currency price_year conf_level "
        "n_bootstrap covariates n_cluster method label"
    ),
)
class NetBenefit:
    """Incremental net monetary benefit per person at each willingness to pay for a QALY."""


@result_kind(
    keys="willingness_to_pay strategy",
    tidy="willingness_to_pay strategy probability net_benefit is_best",
    glance="n n_draw n_strategy source currency price_year horizon_months label",
)
class Acceptability:
    """Probability that each strategy has the highest net benefit, and which has it on average."""


@result_kind(
    keys="willingness_to_pay",
    tidy="willingness_to_pay estimate std_error population_value unit",
    glance="n n_draw n_strategy source population currency price_year horizon_months label",
)
class InformationValue:
    """Expected value of perfect information, per person and for a population."""


@result_kind(
    keys="item",
    tidy="item section topic status answer origin",
    glance="checklist n_item n_open source label",
)
class Checklist:
    """Items of a reporting guideline: `filled`, `in_report`, `not_applicable` or `open`."""
