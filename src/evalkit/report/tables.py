"""Tables: pipe tables of released results. Numbers are rounded here, once."""

from evalkit.report.tables_health import health_measures, health_shares
from evalkit.report.tables_outcomes import ancova, checks, definitions, months, rate_ratios
from evalkit.report.tables_people import before_after, characteristics, municipalities, pay_off
from evalkit.report.tables_published import reproduction, verdicts
from evalkit.report.tables_recovery import recovery

__all__ = [
    "ancova", "before_after", "characteristics", "checks", "definitions", "health_measures",
    "health_shares", "months", "municipalities", "pay_off", "rate_ratios", "recovery",
    "reproduction", "verdicts",
]  # fmt: skip
