"""Words: every sentence of a report, computed from released results."""

from evalkit.report.words_before_after import (
    began,
    context,
    leavers,
    margins,
    need_by_area,
    sick_days,
    substitution,
    target_group,
)
from evalkit.report.words_cards import cards
from evalkit.report.words_collaboration import (
    agreement,
    collaboration,
    collaboration_forms,
    dose_response,
    fidelity,
    indicators,
)
from evalkit.report.words_cost_utility import cost_utility
from evalkit.report.words_first import heading, in_short, limits, title
from evalkit.report.words_health import health
from evalkit.report.words_method import method, not_possible
from evalkit.report.words_money import break_even, pay_off, type_cases
from evalkit.report.words_organisation import (
    financing,
    key_figures,
    process_times,
    recommendations,
    services,
    targets,
    two_schemes,
)
from evalkit.report.words_outcomes import pace, self_support
from evalkit.report.words_people import before_after, municipalities, need, participants
from evalkit.report.words_published import published_case, published_lesson, reproduction, verdicts
from evalkit.report.words_recovery import recovery

__all__ = [
    "agreement",
    "before_after",
    "began",
    "break_even",
    "cards",
    "collaboration",
    "collaboration_forms",
    "context",
    "cost_utility",
    "dose_response",
    "fidelity",
    "financing",
    "heading",
    "health",
    "in_short",
    "indicators",
    "key_figures",
    "leavers",
    "limits",
    "margins",
    "method",
    "municipalities",
    "need",
    "need_by_area",
    "not_possible",
    "pace",
    "participants",
    "pay_off",
    "process_times",
    "published_case",
    "published_lesson",
    "recommendations",
    "recovery",
    "reproduction",
    "self_support",
    "services",
    "sick_days",
    "substitution",
    "target_group",
    "targets",
    "title",
    "two_schemes",
    "type_cases",
    "verdicts",
]
