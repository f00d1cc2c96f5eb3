"""Tests of equal rates and incidences against R (tests/truth/r/rank_tests.R).

`survdiff`, the robust score test of `coxph`, `cmprsk::cuminc`, `p.adjust`, and weighted log-rank
tests written out in base R, on six data sets.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from evalkit.cohort.samples import TimeToEvent
from evalkit.survival import (
    gray_test,
    logrank_test,
    max_combo_test,
    pairwise_tests,
    trend_test,
)

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(FOLDER / "rank_tests.csv", keep_default_na=False, na_values=[""])
PEOPLE = pd.read_csv(FOLDER / "survival_sets.csv")
SETS = ["monthly", "continuous", "late_weighted_clustered", "strata", "cause_absent", "one_event"]
WITH_EXITS = SETS[:5]

TOLERANCE = 1e-8
# R integrates to about 1e-8 of 1; ours is said to be within 1e-3 of the p-value.
JOINT_TOLERANCE = {"rel": 1e-4, "abs": 1e-8}

ARM = {"by": "arm", "cause": "self_support"}
REGION = {"by": "region", "cause": "self_support", "strata": "sex"}
TESTS = {
    "survdiff_0": ARM,
    "survdiff_1": ARM | {"rho": 1},
    "gehan": ARM | {"weights": "gehan"},
    "tarone_ware": ARM | {"weights": "tarone_ware"},
    "peto_peto": ARM | {"weights": "peto_peto"},
}
TESTS_WITH_EXITS = {
    "survdiff_strata_0": REGION | {"cause": "any"},
    "survdiff_strata_1": REGION | {"cause": "any", "rho": 1},
    "gehan_strata": REGION | {"weights": "gehan"},
    "tarone_ware_strata": REGION | {"weights": "tarone_ware"},
    "peto_peto_strata": REGION | {"weights": "peto_peto"},
    "fh_0_1": ARM | {"gamma": 1},
    "fh_1_1": ARM | {"rho": 1, "gamma": 1},
    "fh_half": ARM | {"rho": 0.5, "gamma": 0.5},
    "fh_0_1_strata": REGION | {"gamma": 1},
    "fh_1_1_strata": REGION | {"rho": 1, "gamma": 1},
    "fh_half_strata": REGION | {"rho": 0.5, "gamma": 0.5},
}
SCORES = {"middle": 1, "north": 2, "south": 4}
TRENDS = {
    "trend": {"by": "region", "cause": "self_support", "scores": SCORES},
    "trend_tarone_ware_strata": REGION | {"scores": SCORES, "weights": "tarone_ware"},
}
ROBUST = {
    "robust_row": (ARM, {}),
    "robust_cluster": (ARM, {"cluster": "cluster"}),
    "robust_strata_row": (REGION, {}),
    "robust_strata_cluster": (REGION, {"cluster": "cluster"}),
}
GRAY = REFERENCE[REFERENCE["quantity"].str.startswith("gray")]


def sample_of(name, **columns):
    return TimeToEvent.from_frame(
        PEOPLE[PEOPLE["set"] == name], duration="time", cause="cause", censored="censored",
        causes=("self_support", "pension", "died"), arm="arm", **columns,
    )  # fmt: skip


def entering(name, **columns):
    return sample_of(name, entry="entry" if name == "late_weighted_clustered" else None, **columns)


def reference(name, quantity):
    rows = REFERENCE[(REFERENCE["set"] == name) & (REFERENCE["quantity"] == quantity)]
    assert len(rows) > 0, f"rank_tests.csv has no row {name}, {quantity}"
    return rows.reset_index(drop=True)


def assert_same(result, expected):
    found = result.tidy()
    np.testing.assert_allclose(found["statistic"], expected["statistic"], rtol=TOLERANCE)
    np.testing.assert_array_equal(found["df"], expected["df"])
    np.testing.assert_allclose(found["p_value"], expected["p_value"], rtol=1e-7)


@pytest.mark.parametrize("quantity", TESTS)
@pytest.mark.parametrize("name", SETS)
def test_two_arms_equal_r(name, quantity):
    assert_same(logrank_test(entering(name), **TESTS[quantity]), reference(name, quantity))


@pytest.mark.parametrize("quantity", TESTS_WITH_EXITS)
@pytest.mark.parametrize("name", WITH_EXITS)
def test_late_weights_and_strata_equal_r(name, quantity):
    result = logrank_test(entering(name), **TESTS_WITH_EXITS[quantity])

    assert_same(result, reference(name, quantity))


@pytest.mark.parametrize("quantity", TRENDS)
@pytest.mark.parametrize("name", SETS)
def test_trend_equals_r(name, quantity):
    assert_same(trend_test(entering(name), **TRENDS[quantity]), reference(name, quantity))


@pytest.mark.parametrize("adjust", ["holm", "bonferroni", "none"])
@pytest.mark.parametrize("name", WITH_EXITS)
def test_pairs_equal_r(name, adjust):
    result = pairwise_tests(entering(name), by="region", cause="self_support", adjust=adjust)

    expected = reference(name, f"pairs_{adjust}")
    assert result.tidy()["term"].tolist() == expected["term"].tolist()
    assert_same(result, expected)


@pytest.mark.parametrize("quantity", ROBUST)
@pytest.mark.parametrize("name", WITH_EXITS)
def test_weighted_test_equals_the_robust_score_test_of_coxph(name, quantity):
    options, columns = ROBUST[quantity]

    found = logrank_test(entering(name, weight="weight", **columns), **options).tidy()

    expected = reference(name, quantity)
    np.testing.assert_allclose(found["statistic"], expected["statistic"], rtol=TOLERANCE)
    np.testing.assert_array_equal(found["df"], expected["df"])


@pytest.mark.parametrize("name", WITH_EXITS)
def test_max_combo_equals_r(name):
    found = max_combo_test(entering(name), **ARM).tidy()

    expected = reference(name, "max_combo")
    np.testing.assert_allclose(found["statistic"], expected["statistic"], rtol=TOLERANCE)
    np.testing.assert_allclose(found["p_value"][1:], expected["p_value"][1:], rtol=1e-7)
    assert found["p_value"][0] == pytest.approx(expected["p_value"][0], **JOINT_TOLERANCE)


@pytest.mark.parametrize(
    ("name", "quantity", "cause", "statistic", "df", "p_value"),
    GRAY[["set", "quantity", "term", "statistic", "df", "p_value"]].to_numpy().tolist(),
)
def test_gray_equals_cuminc(name, quantity, cause, statistic, df, p_value):
    by, rho = quantity.split("_")[1:3]
    strata = "sex" if quantity.endswith("strata") else None

    result = gray_test(sample_of(name), by=by, cause=cause, rho=float(rho), strata=strata)

    expected = pd.DataFrame({"statistic": [statistic], "df": [df], "p_value": [p_value]})
    assert_same(result, expected)


def test_clusters_bring_f_for_the_chi_squared_distribution():
    sample = entering("late_weighted_clustered", weight="weight", cluster="cluster")

    found = logrank_test(sample, **REGION)

    row = found.tidy().iloc[0]
    assert row["p_value"] == pytest.approx(stats.f.sf(row["statistic"] / 2, 2, 13), rel=1e-12)
    assert found.glance()["reference"][0] == "F, 13 degrees of freedom below"
