"""Weighted log-rank tests by hand, in fractions.

Five persons, exits of arm a in months 1 and 4 and of arm b in months 2 and 4, and a censoring of a
in month 3. Those at risk (of a, of all): month 1: 3 of 5, month 2: 2 of 4, month 4: 1 of 2. Before
month 2 the pooled curve is 4/5, before month 4 it is 4/5 * 3/4 = 3/5.
"""

from fractions import Fraction as F

import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import logrank_test, trend_test

FRAME = pd.DataFrame(
    {
        "months": [1, 2, 3, 4, 4],
        "exited": [True, True, False, True, True],
        "arm": ["a", "b", "a", "a", "b"],
    }
)
# Observed less expected exits of a, and variance, in months 1, 2, 4 (in month 4 both exit).
EXCESS = (1 - F(3, 5), 0 - F(2, 4), 1 - 2 * F(1, 2))
VARIANCE = (F(3, 5) * F(2, 5), F(2, 4) * F(2, 4), F(0))
WEIGHTS = {
    "logrank": ({}, (1, 1, 1)),
    "gehan": ({"weights": "gehan"}, (5, 4, 2)),
    "rho": ({"rho": 1}, (1, F(4, 5), F(3, 5))),
    "gamma": ({"gamma": 1}, (0, F(1, 5), F(2, 5))),
    "peto_peto": ({"weights": "peto_peto"}, (F(5, 6), F(5, 6) * F(4, 5), F(5, 6) * F(4, 15))),
}


@pytest.mark.parametrize("test", [logrank_test, trend_test])
@pytest.mark.parametrize("name", WEIGHTS)
def test_the_statistic_is_the_squared_sum_over_its_variance(name, test):
    options, weights = WEIGHTS[name]
    excess = sum(w * e for w, e in zip(weights, EXCESS, strict=True))
    variance = sum(w**2 * v for w, v in zip(weights, VARIANCE, strict=True))
    sample = TimeToEvent.from_frame(FRAME, duration="months", event="exited")

    found = test(sample, by="arm", **options).tidy()["statistic"][0]

    assert found == pytest.approx(float(excess**2 / variance), rel=1e-12)
