"""Models of person-months against R's glm (tests/truth/r/discrete_time.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import discrete_time

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(FOLDER / "discrete_time.csv", keep_default_na=False, na_values=["NA"])
PEOPLE = pd.read_csv(FOLDER / "survival_sets.csv")
SETS = ["monthly", "late_weighted_clustered", "strata", "cause_absent", "continuous"]


def sample_of(name, **columns):
    frame = PEOPLE[PEOPLE["set"] == name]
    if name == "continuous":
        frame = frame.assign(time=np.ceil(frame["time"]))
    return TimeToEvent.from_frame(
        frame, duration="time", cause="cause", censored="censored", entry="entry", arm="arm",
        **columns,
    )  # fmt: skip


def reference(name, quantity):
    rows = REFERENCE[(REFERENCE["set"] == name) & (REFERENCE["quantity"] == quantity)]
    assert len(rows) > 0, f"discrete_time.csv has no row {name}, {quantity}"
    return rows.reset_index(drop=True)


def assert_equal(fit, name, quantity):
    expected, found = reference(name, quantity), fit.tidy()
    terms = [term.replace("[", "").replace("]", "") for term in found["term"]]
    assert terms == list(expected["term"])
    scale = np.maximum(expected["estimate"].abs(), expected["std_error"])
    assert ((found["estimate"] - expected["estimate"]).abs() <= 1e-8 * scale).all()
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-6)


@pytest.mark.parametrize("baseline", ["months", "spline"])
@pytest.mark.parametrize("link", ["cloglog", "logit"])
@pytest.mark.parametrize("name", SETS)
def test_estimates_equal_those_of_glm(name, link, baseline):
    fit = discrete_time(
        sample_of(name), "arm + age + region", cause="self_support", link=link, baseline=baseline
    )

    assert_equal(fit, name, f"{link}_{baseline}")
    expected = reference(name, f"{link}_{baseline}_log_likelihood")["estimate"].iloc[0]
    assert fit.summary["log_likelihood"] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("columns", [{"cluster": "cluster"}, {}])
@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_robust_errors_with_weights_are_sums_of_scores(link, columns):
    sample = sample_of("late_weighted_clustered", weight="weight", **columns)

    fit = discrete_time(sample, "arm + age + region", cause="self_support", link=link)

    quantity = f"{link}_weight_cluster" if columns else f"{link}_weight"
    assert_equal(fit, "late_weighted_clustered", quantity)
    assert fit.summary["vcov"] == "robust"


@pytest.mark.parametrize("link", ["cloglog", "logit"])
def test_one_event_is_enough_for_one_term(link):
    fit = discrete_time(sample_of("one_event"), "age", link=link)

    assert_equal(fit, "one_event", f"{link}_months")
