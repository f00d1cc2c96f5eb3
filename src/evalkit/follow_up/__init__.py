"""Follow-up: before and after, need and coverage, key figures."""

from evalkit.follow_up.before_after import before_after, frechet_bounds
from evalkit.follow_up.need import need_and_coverage
from evalkit.follow_up.years import full_year_equivalents

__all__ = ["before_after", "frechet_bounds", "full_year_equivalents", "need_and_coverage"]
