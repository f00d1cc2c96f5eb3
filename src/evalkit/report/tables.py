"""Tables: pipe tables of released results. Numbers are rounded here, once."""

from evalkit.report.tables_before_after import (
    area_measures,
    benefit_changes,
    extents,
    leavers,
    leavers_by_group,
    margins,
    need_by_area,
    need_steps,
    transitions,
)
from evalkit.report.tables_collaboration import (
    agreement,
    dose_response,
    fidelity,
    label_shares,
    response_measures,
    response_scores,
    sites,
    themes,
)
from evalkit.report.tables_cost_utility import cheers, cost_utility, net_benefit
from evalkit.report.tables_health import health_measures, health_shares
from evalkit.report.tables_money import break_even, ledger_balances, net_present_value, type_cases
from evalkit.report.tables_organisation import (
    detectable_share,
    financing,
    key_figures,
    process_times,
    recommendations,
    service_gaps,
    service_index,
    service_link,
    targets,
    two_schemes,
)
from evalkit.report.tables_outcomes import ancova, checks, definitions, months, rate_ratios
from evalkit.report.tables_people import before_after, characteristics, municipalities, pay_off
from evalkit.report.tables_published import reproduction, verdicts
from evalkit.report.tables_recovery import recovery

__all__ = [
    "agreement",
    "ancova",
    "area_measures",
    "before_after",
    "benefit_changes",
    "break_even",
    "characteristics",
    "checks",
    "cheers",
    "cost_utility",
    "definitions",
    "detectable_share",
    "dose_response",
    "extents",
    "fidelity",
    "financing",
    "health_measures",
    "health_shares",
    "key_figures",
    "label_shares",
    "leavers",
    "leavers_by_group",
    "ledger_balances",
    "margins",
    "months",
    "municipalities",
    "need_by_area",
    "need_steps",
    "net_benefit",
    "net_present_value",
    "pay_off",
    "process_times",
    "rate_ratios",
    "recommendations",
    "recovery",
    "reproduction",
    "response_measures",
    "response_scores",
    "service_gaps",
    "service_index",
    "service_link",
    "sites",
    "targets",
    "themes",
    "transitions",
    "two_schemes",
    "type_cases",
    "verdicts",
]
