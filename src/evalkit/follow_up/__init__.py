"""Follow-up: before and after, need and coverage, key figures."""

from evalkit.follow_up.agreement import agreement, agreement_table
from evalkit.follow_up.before_after import before_after, frechet_bounds
from evalkit.follow_up.benefits import benefit_change, benefit_vector
from evalkit.follow_up.detectable import minimum_detectable_share
from evalkit.follow_up.dose_response import dose_response
from evalkit.follow_up.extent import started_or_increased
from evalkit.follow_up.fidelity import fidelity
from evalkit.follow_up.financing import financing, implied_funds
from evalkit.follow_up.indicators import indicators
from evalkit.follow_up.key_figures import key_figures
from evalkit.follow_up.labels import collaboration_forms, theme_table
from evalkit.follow_up.need import need_and_coverage
from evalkit.follow_up.need_steps import need_by_area, need_steps, register_need
from evalkit.follow_up.processes import process_times
from evalkit.follow_up.recommendations import recommendations
from evalkit.follow_up.reliability import scale_reliability
from evalkit.follow_up.responses_index import collaboration_quality, joint_work_time
from evalkit.follow_up.schemes import schemes_compared
from evalkit.follow_up.service_link import service_outcome_link
from evalkit.follow_up.service_profile import service_gaps, service_index, service_profile
from evalkit.follow_up.sites import site_summary
from evalkit.follow_up.status_change import margin_bounds, status_change
from evalkit.follow_up.support_measure import area_context, support_measure, support_totals
from evalkit.follow_up.targets import targets
from evalkit.follow_up.transitions import support_after, transitions
from evalkit.follow_up.type_cases import type_cases
from evalkit.follow_up.waves import collaboration_trend, survey_change
from evalkit.follow_up.years import full_year_equivalents

__all__ = [
    "agreement",
    "agreement_table",
    "area_context",
    "before_after",
    "benefit_change",
    "benefit_vector",
    "collaboration_forms",
    "collaboration_quality",
    "collaboration_trend",
    "dose_response",
    "fidelity",
    "financing",
    "frechet_bounds",
    "full_year_equivalents",
    "implied_funds",
    "indicators",
    "joint_work_time",
    "key_figures",
    "margin_bounds",
    "minimum_detectable_share",
    "need_and_coverage",
    "need_by_area",
    "need_steps",
    "process_times",
    "recommendations",
    "register_need",
    "scale_reliability",
    "schemes_compared",
    "service_gaps",
    "service_index",
    "service_outcome_link",
    "service_profile",
    "site_summary",
    "started_or_increased",
    "status_change",
    "support_after",
    "support_measure",
    "support_totals",
    "survey_change",
    "targets",
    "theme_table",
    "transitions",
    "type_cases",
]
