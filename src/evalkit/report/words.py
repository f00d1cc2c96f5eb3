"""Words: every sentence of a report, computed from released results."""

from evalkit.report.words_cards import cards
from evalkit.report.words_first import heading, in_short, limits, title
from evalkit.report.words_health import health
from evalkit.report.words_method import method, not_possible
from evalkit.report.words_money import pay_off
from evalkit.report.words_outcomes import pace, self_support
from evalkit.report.words_people import before_after, municipalities, need, participants
from evalkit.report.words_published import (
    published_case,
    published_lesson,
    reproduction,
    verdicts,
)
from evalkit.report.words_recovery import recovery

__all__ = [
    "before_after", "cards", "heading", "health", "in_short", "limits", "method", "municipalities",
    "need", "not_possible", "pace", "participants", "pay_off", "published_case",
    "published_lesson", "recovery", "reproduction", "self_support", "title", "verdicts",
]  # fmt: skip
