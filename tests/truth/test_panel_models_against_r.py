"""Panel models against R (r/panel_models.R) and pyfixest (r/panel_pyfixest.py).

The rows are unbalanced, with gaps and persons of a single row (r/panel_data.csv).
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linearmodels.panel import BetweenOLS, FirstDifferenceOLS, PanelOLS, RandomEffects

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import (
    between_effects,
    first_difference,
    fixed_effects,
    gee,
    hausman_test,
    mixed_effects,
    mundlak,
    mundlak_test,
    pooled,
    random_effects,
    tobit,
    two_part,
    unit_intercepts,
)

R = Path(__file__).parent / "r"
ESTIMATE = 1e-8  # times the larger of the value in R and its error
STD_ERROR = 1e-6  # relative
DEGREES = 1e-6  # relative; clubSandwich goes through other matrices
ITERATED = 1e-4  # of one error: where R stops by a tolerance of its own
ITERATED_ERROR = 1e-3
NO_LOWER = 1e-6  # log-likelihood
TERMS = "arm + income + age + C(wave)"


@pytest.fixture(scope="module")
def frame():
    frame = pd.read_csv(R / "panel_data.csv")
    town = frame["municipality"].str[1:].astype(int)
    frame["sloped"] = frame["score"] + 0.004 * frame["wave"] * (frame["person"] % 7 - 3)
    frame["towned"] = frame["score"] + 0.03 * (town - 6.5)
    frame["capped"] = frame["score"].clip(upper=0.9)
    frame["place"] = (frame["person"] + frame["wave"] // 6) % 9
    return frame


@pytest.fixture(scope="module")
def panel(frame):
    return panel_of(frame)


@pytest.fixture(scope="module")
def reference():
    return pd.read_csv(R / "panel_models.csv").set_index(["model", "term"])


@pytest.fixture(scope="module")
def feols():
    return pd.read_csv(R / "panel_pyfixest.csv").set_index(["model", "term"])


def panel_of(frame, outcome="score", **options):
    return HealthPanel.from_frame(
        frame, person="person", wave="wave", outcome=outcome, arm="arm", **options
    )


def assert_agrees(fit, reference, model, *, estimate=ESTIMATE, error=STD_ERROR):
    ours, theirs = fit.tidy().set_index("term"), reference.loc[model]
    assert set(theirs.index) <= set(ours.index)
    ours = ours.loc[theirs.index]
    own = theirs["std_error"].fillna(0.0)
    allowed = estimate * (
        np.maximum(theirs["estimate"].abs(), own) if estimate == ESTIMATE else own
    )
    has_error = theirs["std_error"].notna()
    allowed = allowed.where(has_error, ITERATED_ERROR * theirs["estimate"].abs())
    assert ((ours["estimate"] - theirs["estimate"]).abs() <= allowed).all()
    np.testing.assert_allclose(
        ours.loc[has_error, "std_error"], theirs.loc[has_error, "std_error"], rtol=error
    )


@pytest.mark.parametrize(
    ("options", "columns", "model"),
    [
        ({"vcov": "unadjusted"}, {}, "pooled unadjusted"),
        ({}, {}, "pooled by person"),
        ({"cluster": "municipality"}, {}, "pooled by municipality"),
        ({}, {"weight": "weight"}, "pooled weighted by person"),
        ({"vcov": "driscoll_kraay"}, {}, "pooled driscoll_kraay"),
        ({"vcov": "CR2", "cluster": "municipality"}, {}, "pooled CR2"),
        ({"vcov": "CR3", "cluster": "municipality"}, {}, "pooled CR3"),
    ],
)
def test_pooled_agrees_with_lm_and_its_sandwiches(frame, reference, options, columns, model):
    assert_agrees(pooled(panel_of(frame, **columns), TERMS, **options), reference, model)


def test_weighted_log_likelihood_is_that_of_lm(frame, reference):
    fit = pooled(panel_of(frame, weight="weight"), TERMS).glance()

    expected = reference.loc[("pooled weighted log-likelihood", "all"), "estimate"]
    assert fit["log_likelihood"][0] == pytest.approx(expected, rel=1e-12)


def test_degrees_of_freedom_of_cr2_are_those_of_clubsandwich(panel, reference):
    fit = pooled(panel, TERMS, vcov="CR2", cluster="municipality")

    theirs = reference.loc["pooled CR2", "df"]
    assert fit.glance()["df"][0] == pytest.approx(theirs.min(), rel=DEGREES)


@pytest.mark.parametrize("kind", ["CR2", "CR3"])
@pytest.mark.parametrize("cluster", ["person", "municipality"])
def test_two_way_effects_with_few_cluster_corrections(panel, reference, kind, cluster):
    fit = fixed_effects(panel, "income", wave_effects=True, vcov=kind, cluster=cluster)

    model = f"twoways {kind} by {cluster}"
    assert_agrees(fit, reference, model)
    expected = reference.loc[(model, "income"), "df"]
    assert fit.glance()["df"][0] == pytest.approx(expected, rel=DEGREES)


@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("cluster", ["person", "municipality"])
def test_two_way_effects_agree_with_pyfixest(frame, feols, cluster, weight):
    panel = panel_of(frame, weight=weight)

    fit = fixed_effects(panel, "arm:C(wave) + income", wave_effects=True, cluster=cluster)

    model = f"person + wave by {cluster}, CRV1" + (", weighted" if weight else "")
    assert_agrees(fit, feols, model)


@pytest.mark.filterwarnings("ignore:formula. without wave effects")
@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("cluster", ["person", "municipality"])
def test_person_effects_agree_with_pyfixest(frame, feols, cluster, weight):
    panel = panel_of(frame, weight=weight)

    fit = fixed_effects(panel, "arm:C(wave) + income", cluster=cluster)

    model = f"person by {cluster}, CRV1" + (", weighted" if weight else "")
    assert_agrees(fit, feols, model)


def test_two_way_clusters_agree_with_pyfixest(frame, feols):
    panel = panel_of(frame)

    fit = fixed_effects(
        panel, "arm:C(wave) + income", wave_effects=True, vcov="two_way", cluster="place"
    )

    assert_agrees(fit, feols, "person + wave by person + place, CRV1")
    assert fit.glance()[["n_cluster", "df"]].iloc[0].tolist() == [9, 8]


def test_the_kernel_equals_linearmodels(frame):
    size = frame.groupby("person")["wave"].transform("size")
    indexed = frame[size > 1].set_index(["person", "wave"])
    model = PanelOLS(
        indexed["score"], indexed[["income"]], weights=indexed["weight"], entity_effects=True,
        time_effects=True,
    )  # fmt: skip

    ours = fixed_effects(
        panel_of(frame, weight="weight"), "income", wave_effects=True, vcov="unadjusted"
    )

    theirs = model.fit(cov_type="unadjusted")
    row = ours.tidy().iloc[0]
    assert row["estimate"] == pytest.approx(theirs.params.iloc[0], rel=1e-10)
    assert row["std_error"] == pytest.approx(theirs.std_errors.iloc[0], rel=1e-10)


@pytest.mark.parametrize("vcov", ["unadjusted", "cluster"])
def test_random_effects_agree_with_plm(panel, reference, vcov):
    fit = random_effects(panel, TERMS, vcov=vcov)

    model = "random unadjusted" if vcov == "unadjusted" else "random by person"
    assert_agrees(fit, reference, model)


def test_variance_components_are_those_of_swar_and_small_sample(panel, frame, reference):
    fit = random_effects(panel, TERMS).tidy().set_index("term")["estimate"]

    theirs = reference.loc["random unadjusted", "estimate"]
    names = ["sd(person)", "sd(residual)"]
    np.testing.assert_allclose(fit[names], theirs[names], rtol=1e-10)
    indexed = frame.set_index(["person", "wave"])
    columns = indexed[["income", "age"]].assign(constant=1.0)
    large = RandomEffects(indexed["score"], columns).fit().variance_decomposition["Effects"]
    small = random_effects(panel, "income + age").tidy()["estimate"].iloc[-2] ** 2
    assert abs(large / small - 1) > 1e-3  # the other convention is another number


@pytest.mark.parametrize("vcov", ["unadjusted", "cluster"])
def test_between_effects_agree_with_plm(panel, frame, reference, vcov):
    fit = between_effects(panel, "arm + income + age", vcov=vcov)

    model = "between unadjusted" if vcov == "unadjusted" else "between by person"
    assert_agrees(fit, reference, model)
    indexed = frame.set_index(["person", "wave"])
    columns = indexed[["income", "age"]].assign(
        arm=(indexed["arm"] == "programme").astype(float), constant=1.0
    )
    theirs = BetweenOLS(indexed["score"], columns).fit(reweight=False).params
    assert fit.tidy()["estimate"][0] == pytest.approx(theirs["arm"], rel=1e-9)


@pytest.mark.parametrize("vcov", ["unadjusted", "cluster"])
def test_first_differences_over_gaps_agree_with_plm(panel, reference, vcov):
    fit = first_difference(panel, "income + C(wave)", vcov=vcov)

    model = "differences unadjusted" if vcov == "unadjusted" else "differences by person"
    assert_agrees(fit, reference, model)
    assert fit.glance()["n_row"][0] == reference.loc[("differences", "n_row"), "estimate"]


def test_first_differences_with_an_intercept_agree_with_plm(panel, reference):
    fit = first_difference(panel, "income", intercept=True, vcov="unadjusted")

    assert_agrees(fit, reference, "differences with intercept")


def test_first_differences_without_gaps_agree_with_linearmodels(panel, frame):
    fit = first_difference(panel, "income", over_gaps=False, vcov="unadjusted")

    indexed = frame.set_index(["person", "wave"])
    theirs = FirstDifferenceOLS(indexed["score"], indexed[["income"]]).fit()
    assert fit.tidy()["estimate"][0] == pytest.approx(theirs.params.iloc[0], rel=1e-10)
    assert fit.tidy()["std_error"][0] == pytest.approx(theirs.std_errors.iloc[0], rel=1e-10)
    assert fit.glance()["n_row"][0] == theirs.nobs


@pytest.mark.parametrize(
    ("robust", "model"), [(False, "hausman classic"), (True, "hausman robust")]
)
def test_hausman_agrees_with_plm(panel, reference, robust, model):
    test = hausman_test(panel, "income + C(wave)", robust=robust).tidy().iloc[0]

    theirs = reference.loc[(model, "all")]
    assert test["statistic"] == pytest.approx(theirs["estimate"], rel=1e-6)
    assert test["df"] == theirs["df"]


def test_mundlak_agrees_with_the_regression_written_out(panel, reference):
    assert_agrees(mundlak(panel, TERMS), reference, "mundlak by person")

    test = mundlak_test(panel, TERMS).tidy().iloc[0]
    assert test["statistic"] == pytest.approx(
        reference.loc[("mundlak test", "all"), "estimate"], rel=1e-6
    )
    assert test["df"] == 4


@pytest.mark.parametrize(
    ("outcome", "options", "model"),
    [
        ("score", {}, "intercept REML"),
        ("score", {"reml": False}, "intercept ML"),
        ("sloped", {"slope": True}, "slope REML"),
        ("towned", {"unit": "municipality"}, "nested REML"),
    ],
)
def test_mixed_models_agree_with_lme4(frame, reference, outcome, options, model):
    fit = mixed_effects(panel_of(frame, outcome), TERMS, **options)

    assert_agrees(fit, reference, model, estimate=ITERATED, error=ITERATED_ERROR)
    theirs = reference.loc[(f"{model} log-likelihood", "all"), "estimate"]
    assert fit.glance()["log_likelihood"][0] >= theirs - NO_LOWER
    assert fit.glance()["log_likelihood"][0] == pytest.approx(theirs, abs=1e-4)


def test_intercepts_of_towns_agree_with_lme4(frame, reference):
    rows = unit_intercepts(panel_of(frame, "towned"), TERMS, unit="municipality").tidy()

    rows = rows.set_index("unit")
    theirs = reference.loc["town"].loc[rows.index]
    apart = (rows["estimate"] - theirs["estimate"]).abs() / theirs["std_error"]
    assert (apart <= ITERATED_ERROR).all()
    np.testing.assert_allclose(rows["std_error"], theirs["std_error"], rtol=ITERATED_ERROR)


def test_estimating_equations_agree_with_geepack(panel, reference):
    assert_agrees(
        gee(panel, TERMS), reference, "gee by person", estimate=ITERATED, error=ITERATED_ERROR
    )


@pytest.mark.parametrize("vcov", ["unadjusted", "cluster"])
def test_tobit_agrees_with_survreg(frame, reference, vcov):
    fit = tobit(panel_of(frame, "capped"), TERMS, upper=0.9, vcov=vcov)

    model = "tobit unadjusted" if vcov == "unadjusted" else "tobit by person"
    assert_agrees(fit, reference, model)
    theirs = reference.loc[("tobit log-likelihood", "all"), "estimate"]
    assert fit.glance()["log_likelihood"][0] == pytest.approx(theirs, rel=1e-12)


def test_tobit_at_the_floor_is_tobit_at_the_ceiling_upside_down(frame):
    turned = frame.assign(capped=-frame["capped"])

    above = tobit(panel_of(frame, "capped"), TERMS, upper=0.9).tidy()
    below = tobit(panel_of(turned, "capped"), TERMS, upper=None, lower=-0.9).tidy()

    np.testing.assert_allclose(above["estimate"][:-1], -below["estimate"][:-1], rtol=1e-10)
    np.testing.assert_allclose(above["std_error"], below["std_error"], rtol=1e-10)


def test_two_parts_agree_with_glm_and_lm(frame, reference):
    fit = two_part(panel_of(frame, "capped"), TERMS, ceiling=0.9)

    # Means and their errors are by numerical derivatives in R.
    assert_agrees(fit, reference, "two parts", estimate=1e-7, error=1e-5)
