"""Time to self-support: curves, incidences, months, states, tests and hazard models."""

from evalkit.survival.cox import cox
from evalkit.survival.curves import kaplan_meier
from evalkit.survival.incidence import cumulative_incidence, incidence_at
from evalkit.survival.logrank import logrank_test
from evalkit.survival.months import restricted_mean, time_lost
from evalkit.survival.parametric import parametric_survival
from evalkit.survival.states import occupation, state_at, time_in_state

__all__ = [
    "cox",
    "cumulative_incidence",
    "incidence_at",
    "kaplan_meier",
    "logrank_test",
    "occupation",
    "parametric_survival",
    "restricted_mean",
    "state_at",
    "time_in_state",
    "time_lost",
]
