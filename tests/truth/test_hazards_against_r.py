"""Hazard models and their checks against R (tests/truth/r/hazards.R), on six data sets.

Cox models, cause-specific sets, ridge, start-stop rows, residuals, the test of proportional
hazards and concordance against survival; Fine-Gray models against cmprsk::crr and, with late entry,
weights, clusters and strata, against survival::finegray with coxph.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import TimeToEvent
from evalkit.errors import EstimationError
from evalkit.survival import (
    cause_specific,
    concordance,
    cox,
    fine_gray,
    proportional_hazards_test,
    residuals,
)

FOLDER = Path(__file__).parent / "r"
REFERENCE = pd.read_csv(
    FOLDER / "hazards.csv",
    keep_default_na=False,
    na_values={"row": [""], "estimate": [""], "std_error": [""]},
)
PEOPLE = pd.read_csv(FOLDER / "survival_sets.csv")

ESTIMATE_TOLERANCE = 1e-8  # of the larger of |R| and its error
ERROR_TOLERANCE = 1e-6  # relative
RESIDUAL_TOLERANCE = 1e-8  # of the largest residual of the kind
CRR_ERROR_OF_GROUPS = 1e-3  # relative; crr leaves out exits of other groups, see `fine_gray`

LATE = "late_weighted_clustered"
LARGE = ["monthly", "continuous", LATE, "strata", "cause_absent"]
UNWEIGHTED = ["monthly", "continuous", "strata", "cause_absent"]
FORMULA = "arm + age + score"
# No pension in the programme arm of `cause_absent`: there is no finite ratio for it.
OF_CRR = [
    *((name, "self_support") for name in UNWEIGHTED),
    *((name, "pension") for name in ["monthly", "continuous", "strata"]),
]
TIES = ["efron", "breslow"]


def frame_of(name):
    return PEOPLE[PEOPLE["set"] == name].reset_index(drop=True)


def sample_of(name, **columns):
    given = {"entry": "entry", "weight": "weight"} if name == LATE else {}
    return TimeToEvent.from_frame(
        frame_of(name), duration="time", cause="cause", censored="censored", arm="arm",
        **given, **columns,
    )  # fmt: skip


def options_of(name):
    return {"cause": "self_support", "strata": "region" if name == "strata" else None}


def reference(name, quantity):
    chosen = (REFERENCE["set"] == name) & (REFERENCE["quantity"] == quantity)
    rows = REFERENCE[chosen].reset_index(drop=True)
    assert len(rows) > 0, f"hazards.csv has no row {name}, {quantity}"
    return rows


def assert_equal(fit, expected, error_tolerance=ERROR_TOLERANCE):
    found = fit.tidy()
    assert found["term"].tolist() == expected["term"].tolist()
    gap = (found["estimate"] - expected["estimate"]).abs()
    allowed = np.maximum(expected["estimate"].abs(), expected["std_error"])
    assert (gap <= ESTIMATE_TOLERANCE * allowed).all()
    np.testing.assert_allclose(found["std_error"], expected["std_error"], rtol=error_tolerance)


def assert_log_likelihood(fit, name, quantity):
    value = reference(name, f"{quantity}_log_likelihood")["estimate"][0]
    assert fit.glance()["log_likelihood"][0] == pytest.approx(value, rel=1e-10)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", LARGE)
def test_cox_equals_coxph(name, ties):
    fit = cox(sample_of(name), FORMULA, ties=ties, vcov="model", **options_of(name))

    assert_equal(fit, reference(name, f"cox_{ties}"))
    assert_log_likelihood(fit, name, f"cox_{ties}")


@pytest.mark.parametrize("ties", TIES)
def test_cox_of_one_event_equals_coxph(ties):
    fit = cox(sample_of("one_event"), "score", ties=ties)

    assert_equal(fit, reference("one_event", f"cox_{ties}"))


@pytest.mark.parametrize("ties", TIES)
def test_late_weighted_clustered_cox_equals_coxph(ties):
    fit = cox(sample_of(LATE, cluster="cluster"), FORMULA, ties=ties, **options_of(LATE))

    assert_equal(fit, reference(LATE, f"cox_cluster_{ties}"))


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", LARGE)
def test_start_stop_rows_equal_coxph(name, ties):
    frame = frame_of(name)
    first = frame[frame["entry"] < 6].assign(late_arm=0.0)
    goes_on = first["time"] > 6
    first = first.assign(
        time=first["time"].clip(upper=6), cause=first["cause"].where(~goes_on, "censored")
    )
    second = frame[frame["time"] > 6]
    second = second.assign(
        entry=second["entry"].clip(lower=6), late_arm=(second["arm"] == "programme") * 1.0
    )
    sample = TimeToEvent.from_frame(
        pd.concat([first, second]), duration="time", cause="cause", censored="censored", arm="arm",
        entry="entry", person="person", weight="weight" if name == LATE else None,
    )  # fmt: skip

    fit = cox(sample, "arm + late_arm + age", cause="self_support", ties=ties, vcov="robust")

    assert_equal(fit, reference(name, f"start_stop_{ties}"))
    assert_log_likelihood(fit, name, f"start_stop_{ties}")


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", ["monthly", "continuous", "cause_absent"])
def test_penalty_equals_ridge(name, ties):
    fit = cox(
        sample_of(name), FORMULA, cause="self_support", ties=ties, penalty={"age": 5, "score": 5}
    )

    assert_equal(fit, reference(name, f"ridge_{ties}"))


@pytest.mark.parametrize("name", ["monthly", "continuous", LATE, "strata"])
def test_cause_specific_equals_coxph_of_each_cause(name):
    fits = cause_specific(sample_of(name), FORMULA, vcov="model")

    assert list(fits) == ["died", "pension", "self_support"]
    for cause, fit in fits.items():
        assert_equal(fit, reference(name, f"cause_specific_{cause}"))
        assert_log_likelihood(fit, name, f"cause_specific_{cause}")


def test_a_cause_that_one_arm_does_not_have_is_named_with_the_arm():
    with pytest.raises(
        EstimationError, match=r"^pension: arm\[programme\]: no finite hazard ratio"
    ):
        cause_specific(sample_of("cause_absent"), FORMULA, cause="pension")
    with pytest.raises(EstimationError, match=r"^arm\[programme\]: no finite hazard ratio"):
        fine_gray(sample_of("cause_absent"), FORMULA, cause="pension")


KINDS = ["martingale", "deviance", "score", "dfbeta", "schoenfeld", "scaled_schoenfeld"]


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", LARGE)
def test_residuals_equal_those_of_coxph(name, kind, ties):
    found = residuals(sample_of(name), FORMULA, kind=kind, ties=ties, **options_of(name))

    columns = found.values.reshape(len(found), -1)
    terms = found.terms or [""]
    ours = {
        (term, row): value
        for term, column in zip(terms, columns.T, strict=True)
        for row, value in zip(found.row, column, strict=True)
    }
    expected = reference(name, f"{kind}_{ties}")
    values = [ours[key] for key in zip(expected["term"], expected["row"], strict=True)]
    for term in terms:
        mine = (expected["term"] == term).to_numpy()
        largest = expected["estimate"][mine].abs().max()
        gap = np.abs(np.array(values) - expected["estimate"])[mine]
        assert gap.max() <= RESIDUAL_TOLERANCE * largest


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("transform", ["km", "identity", "log", "rank"])
@pytest.mark.parametrize(("name", "formula", "factor"), [
    *((name, FORMULA, "") for name in LARGE),
    *((name, FORMULA + " + region", "_factor") for name in ["monthly", "continuous", LATE]),
])  # fmt: skip
def test_the_test_of_proportional_hazards_equals_cox_zph(name, formula, factor, transform, ties):
    check = proportional_hazards_test(
        sample_of(name), formula, transform=transform, ties=ties, **options_of(name)
    )

    expected = reference(name, f"zph_{transform}{factor}_{ties}")
    found = check.tidy()
    assert found["term"].tolist() == expected["term"].tolist()
    assert found["df"].tolist() == expected["std_error"].tolist()
    np.testing.assert_allclose(found["statistic"], expected["estimate"], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("name", LARGE)
def test_concordance_equals_that_of_coxph(name, ties):
    found = concordance(sample_of(name), FORMULA, ties=ties, **options_of(name))

    assert_equal(found, reference(name, f"concordance_{ties}"))


@pytest.mark.parametrize(("name", "cause"), OF_CRR)
def test_fine_gray_equals_crr(name, cause):
    fit = fine_gray(sample_of(name), FORMULA, cause=cause)

    assert_equal(fit, reference(name, f"crr_{cause}"))
    assert_log_likelihood(fit, name, f"crr_{cause}")
    from_model = fine_gray(sample_of(name), FORMULA, cause=cause, vcov="model")
    assert_equal(from_model, reference(name, f"crr_{cause}_model"))


@pytest.mark.parametrize(("name", "cause"), OF_CRR)
def test_fine_gray_with_groups_of_censoring_equals_crr(name, cause):
    fit = fine_gray(sample_of(name), FORMULA, cause=cause, censoring_by="region")

    assert_equal(fit, reference(name, f"crr_groups_{cause}"), CRR_ERROR_OF_GROUPS)
    from_model = fine_gray(
        sample_of(name), FORMULA, cause=cause, censoring_by="region", vcov="model"
    )
    assert_equal(from_model, reference(name, f"crr_groups_{cause}_model"))


@pytest.mark.parametrize("strata", [None, "sex"])
@pytest.mark.parametrize("cluster", [None, "cluster"])
@pytest.mark.parametrize("name", LARGE)
def test_fine_gray_with_everything_equals_finegray_and_coxph(name, cluster, strata):
    sample = sample_of(name, cluster=cluster)

    fit = fine_gray(
        sample, FORMULA, cause="self_support", strata=strata, vcov="known_weights",
        censoring_ties="after_exits",
    )  # fmt: skip

    quantity = f"finegray_{cluster or 'row'}{'' if strata is None else '_strata'}"
    assert_equal(fit, reference(name, quantity))
