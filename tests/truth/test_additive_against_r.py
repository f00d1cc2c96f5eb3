"""Aalen's additive model against R's timereg and survival (tests/truth/r/additive.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import additive_hazards

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(FOLDER / "additive.csv", keep_default_na=False, na_values=["NA"])
PEOPLE = pd.read_csv(FOLDER / "survival_sets.csv")
SETS = ["monthly", "continuous", "late_weighted_clustered", "strata", "cause_absent"]
UNTIED = ["monthly", "continuous", "strata", "cause_absent"]


def fitted(name, vcov="robust"):
    columns = {}
    if name == "late_weighted_clustered":
        columns = {"entry": "entry", "weight": "weight", "cluster": "cluster"}
    sample = TimeToEvent.from_frame(
        PEOPLE[PEOPLE["set"] == name], duration="time", cause="cause", censored="censored",
        arm="arm", **columns,
    )  # fmt: skip
    return additive_hazards(sample, "arm + age + score", cause="self_support", vcov=vcov)


def matched(result, name, quantity):
    rows = REFERENCE[(REFERENCE["set"] == name) & (REFERENCE["quantity"] == quantity)]
    assert len(rows) > 0, f"additive.csv has no row {name}, {quantity}"
    rows = rows[rows["time"] <= result.summary["last_time"]].reset_index(drop=True)
    found = rows[["term", "time"]].merge(result.tidy(), how="left", validate="one_to_one")
    return found, rows


@pytest.mark.parametrize("vcov", ["robust", "model"])
@pytest.mark.parametrize("name", SETS)
def test_curves_and_errors_equal_the_formulas_written_out(name, vcov):
    found, expected = matched(fitted(name, vcov), name, vcov)

    scale = np.maximum(expected["estimate"].abs(), expected["std_error"])
    assert ((found["estimate"] - expected["estimate"]).abs() <= 1e-8 * scale).all()
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-6)


@pytest.mark.parametrize("name", UNTIED)
def test_curves_equal_those_of_aareg(name):
    found, expected = matched(fitted(name), name, "aareg")

    error = found["std_error"].clip(lower=1e-3)
    assert ((found["estimate"] - expected["estimate"]).abs() <= 1e-8 * error).all()


@pytest.mark.parametrize("vcov", ["robust", "model"])
def test_untied_curves_and_errors_equal_those_of_timereg(vcov):
    found, expected = matched(fitted("continuous", vcov), "continuous", f"timereg_{vcov}")

    scale = np.maximum(expected["estimate"].abs(), expected["std_error"])
    assert ((found["estimate"] - expected["estimate"]).abs() <= 1e-8 * scale).all()
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-6)
