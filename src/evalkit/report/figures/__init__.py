"""Figures: each takes released results and the text, and gives a part of a page."""

from evalkit.report.figures.bars import flow, need
from evalkit.report.figures.curves import incidence
from evalkit.report.figures.dots import before_after, months
from evalkit.report.figures.money import pay_off
from evalkit.report.figures.places import municipalities
from evalkit.report.figures.recovery import recovery
from evalkit.report.figures.stacks import exits, occupation
from evalkit.report.figures.waves import health

__all__ = [
    "before_after", "exits", "flow", "health", "incidence", "months", "municipalities", "need",
    "occupation", "pay_off", "recovery",
]  # fmt: skip
