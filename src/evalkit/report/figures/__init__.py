"""Figures: each takes released results and the text, and gives a part of a page."""

from evalkit.report.figures.acceptability import acceptability, information_value
from evalkit.report.figures.agreement import agreement
from evalkit.report.figures.alluvial import alluvial
from evalkit.report.figures.areas import need_by_area
from evalkit.report.figures.bars import flow, need
from evalkit.report.figures.benefits import benefits
from evalkit.report.figures.caterpillar import caterpillar
from evalkit.report.figures.chronogram import chronogram
from evalkit.report.figures.collaboration import collaboration_items, collaboration_trend
from evalkit.report.figures.cost_utility import net_benefit, plane
from evalkit.report.figures.curves import incidence
from evalkit.report.figures.definitions import definitions
from evalkit.report.figures.diagnostics import effects
from evalkit.report.figures.dose import dose_response
from evalkit.report.figures.dots import before_after, months
from evalkit.report.figures.event_study import event_study
from evalkit.report.figures.fidelity import fidelity
from evalkit.report.figures.financing import financing
from evalkit.report.figures.forest import ratios
from evalkit.report.figures.hazards import exit_rates
from evalkit.report.figures.health_answers import (
    ceiling,
    frequent_profiles,
    health_profile,
    level_sums,
    paretian,
    profile_grid,
)
from evalkit.report.figures.health_numbers import (
    evenness,
    health_change,
    superiority,
    two_value_sets,
)
from evalkit.report.figures.indicators import indicators
from evalkit.report.figures.key_figures import key_figures, targets
from evalkit.report.figures.labels import collaboration_forms, sites
from evalkit.report.figures.leavers import leavers
from evalkit.report.figures.money import pay_off, perspectives
from evalkit.report.figures.money_break_even import break_even
from evalkit.report.figures.money_curve import pay_off_curve
from evalkit.report.figures.money_tornado import tornado
from evalkit.report.figures.places import municipalities
from evalkit.report.figures.published import published_curve, verdicts
from evalkit.report.figures.recovery import recovery
from evalkit.report.figures.schemes import two_schemes
from evalkit.report.figures.services import services
from evalkit.report.figures.stacks import exits, occupation
from evalkit.report.figures.tipping import tipping
from evalkit.report.figures.trajectories import trajectories
from evalkit.report.figures.waterfall import waterfall
from evalkit.report.figures.waves import health

__all__ = [
    "acceptability",
    "agreement",
    "alluvial",
    "before_after",
    "benefits",
    "break_even",
    "caterpillar",
    "ceiling",
    "chronogram",
    "collaboration_forms",
    "collaboration_items",
    "collaboration_trend",
    "definitions",
    "dose_response",
    "effects",
    "evenness",
    "event_study",
    "exit_rates",
    "exits",
    "fidelity",
    "financing",
    "flow",
    "frequent_profiles",
    "health",
    "health_change",
    "health_profile",
    "incidence",
    "indicators",
    "information_value",
    "key_figures",
    "leavers",
    "level_sums",
    "months",
    "municipalities",
    "need",
    "need_by_area",
    "net_benefit",
    "occupation",
    "paretian",
    "pay_off",
    "pay_off_curve",
    "perspectives",
    "plane",
    "profile_grid",
    "published_curve",
    "ratios",
    "recovery",
    "services",
    "sites",
    "superiority",
    "targets",
    "tipping",
    "tornado",
    "trajectories",
    "two_schemes",
    "two_value_sets",
    "verdicts",
    "waterfall",
]
