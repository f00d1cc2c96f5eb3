"""Random intercepts of person-months against lme4's glmer (tests/truth/r/discrete_time_random.R).

Both sides are found by optimisers: estimates within 1e-4 of an error, errors within 1e-3 of
themselves. Errors of Laplace's approximation are of another kind: evalkit's information has at
least 15 nodes, glmer's differentiates the approximation itself.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import AssumptionWarning
from evalkit.survival import discrete_time

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(FOLDER / "discrete_time_random.csv", keep_default_na=False, na_values="NA")
SETS = pd.read_csv(FOLDER / "survival_sets.csv")
PLACES = pd.read_csv(FOLDER / "discrete_time_random_data.csv")


def fitted(name, **options):
    frame = PLACES if name == "places" else SETS[SETS["set"] == name]
    sample = TimeToEvent.from_frame(
        frame, duration="time", cause="cause", censored="censored", entry="entry", arm="arm",
        cluster="cluster",
    )  # fmt: skip
    return discrete_time(
        sample, "arm + age", cause="self_support", random_intercept="cluster", **options
    )


def reference(name, quantity):
    rows = REFERENCE[(REFERENCE["set"] == name) & (REFERENCE["quantity"] == quantity)]
    assert len(rows) > 0, f"discrete_time_random.csv has no row {name}, {quantity}"
    return rows.reset_index(drop=True)


def estimates_of(name, quantity):
    rows = reference(name, quantity).set_index("term")
    return rows.loc[["armprogramme", "age", "sd"]].reset_index()


def assert_equal(fit, name, quantity, terms=slice(0, 3)):
    expected, found = estimates_of(name, quantity)[terms], fit.tidy()[terms]
    difference = (found["estimate"] - expected["estimate"]).abs()
    assert (difference <= 1e-4 * expected["std_error"]).all()
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-3)
    best = reference(name, f"{quantity}_log_likelihood")["estimate"].iloc[0]
    assert fit.summary["log_likelihood"] >= best - 1e-6
    assert fit.summary["log_likelihood"] == pytest.approx(best, abs=1e-5)


@pytest.mark.parametrize("link", ["cloglog", "logit"])
@pytest.mark.parametrize("name", ["places", "monthly", "cause_absent"])
def test_seven_nodes_equal_those_of_glmer(name, link):
    fit = fitted(name, link=link, baseline="spline")

    assert_equal(fit, name, f"{link}_spline_7")


@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_where_glmer_ends_at_zero_so_does_evalkit(link):
    with pytest.warns(AssumptionWarning, match="cluster: the deviation .* is estimated as 0"):
        fit = fitted("strata", link=link, baseline="spline")

    assert estimates_of("strata", f"{link}_spline_7")["estimate"][2] == fit.rows["estimate"][2] == 0
    assert_equal(fit, "strata", f"{link}_spline_7", terms=slice(0, 2))


def test_a_level_for_each_month_equals_that_of_glmer():
    assert_equal(fitted("places"), "places", "cloglog_months_7")


@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_one_node_equals_laplace_in_glmer(link):
    fit = fitted("places", link=link, baseline="spline", n_node=1)

    expected = estimates_of("places", f"{link}_spline_1")
    difference = (fit.tidy()["estimate"] - expected["estimate"]).abs()
    assert (difference <= 1e-4 * expected["std_error"]).all()
    best = reference("places", f"{link}_spline_1_log_likelihood")["estimate"].iloc[0]
    assert fit.summary["log_likelihood"] == pytest.approx(best, abs=1e-6)
