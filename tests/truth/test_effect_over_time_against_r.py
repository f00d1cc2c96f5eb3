"""Curves of hazard ratios over time against R (tests/truth/r/effect_over_time.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import effect_over_time

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(FOLDER / "effect_over_time.csv")
PEOPLE = pd.read_csv(FOLDER / "survival_sets.csv")


@pytest.mark.parametrize("name", ["monthly", "continuous", "strata", "cause_absent"])
def test_curves_and_bands_equal_those_of_plot_cox_zph(name):
    sample = TimeToEvent.from_frame(
        PEOPLE[PEOPLE["set"] == name], duration="time", cause="cause", censored="censored",
        arm="arm",
    )  # fmt: skip
    expected = REFERENCE[REFERENCE["set"] == name].reset_index(drop=True)

    result = effect_over_time(
        sample, "arm + age + score", cause="self_support", times=sorted(set(expected["time"]))
    )

    found = expected[["term", "time"]].merge(result.tidy(), how="left", validate="one_to_one")
    scale = np.maximum(expected["estimate"].abs(), expected["std_error"])
    assert ((found["estimate"] - expected["estimate"]).abs() <= 1e-8 * scale).all()
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-6)
