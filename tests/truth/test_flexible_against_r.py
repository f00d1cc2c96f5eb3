"""Piecewise, spline and cure models against R (tests/truth/r/flexible.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import flexible_survival

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(FOLDER / "flexible.csv", keep_default_na=False, na_values=["NA"])
PEOPLE = pd.read_csv(FOLDER / "survival_sets.csv")
SETS = ["monthly", "continuous", "late_weighted_clustered", "strata", "cause_absent"]


def sample_of(name):
    frame, columns = PEOPLE[PEOPLE["set"] == name], {}
    if name == "late_weighted_clustered":
        columns = {"entry": "entry", "weight": "weight", "cluster": "cluster"}
    return TimeToEvent.from_frame(
        frame, duration="time", cause="cause", censored="censored", arm="arm", **columns
    )


def reference(name, quantity):
    rows = REFERENCE[(REFERENCE["set"] == name) & (REFERENCE["quantity"] == quantity)]
    assert len(rows) > 0, f"flexible.csv has no row {name}, {quantity}"
    return rows.reset_index(drop=True)


@pytest.mark.parametrize("name", SETS)
def test_constant_rates_in_pieces_equal_poisson_regression(name):
    fit = flexible_survival(
        sample_of(name), "arm + age + score", cause="self_support", model="piecewise"
    )

    found, expected = fit.tidy(), reference(name, "piecewise")
    scale = np.maximum(expected["estimate"].abs(), expected["std_error"])
    assert ((found["estimate"] - expected["estimate"]).abs() <= 1e-8 * scale).all()
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-6)


@pytest.mark.parametrize("name", SETS)
def test_a_spline_baseline_has_the_maximum_that_optim_finds(name):
    fit = flexible_survival(
        sample_of(name), "arm + age + score", cause="self_support", model="spline"
    )

    found, expected = fit.tidy(), reference(name, "spline")
    gap = (found["estimate"] - expected["estimate"]).abs()
    assert (gap <= 1e-4 * expected["std_error"]).all()
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-3)
    best = reference(name, "spline_log_likelihood")["estimate"].iloc[0]
    assert fit.summary["log_likelihood"] == pytest.approx(best, abs=1e-6)


def with_some_who_stay(*, late):
    frame = PEOPLE[PEOPLE["set"] == "continuous"].reset_index(drop=True)
    number = np.arange(len(frame)) + 1
    stays = number % 5 < 2
    frame.loc[stays, "time"] = 60.0
    frame["exited"] = (frame["cause"] == "self_support") & ~stays
    frame["entry"] = np.where(late & (number % 3 == 0), frame["time"] / 2, 0.0)
    return TimeToEvent.from_frame(frame, duration="time", event="exited", entry="entry")


@pytest.mark.parametrize(("quantity", "late"), [("cure", False), ("cure_late", True)])
def test_a_cure_model_has_the_maximum_that_optim_finds(quantity, late):
    fit = flexible_survival(with_some_who_stay(late=late), "1", model="cure")

    found, expected = fit.tidy(), reference("continuous", quantity)
    assert list(found["term"]) == list(expected["term"])
    gap = (found["estimate"] - expected["estimate"]).abs()
    assert (gap <= 1e-4 * expected["std_error"]).all()
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-3)
