"""Paired shares against R: tests/truth/r/follow_up.R wrote tests/truth/r/follow_up.csv."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import Occasions
from evalkit.follow_up import before_after

TABLE = pd.read_csv(Path(__file__).parent / "r" / "follow_up.csv", skipinitialspace=True)
RTOL_R = 1e-8  # closed form
ROWS = range(len(TABLE))


def paired(both, left, entered, neither) -> Occasions:
    counts = [int(both), int(left), int(entered), int(neither)]
    first = np.repeat([True, True, False, False], counts)
    second = np.repeat([True, False, True, False], counts)
    person = np.arange(len(first)).astype(str)
    frame = pd.DataFrame(
        {
            "person": np.concatenate([person, person]),
            "month": np.repeat([0, 24], len(first)),
            "work": np.concatenate([first, second]),
        }
    )
    return Occasions.from_frame(frame, person="person", occasion="month", sources=["work"])


@pytest.mark.parametrize("row", ROWS)
def test_interval_of_paired_shares_is_newcombes_as_r_computes_it(row):
    expected = TABLE.loc[row]
    sample = paired(*expected[["both", "left", "entered", "neither"]])

    found = before_after(sample).tidy().loc[0]

    np.testing.assert_allclose(
        found[["change", "conf_low", "conf_high"]].astype(float) / 100,
        expected[["change", "conf_low", "conf_high"]].astype(float),
        rtol=RTOL_R,
        atol=1e-12,
    )


@pytest.mark.parametrize("row", ROWS)
def test_p_value_is_that_of_rs_exact_binomial_test(row):
    expected = TABLE.loc[row]
    sample = paired(*expected[["both", "left", "entered", "neither"]])

    found = before_after(sample).tidy().loc[0]

    assert found["p_value"] == pytest.approx(expected["p_exact"], rel=RTOL_R)


def test_chi_square_version_of_mcnemar_agrees_only_in_a_large_sample():
    large, small = TABLE.loc[4], TABLE.loc[3]

    assert large["p_exact"] == pytest.approx(large["p_chi_square"], rel=0.2)
    assert small["p_exact"] > 2 * small["p_chi_square"]
