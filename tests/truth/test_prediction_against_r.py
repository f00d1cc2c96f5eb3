"""Scores of predicted risks against R's riskRegression (tests/truth/r/prediction.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import brier_score, concordance_index, roc_area

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(FOLDER / "prediction.csv", keep_default_na=False, na_values=["NA"])
PEOPLE = pd.read_csv(FOLDER / "survival_sets.csv")
SETS = ["monthly", "continuous", "strata", "cause_absent"]
HORIZONS = [6, 12, 18, 24]


def predicted(frame):
    line = (
        -0.5
        + 0.4 * (frame["arm"] == "programme")
        - 0.02 * (frame["age"] - 40)
        + 0.3 * frame["score"]
    )
    share = 1 / (1 + np.exp(-line.to_numpy()))
    return np.round(np.outer(share, 1 - np.exp(-np.array(HORIZONS) / 15)), 2)


def sample_of(name):
    frame = PEOPLE[PEOPLE["set"] == name]
    sample = TimeToEvent.from_frame(frame, duration="time", cause="cause", censored="censored")
    return sample, predicted(frame)


def matched(result, name, theirs, ours):
    rows = REFERENCE[(REFERENCE["set"] == name) & (REFERENCE["measure"] == theirs)]
    assert len(rows) > 0, f"prediction.csv has no row {name}, {theirs}"
    frame = result.tidy()
    frame = frame[frame["measure"] == ours]
    found = rows[["prediction", "time"]].merge(frame, how="left", on=["prediction", "time"])
    return found, rows.reset_index(drop=True)


def assert_errors_close(found, expected, name):
    """Ours are derivatives, see test_prediction_identities; under ties Score's are not quite."""
    is_model = (expected["prediction"] == "model").to_numpy()
    tolerance = 1e-3 if name == "continuous" else 0.03
    np.testing.assert_allclose(
        found["std_error"][is_model], expected["std_error"][is_model], rtol=tolerance
    )


@pytest.mark.parametrize("name", SETS)
def test_brier_scores_equal_those_of_score(name):
    sample, risk = sample_of(name)

    result = brier_score(sample, risk, horizon=HORIZONS, cause="self_support")

    found, expected = matched(result, name, "brier", "brier")
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=1e-10)
    assert_errors_close(found, expected, name)


@pytest.mark.parametrize("name", SETS)
def test_explained_and_integrated_scores_equal_those_of_score(name):
    sample, risk = sample_of(name)

    result = brier_score(sample, risk, horizon=HORIZONS, cause="self_support")

    found, expected = matched(result, name, "ipa", "explained")
    is_model = expected["prediction"] == "model"
    np.testing.assert_allclose(
        found["estimate"][is_model], expected["estimate"][is_model], atol=1e-10
    )
    found, expected = matched(result, name, "ibs", "integrated_brier")
    later = expected["time"] > HORIZONS[0]
    np.testing.assert_allclose(found["estimate"][later], expected["estimate"][later], rtol=1e-10)


@pytest.mark.parametrize("name", SETS)
def test_roc_areas_equal_those_of_score(name):
    sample, risk = sample_of(name)

    result = roc_area(sample, risk, horizon=HORIZONS, cause="self_support")

    found, expected = matched(result, name, "auc", "roc_area")
    np.testing.assert_allclose(found["estimate"], expected["estimate"], rtol=1e-10)
    assert_errors_close(found, expected, name)


@pytest.mark.parametrize("number", range(len(HORIZONS)))
@pytest.mark.parametrize("name", SETS)
def test_concordance_equals_the_count_of_all_pairs(name, number):
    sample, risk = sample_of(name)

    result = concordance_index(
        sample, risk[:, number], horizon=HORIZONS[number], cause="self_support"
    )

    rows = REFERENCE[(REFERENCE["set"] == name) & (REFERENCE["measure"] == "concordance")]
    expected = rows.loc[rows["time"] == HORIZONS[number], "estimate"].iloc[0]
    assert result.tidy()["estimate"].iloc[0] == pytest.approx(expected, rel=1e-10)
