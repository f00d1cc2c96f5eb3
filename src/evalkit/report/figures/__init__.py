"""Figures: each takes released results and the text, and gives a part of a page."""

from evalkit.report.figures.bars import flow, need
from evalkit.report.figures.caterpillar import caterpillar
from evalkit.report.figures.chronogram import chronogram
from evalkit.report.figures.curves import incidence
from evalkit.report.figures.definitions import definitions
from evalkit.report.figures.diagnostics import effects
from evalkit.report.figures.dots import before_after, months
from evalkit.report.figures.event_study import event_study
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
from evalkit.report.figures.money import pay_off
from evalkit.report.figures.places import municipalities
from evalkit.report.figures.published import published_curve, verdicts
from evalkit.report.figures.recovery import recovery
from evalkit.report.figures.stacks import exits, occupation
from evalkit.report.figures.tipping import tipping
from evalkit.report.figures.trajectories import trajectories
from evalkit.report.figures.waves import health

__all__ = [
    "before_after", "caterpillar", "ceiling", "chronogram", "definitions", "effects", "evenness",
    "event_study", "exit_rates", "exits", "flow", "frequent_profiles", "health", "health_change",
    "health_profile", "incidence", "level_sums", "months", "municipalities", "need", "occupation",
    "paretian", "pay_off", "profile_grid", "published_curve", "ratios", "recovery",
    "superiority", "tipping",    "trajectories", "two_value_sets", "verdicts",
]  # fmt: skip
