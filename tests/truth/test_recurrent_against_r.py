"""Mean numbers of recurrent events against R (tests/truth/r/recurrent.R).

The mean of mets, and mean and error of a base R implementation that holds the influence of every
person at every time. Tolerances as in docs/conventions.md.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import recurrent_mean, recurrent_mean_at

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(FOLDER / "recurrent.csv", keep_default_na=False, na_values=[""])
PEOPLE = pd.read_csv(FOLDER / "recurrent_data.csv")
SETS = ["monthly", "continuous", "late_weighted_clustered", "no_death", "one_event"]
QUANTITIES = {
    "mean": {},
    "mean_weight": {"weight": "weight"},
    "mean_weight_cluster": {"weight": "weight", "cluster": "cluster"},
}
ESTIMATE_TOLERANCE = 1e-8
ERROR_TOLERANCE = 1e-6
# mets divides by those at risk before the terminal exits of a time, not after: 1 of n.
METS_ERROR_TOLERANCE = 0.005


def sample_of(name, **columns):
    return TimeToEvent.from_frame(
        PEOPLE[PEOPLE["set"] == name], duration="time", entry="entry", cause="cause",
        censored="censored", causes=("relapse", "died"), person="person", arm="arm", **columns,
    )  # fmt: skip


def matched(name, quantity, result):
    expected = REFERENCE[(REFERENCE["set"] == name) & (REFERENCE["quantity"] == quantity)]
    assert len(expected) > 0
    found = expected[["stratum", "time"]].merge(
        result.tidy(), on=["stratum", "time"], how="left", validate="one_to_one"
    )
    return found, expected.reset_index(drop=True)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("name", SETS)
def test_mean_and_error_equal_the_sums_over_persons(name, quantity):
    result = recurrent_mean(sample_of(name, **QUANTITIES[quantity]), cause="relapse", by="arm")

    found, expected = matched(name, quantity, result)
    scale = np.maximum(expected["estimate"], expected["std_error"])
    gap = (found["estimate"] - expected["estimate"]).abs()
    assert (gap <= ESTIMATE_TOLERANCE * scale).all()
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=ERROR_TOLERANCE)


def test_mean_equals_that_of_mets():
    result = recurrent_mean(sample_of("continuous"), cause="relapse", by="arm")

    found, expected = matched("continuous", "mets", result)
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=ESTIMATE_TOLERANCE)
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=METS_ERROR_TOLERANCE)


@pytest.mark.parametrize("quantity", QUANTITIES)
@pytest.mark.parametrize("name", SETS)
def test_the_mean_at_a_horizon_is_the_point_of_the_curve(name, quantity):
    sample = sample_of(name, **QUANTITIES[quantity])
    curve = recurrent_mean(sample, cause="relapse", by="arm").tidy().query("time <= 6")

    found = recurrent_mean_at(sample, cause="relapse", by="arm", horizon=6).tidy()[:2]

    last = curve.groupby("stratum", sort=False).last().loc[found["term"]]
    np.testing.assert_allclose(found["estimate"], last["estimate"], rtol=1e-12)
    np.testing.assert_allclose(found["std_error"], last["std_error"], rtol=1e-9, atol=1e-14)
