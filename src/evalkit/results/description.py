"""Results that describe persons, places and money."""

from evalkit.results.contract import result_kind


@result_kind(
    keys="step",
    tidy="step reason n_before n_removed n_after",
    glance="n_start n_end",
    counts="n_before n_removed n_after",
)
class Flow:
    """Attrition: who was left after each rule, from all persons to those analysed."""


@result_kind(
    keys="stratum variable level",
    tidy="stratum variable level n share mean std_dev standardised_difference",
    glance="n n_stratum n_variable",
    counts="n",
)
class Characteristics:
    """Baseline table: n and share of each level, or mean and deviation (`level` empty).

    `standardised_difference` compares the first two strata and stands in the rows of the first.
    """


@result_kind(
    keys="stratum source",
    tidy=(
        "stratum source n_pair n_before n_after share_before share_after change conf_low conf_high "
        "change_percent p_value n_entered n_left unit"
    ),
    glance="n n_source before after conf_level method label",
    counts="n_pair n_before n_after n_entered n_left",
)
class BeforeAfter:
    """Shares at two fixed months from start among all who started; `change` is in points."""


@result_kind(
    keys="need_share quantity",
    tidy="need_share quantity low high n_low n_high",
    glance="population n_covered period wanting source label",
    counts="",
)
class NeedCoverage:
    """Ranges of need, coverage and unmet need, one set for each assumed share in need."""


@result_kind(
    keys="party",
    tidy=(
        "party cost gain net net_low net_high pay_off_months pay_off_low pay_off_high "
        "dynamic_months dynamic_low dynamic_high first_crossing break_even_share reason"
    ),
    glance="n horizon_years discount_rate currency price_year society label method",
)
class PayOff:
    """Who pays and who gains: cost, yearly gain, net, pay-off time and break-even share."""


@result_kind(
    keys="month payer payee item",
    tidy="month payer payee item kind amount",
    glance="n n_row currency price_year society",
)
class Ledger:
    """Double-entry flows, summed over persons; society is the sum over all parties."""
