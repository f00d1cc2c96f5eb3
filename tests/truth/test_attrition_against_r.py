"""Drop-out against R: glm, lm with sandwich, stacked equations, mice (r/attrition.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import attrition_weights, fixed_effects, pool, weighted_ancova

R = Path(__file__).parent / "r"
ESTIMATE, STD_ERROR = 1e-8, 1e-6
STACKED = 1e-6  # R's derivatives there are numerical
WAVES = {"y0": 0, "y6": 6, "y12": 12}


@pytest.fixture(scope="module")
def reference():
    frame = pd.read_csv(R / "attrition.csv", dtype={"term": str})
    return frame.set_index(["model", "term", "quantity"])["value"]


def long(wide):
    frame = wide.melt(
        id_vars=["person", "arm", "age", *({"town", "set"} & set(wide.columns))],
        value_vars=list(WAVES), var_name="wave", value_name="score",
    )  # fmt: skip
    return frame.assign(wave=frame["wave"].map(WAVES))


def panel_of(wide, **options):
    return HealthPanel.from_frame(
        long(wide), person="person", wave="wave", outcome="score", arm="arm", **options
    )


@pytest.fixture(scope="module")
def wide():
    return pd.read_csv(R / "attrition_data.csv")


def test_weights_agree_with_products_of_logistic_regressions(wide, reference):
    weighted = attrition_weights(panel_of(wide), covariates=["age"])

    for wave in (6, 12):
        rows = weighted.wave == wave
        ours = pd.Series(weighted.weight[rows], weighted.covariates["person"][rows].astype(str))
        theirs = reference.loc["weights"].xs(f"w{wave}", level="quantity")
        assert (theirs > 0).sum() > 50
        np.testing.assert_allclose(ours[theirs.index], theirs, rtol=1e-8)


def test_known_weights_agree_with_lm_and_sandwich(wide, reference):
    by_person = weighted_ancova(
        panel_of(wide), covariates=["age"], response=["age"], vcov="known"
    ).tidy()
    by_town = weighted_ancova(
        panel_of(wide, cluster="town"), covariates=["age"], response=["age"], vcov="known"
    ).tidy()

    for row, wave in enumerate(("y6", "y12")):
        estimate, error = (reference["known", wave, part] for part in ("estimate", "std_error"))
        assert abs(by_person["estimate"][row] - estimate) <= ESTIMATE * max(abs(estimate), error)
        assert by_person["std_error"][row] == pytest.approx(error, rel=STD_ERROR)
        town = reference["known by town", wave, "std_error"]
        assert by_town["std_error"][row] == pytest.approx(town, rel=STD_ERROR)


@pytest.mark.parametrize(
    ("cluster", "model"), [("person", "stacked plain"), ("town", "stacked by town plain")]
)
def test_stacked_errors_agree_with_numerical_derivatives(wide, reference, cluster, model):
    fit = weighted_ancova(panel_of(wide, cluster=cluster), covariates=["age"], response=["age"])

    answered = wide[wide["y12"].notna()]
    n, groups = len(answered), answered[cluster].nunique()
    factor = groups / (groups - 1) * (n - 1) / (n - 4)
    plain = reference[model, "y12", "std_error"]
    assert fit.tidy()["std_error"][1] == pytest.approx(np.sqrt(factor) * plain, rel=STACKED)
    known = weighted_ancova(
        panel_of(wide, cluster=cluster), covariates=["age"], response=["age"], vcov="known"
    ).tidy()
    assert abs(known["std_error"][1] / fit.tidy()["std_error"][1] - 1) > 0.005


@pytest.mark.parametrize("wave", ["y6", "y12"])
def test_pooled_sets_agree_with_mice(reference, wave):
    sets = pd.read_csv(R / "attrition_imputed.csv")
    fits = []
    for _, one in sets.groupby("set"):
        frame = one.assign(wave=0)
        panel = HealthPanel.from_frame(frame, person="person", wave="wave", outcome=wave, arm="arm")
        fits.append(
            fixed_effects(panel, "C(arm) + y0 + age", person_effects=False, vcov="unadjusted")
        )

    pooled = pool(fits).tidy().set_index("term")

    theirs = reference.loc[f"pooled {wave}"].unstack("quantity")
    names = {"y0": "y0", "age": "age"}
    names["armprogramme"] = next(term for term in pooled.index if "programme" in term)
    for term, ours in names.items():
        row, other = pooled.loc[ours], theirs.loc[term]
        spread = np.sqrt(other["t"])
        assert abs(row["estimate"] - other["estimate"]) <= ESTIMATE * max(
            abs(other["estimate"]), spread
        )
        assert row["std_error"] == pytest.approx(spread, rel=STD_ERROR)
        for mine, name in (
            ("within", "ubar"), ("between", "b"), ("df", "df"), ("increase", "riv"),
            ("fraction_missing", "fmi"),
        ):  # fmt: skip
            assert row[mine] == pytest.approx(other[name], rel=STD_ERROR), (term, name)
