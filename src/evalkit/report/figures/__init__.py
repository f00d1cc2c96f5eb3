"""Figures: each takes released results and the text, and gives a part of a page."""

from evalkit.report.figures.bars import flow, need
from evalkit.report.figures.chronogram import chronogram
from evalkit.report.figures.curves import incidence
from evalkit.report.figures.definitions import definitions
from evalkit.report.figures.diagnostics import effects
from evalkit.report.figures.dots import before_after, months
from evalkit.report.figures.forest import ratios
from evalkit.report.figures.hazards import exit_rates
from evalkit.report.figures.money import pay_off
from evalkit.report.figures.places import municipalities
from evalkit.report.figures.recovery import recovery
from evalkit.report.figures.stacks import exits, occupation
from evalkit.report.figures.waves import health

__all__ = [
    "before_after", "chronogram", "definitions", "effects", "exit_rates", "exits", "flow", "health",
    "incidence", "months", "municipalities", "need", "occupation", "pay_off", "ratios", "recovery",
]  # fmt: skip
