"""Results about money: who pays and who gains, over which time, under which assumptions."""

from evalkit.results.contract import result_kind


@result_kind(
    keys="party kind",
    tidy="party kind received paid balance",
    glance="n n_row currency price_year society public",
)
class LedgerBalances:
    """What each party received and paid in all, by kind of flow and together (`kind` is `all`).

    `public` is the sum over public parties, `society` that over all parties: production less
    resources. The glance entry `public` lists the parties that were counted as public.
    """


@result_kind(
    keys="party horizon_years discount_rate",
    tidy=(
        "party horizon_years discount_rate cost gain net benefit_cost annuity break_even_share "
        "reason"
    ),
    glance="n write_off_years currency price_year public label method",
)
class NetPresentValue:
    """Discounted cost, gain and net by party, horizon and rate, per person."""


@result_kind(
    keys="party horizon_years",
    tidy="party horizon_years cost gain break_even_share conf_low conf_high reason",
    glance="n conf_level n_cluster currency price_year public label method",
)
class BreakEven:
    """Share of the change that must be due to the programme to recover the cost in time."""


@result_kind(
    keys="party month",
    tidy=(
        "party month net cumulative cumulative_low cumulative_high pay_off_months first_crossing "
        "reason"
    ),
    glance="n conf_level horizon_years discount_rate currency price_year public label method",
)
class PayOffCurve:
    """Discounted net gain by month, and summed up with its interval, per person.

    The last three columns say the same in every month of a party: the month from which the sum
    stays at 0 or above, the first such month, and why there is none.
    """


@result_kind(
    keys="parameter",
    tidy="parameter low high at_low at_high unit",
    glance="n quantity party base horizon_years discount_rate currency price_year label method",
)
class Sensitivity:
    """One quantity at the low and the high value of each parameter, the others as they were."""


@result_kind(
    keys="party",
    tidy=(
        "party cost gain net pay_off_months break_even_share cost_low cost_high gain_low gain_high "
        "net_low net_high pay_off_low pay_off_high share_low share_high total_cost total_gain "
        "reason"
    ),
    glance="n n_case n_extrapolated concentration horizon_years conf_level label method",
)
class TypeCases:
    """Weighted type cases by party, with the range that uncertain weights leave open."""
