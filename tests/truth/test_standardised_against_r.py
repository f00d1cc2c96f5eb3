"""Standardised incidences against R (tests/truth/r/standardised.R).

Estimates equal `riskRegression::ate` of cause-specific Cox models. Errors equal those of a base R
implementation on `coxph`, whose influence is a numerical derivative in the weight of each person;
those of `ate` take the product of one less the jumps as an exponential and are near.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import standardised_curve, standardised_incidence, time_lost

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(FOLDER / "standardised.csv")
PEOPLE = pd.read_csv(FOLDER / "survival_sets.csv")

ESTIMATE_TOLERANCE = 1e-8
ERROR_TOLERANCE = 1e-6
# ate's influence belongs to exponential survival, and it takes Efron's jumps for Breslow's: under
# monthly ties they are up to 10 % apart.
ATE_ERROR_TOLERANCE = {"continuous": 0.005, "monthly": 0.06, "strata": 0.10}

FORMULA = "arm + age + score"
LATE = {"entry": "entry", "weight": "weight"}
VARIANTS = [
    ("monthly", "person", "efron", {}, None),
    ("continuous", "person", "efron", {}, None),
    ("late_weighted_clustered", "person", "efron", LATE, "sex"),
    ("late_weighted_clustered", "cluster", "efron", LATE | {"cluster": "cluster"}, "sex"),
    ("late_weighted_clustered", "person", "breslow", LATE, None),
    ("late_weighted_clustered", "cluster", "breslow", LATE | {"cluster": "cluster"}, None),
    ("strata", "person", "breslow", {}, "sex"),
]


def sample_of(name, **columns):
    return TimeToEvent.from_frame(
        PEOPLE[PEOPLE["set"] == name], duration="time", cause="cause", censored="censored",
        causes=("self_support", "pension", "died"), arm="arm", **columns,
    )  # fmt: skip


def reference(name, quantity, ties, horizon):
    chosen = REFERENCE.query(
        "set == @name and quantity == @quantity and ties == @ties and time == @horizon"
    )
    assert len(chosen) == 3
    return chosen.set_index("term")[["estimate", "std_error"]]


def compared(result, expected):
    return result.tidy().set_index("term").loc[expected.index]


def assert_close(found, expected):
    gap = (found["estimate"] - expected["estimate"]).abs()
    scale = np.maximum(expected["estimate"].abs(), expected["std_error"])
    assert (gap <= ESTIMATE_TOLERANCE * scale).all()
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=ERROR_TOLERANCE)


@pytest.mark.parametrize("horizon", [6, 12, 24])
@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("name", ["monthly", "continuous", "strata"])
def test_estimates_equal_those_of_ate(name, ties, horizon):
    result = standardised_incidence(
        sample_of(name), FORMULA, cause="self_support", horizon=horizon, ties=ties
    )

    expected = reference(name, "ate", ties, horizon)
    found = compared(result, expected)
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=ESTIMATE_TOLERANCE)
    np.testing.assert_allclose(
        found["std_error"], expected["std_error"], rtol=ATE_ERROR_TOLERANCE[name]
    )


@pytest.mark.parametrize("quantity", ["incidence", "time_lost"])
@pytest.mark.parametrize("horizon", [6, 12, 24])
@pytest.mark.parametrize(("name", "unit", "ties", "columns", "strata"), VARIANTS)
def test_errors_equal_numerical_influence(name, unit, ties, columns, strata, horizon, quantity):
    result = standardised_incidence(
        sample_of(name, **columns), FORMULA, cause="self_support", horizon=horizon,
        quantity=quantity, ties=ties, strata=strata,
    )  # fmt: skip

    key = f"{quantity}_strata_{unit}" if strata else f"{quantity}_{unit}"
    expected = reference(name, key, ties, horizon)
    assert_close(compared(result, expected), expected)


def test_the_curve_goes_through_the_contrasts():
    sample = sample_of("monthly")

    curve = standardised_curve(sample, FORMULA, cause="self_support", times=[6, 12, 24]).tidy()

    expected = pd.concat(
        [reference("monthly", "incidence_person", "efron", horizon) for horizon in (6, 12, 24)],
        keys=[6.0, 12.0, 24.0], names=["time"],
    )  # fmt: skip
    points = curve[curve["time"] > 0].set_index(["time", "stratum"]).rename_axis(["time", "term"])
    assert_close(points, expected.loc[points.index])


@pytest.mark.parametrize("quantity", ["incidence", "time_lost"])
@pytest.mark.parametrize(
    ("formula", "strata"), [("age", "arm"), pytest.param(FORMULA, None, marks=pytest.mark.slow)]
)
def test_influence_and_bootstrap_agree(formula, strata, quantity):
    sample = sample_of("monthly")
    options = {
        "cause": "self_support", "horizon": 12, "quantity": quantity, "strata": strata
    }  # fmt: skip

    by_influence = standardised_incidence(sample, formula, **options).tidy()
    drawn = standardised_incidence(
        sample, formula, **options, error="bootstrap", n_draw=400, seed=20263
    ).tidy()

    np.testing.assert_array_equal(drawn["estimate"], by_influence["estimate"])
    # The error of a deviation from B draws is 1 / sqrt(2 B); 3.5 of these, and 2 % for n = 400.
    allowed = 3.5 / np.sqrt(2 * 400) + 0.02
    np.testing.assert_allclose(drawn["std_error"], by_influence["std_error"], rtol=allowed)


def test_an_arm_in_strata_alone_is_the_incidence_of_the_arm_given_the_covariates_mean_nothing():
    frame = PEOPLE[PEOPLE["set"] == "monthly"].assign(nothing=np.tile([0.0, 1.0], 200))
    doubled = pd.concat([frame, frame.assign(nothing=1.0 - frame["nothing"])])
    sample = TimeToEvent.from_frame(
        doubled, duration="time", cause="cause", censored="censored", arm="arm"
    )

    found = standardised_incidence(
        sample, "nothing", cause="self_support", horizon=12, quantity="time_lost", strata="arm",
        ties="breslow",
    ).tidy()  # fmt: skip

    expected = time_lost(sample, by="arm", cause="self_support", horizon=12).tidy()
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=1e-10)
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=1e-9)
