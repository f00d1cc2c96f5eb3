"""Curves, incidences, months, tests and hazards against R's survival (tests/truth/r/survival.R).

Closed-form and Newton estimators agree to 1e-8 of the larger of value and error, and errors to
1e-6; parametric models, found by an optimiser, to 1e-4 of an error and 1e-3 (docs/conventions.md).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import StateHistory, TimeToEvent
from evalkit.survival import (
    cox,
    cumulative_incidence,
    kaplan_meier,
    logrank_test,
    occupation,
    parametric_survival,
    restricted_mean,
    time_lost,
)

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(FOLDER / "survival.csv", keep_default_na=False, na_values=[""])
PEOPLE = pd.read_csv(FOLDER / "survival_data.csv")
DATASETS = ["monthly", "continuous"]

ESTIMATE_TOLERANCE = 1e-8  # of the larger of |R| and its error
ERROR_TOLERANCE = 1e-6  # relative
OPTIMISER_TOLERANCE = 1e-4  # of one standard error
OPTIMISER_ERROR_TOLERANCE = 1e-3  # relative; R and lifelines stop at different points

CURVES = {
    "km_log-log": {},
    "km_log": {},
    "km_plain": {},
    "km_entry": {"entry": "entry"},
    "km_weight": {"weight": "weight"},
    "km_cluster": {"cluster": "cluster"},
}
INCIDENCES = {
    "ci": {},
    "ci_entry": {"entry": "entry"},
    "ci_weight": {"weight": "weight"},
    "ci_cluster": {"cluster": "cluster"},
}
AREAS = {"time_lost": {}, "time_lost_cluster": {"cluster": "cluster"}}
MODELS = {
    "": ({}, "arm + age + female", {}),
    "_strata": ({}, "arm + age", {"strata": "site"}),
    "_entry": ({"entry": "entry"}, "arm + age + female", {}),
    "_weight": ({"weight": "weight"}, "arm + age + female", {"vcov": "model"}),
    "_weight_robust": ({"weight": "weight"}, "arm + age + female", {}),
    "_cluster": ({"cluster": "cluster"}, "arm + age + female", {}),
    "_everything": (
        {"entry": "entry", "weight": "weight", "cluster": "cluster"},
        "arm + age",
        {"strata": "site"},
    ),
}
TESTS = {
    "logrank": {"by": "arm", "cause": "any"},
    "logrank_cause": {"by": "arm", "cause": "self_support"},
    "logrank_strata": {"by": "arm", "cause": "any", "strata": "site"},
    "logrank_three": {"by": "site", "cause": "any"},
    "logrank_rho": {"by": "site", "cause": "any", "rho": 1},
}
DISTRIBUTIONS = {
    "aft_weibull": "weibull",
    "aft_lognormal": "log-normal",
    "aft_loglogistic": "log-logistic",
}


def sample_of(dataset, **columns):
    frame = PEOPLE[PEOPLE["dataset"] == dataset]
    return TimeToEvent.from_frame(
        frame, duration="duration", cause="cause", censored="censored", arm="arm", **columns
    )


def reference(dataset, quantity):
    chosen = (REFERENCE["dataset"] == dataset) & (REFERENCE["quantity"] == quantity)
    rows = REFERENCE[chosen].reset_index(drop=True)
    assert len(rows) > 0, f"survival.csv has no row {dataset}, {quantity}"
    return rows


def matched(result, expected, keys):
    """Our rows in the order of R's."""
    found = expected[keys].merge(result.tidy(), on=keys, how="left", validate="one_to_one")
    assert len(found) == len(expected)
    return found


def assert_close(found, expected, tolerance=ESTIMATE_TOLERANCE, error_tolerance=ERROR_TOLERANCE):
    error = expected["std_error"].fillna(0.0)
    allowed = tolerance * np.maximum(expected["estimate"].abs(), error)
    # A probability of exactly 0 has no scale of its own; R leaves rounding of 1e-17 there.
    gap = (found["estimate"] - expected["estimate"]).abs()
    assert (gap <= np.maximum(allowed, 1e-15)).all()
    known = expected["std_error"].notna().to_numpy()
    np.testing.assert_allclose(
        found["std_error"].to_numpy()[known],
        expected["std_error"].to_numpy()[known],
        rtol=error_tolerance,
        atol=1e-12,
    )


@pytest.mark.parametrize("quantity", CURVES)
@pytest.mark.parametrize("dataset", DATASETS)
def test_kaplan_meier_equals_survfit(dataset, quantity):
    sample = sample_of(dataset, **CURVES[quantity])

    result = kaplan_meier(sample, by="arm", cause="any")

    expected = reference(dataset, quantity)
    assert_close(matched(result, expected, ["stratum", "time"]), expected)


@pytest.mark.parametrize("conf_type", ["log-log", "log", "plain"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_intervals_and_counts_equal_those_of_survfit(dataset, conf_type):
    result = kaplan_meier(sample_of(dataset), by="arm", cause="any", conf_type=conf_type)

    expected = reference(dataset, f"km_{conf_type}")
    found = matched(result, expected, ["stratum", "time"])
    columns = ["conf_low", "conf_high", "n_at_risk", "n_event", "n_censored"]
    np.testing.assert_allclose(found[columns], expected[columns], rtol=1e-8)


@pytest.mark.parametrize("quantity", INCIDENCES)
@pytest.mark.parametrize("dataset", DATASETS)
def test_cumulative_incidence_equals_multi_state_survfit(dataset, quantity):
    sample = sample_of(dataset, **INCIDENCES[quantity])

    result = cumulative_incidence(sample, by="arm")

    expected = reference(dataset, quantity)
    assert_close(matched(result, expected, ["stratum", "cause", "time"]), expected)


@pytest.mark.parametrize("dataset", DATASETS)
def test_incidence_counts_equal_those_of_survfit(dataset):
    result = cumulative_incidence(sample_of(dataset), by="arm")

    expected = reference(dataset, "ci")
    found = matched(result, expected, ["stratum", "cause", "time"])
    columns = ["n_at_risk", "n_event", "n_censored"]
    np.testing.assert_array_equal(found[columns], expected[columns])


@pytest.mark.parametrize("horizon", [12, 24])
@pytest.mark.parametrize("dataset", DATASETS)
def test_restricted_mean_equals_survfit(dataset, horizon):
    result = restricted_mean(sample_of(dataset), by="arm", horizon=horizon, cause="any")

    expected = reference(dataset, "restricted_mean").query("time == @horizon")
    expected = expected.rename(columns={"stratum": "term"}).reset_index(drop=True)
    assert_close(matched(result, expected, ["term"]), expected)


@pytest.mark.parametrize("quantity", AREAS)
@pytest.mark.parametrize("cause", ["self_support", "disability_pension"])
@pytest.mark.parametrize("horizon", [12, 24])
@pytest.mark.parametrize("dataset", DATASETS)
def test_time_lost_equals_the_area_and_influence_of_survfit(dataset, horizon, cause, quantity):
    sample = sample_of(dataset, **AREAS[quantity])

    result = time_lost(sample, by="arm", cause=cause, horizon=horizon)

    expected = reference(dataset, quantity).query("time == @horizon and cause == @cause")
    expected = expected.rename(columns={"stratum": "term"}).reset_index(drop=True)
    assert_close(matched(result, expected, ["term"]), expected)


@pytest.mark.parametrize("quantity", TESTS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_logrank_equals_survdiff(dataset, quantity):
    result = logrank_test(sample_of(dataset), **TESTS[quantity])

    expected = reference(dataset, quantity)["estimate"][0]
    assert result.tidy()["statistic"][0] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("variant", MODELS)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("dataset", DATASETS)
def test_cox_equals_coxph(dataset, ties, variant):
    columns, formula, options = MODELS[variant]

    fit = cox(sample_of(dataset, **columns), formula, cause="self_support", ties=ties, **options)

    expected = reference(dataset, f"cox_{ties}{variant}")
    assert_close(fit.tidy(), expected)
    value = reference(dataset, f"cox_{ties}{variant}_log_likelihood")["estimate"][0]
    assert fit.glance()["log_likelihood"][0] == pytest.approx(value, rel=1e-10)


@pytest.mark.parametrize("quantity", DISTRIBUTIONS)
@pytest.mark.parametrize("dataset", DATASETS)
def test_parametric_survival_equals_survreg(dataset, quantity):
    fit = parametric_survival(
        sample_of(dataset), "arm + age", cause="self_support",
        distribution=DISTRIBUTIONS[quantity],
    )  # fmt: skip

    expected = reference(dataset, quantity)
    found = fit.tidy()
    # survreg's log(scale) is minus log(shape); for the log-normal both are log(scale).
    sign = np.where(found["term"] == "log(shape)", -1.0, 1.0)
    gap = (sign * found["estimate"] - expected["estimate"]).abs()
    assert (gap <= OPTIMISER_TOLERANCE * expected["std_error"]).all()
    np.testing.assert_allclose(
        found["std_error"], expected["std_error"], rtol=OPTIMISER_ERROR_TOLERANCE
    )
    value = reference(dataset, f"{quantity}_log_likelihood")["estimate"][0]
    assert fit.glance()["log_likelihood"][0] >= value - 1e-6


@pytest.mark.parametrize(
    ("quantity", "cluster"), [("occupation", None), ("occupation_cluster", "cluster")]
)
def test_occupation_equals_multi_state_survfit(quantity, cluster):
    people = pd.read_csv(FOLDER / "survival_states.csv", dtype=str)
    digits = [list(text.ljust(19, "9")) for text in people["states"]]
    matrix = np.array(digits).astype(int)
    history = StateHistory.from_matrix(
        np.where(matrix == 9, -1, matrix), ["support", "work", "study", "died"], people,
        cluster=cluster,
    )  # fmt: skip

    result = occupation(history, by="arm")

    expected = reference("states", quantity).rename(columns={"cause": "state"})
    assert_close(matched(result, expected, ["stratum", "state", "time"]), expected)
