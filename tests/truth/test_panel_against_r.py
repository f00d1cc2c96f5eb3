"""Panel models against R: plm, and lm with sandwich (r/panel.R, r/panel.csv)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from linearmodels.panel import PanelOLS

from evalkit.cohort.samples import HealthPanel
from evalkit.panel import ancova, fixed_effects

R = Path(__file__).parent / "r"
ESTIMATE = 1e-8  # times the larger of the value in R and its error
STD_ERROR = 1e-6  # relative


@pytest.fixture(scope="module")
def frame():
    return pd.read_csv(R / "panel_data.csv")


@pytest.fixture(scope="module")
def reference():
    return pd.read_csv(R / "panel.csv").set_index(["model", "term"])


def panel_of(frame, **options):
    return HealthPanel.from_frame(
        frame, person="person", wave="wave", outcome="score", arm="arm", **options
    )


def assert_agrees(fit, reference, model):
    ours = fit.tidy().set_index("term")
    theirs = reference.loc[model]
    assert set(theirs.index) <= set(ours.index)
    ours = ours.loc[theirs.index]
    allowed = ESTIMATE * np.maximum(theirs["estimate"].abs(), theirs["std_error"])
    assert ((ours["estimate"] - theirs["estimate"]).abs() <= allowed).all()
    np.testing.assert_allclose(ours["std_error"], theirs["std_error"], rtol=STD_ERROR)


def test_person_effects_agree_with_plm(frame, reference):
    fit = fixed_effects(panel_of(frame), "income", vcov="unadjusted")

    assert_agrees(fit, reference, "plm individual")


def test_person_and_wave_effects_agree_with_plm(frame, reference):
    fit = fixed_effects(
        panel_of(frame), "arm:C(wave) + income", wave_effects=True, vcov="unadjusted"
    )

    assert_agrees(fit, reference, "plm twoways")


def test_errors_by_person_count_nested_effects_once(frame, reference):
    one = fixed_effects(panel_of(frame), "income")
    two = fixed_effects(panel_of(frame), "arm:C(wave) + income", wave_effects=True)

    assert_agrees(one, reference, "individual by person")
    assert_agrees(two, reference, "twoways by person")


def test_errors_by_a_coarser_cluster_agree_however_the_cluster_is_named(frame, reference):
    formula = "arm:C(wave) + income"
    named = fixed_effects(panel_of(frame), formula, wave_effects=True, cluster="municipality")
    of_panel = fixed_effects(panel_of(frame, cluster="municipality"), formula, wave_effects=True)

    assert_agrees(named, reference, "twoways by municipality")
    assert_agrees(of_panel, reference, "twoways by municipality")


def test_weighted_effects_agree(frame, reference):
    fit = fixed_effects(panel_of(frame, weight="weight"), "arm:C(wave) + income", wave_effects=True)

    assert_agrees(fit, reference, "twoways weighted by person")


@pytest.mark.parametrize(
    ("options", "columns", "model"),
    [
        ({}, {}, "twoways by person mean of waves"),
        ({"cluster": "municipality"}, {}, "twoways by municipality mean of waves"),
        ({}, {"weight": "weight"}, "twoways weighted by person mean of waves"),
    ],
)
def test_arm_post_is_the_plain_mean_of_the_waves(frame, reference, options, columns, model):
    panel = panel_of(frame, **columns)

    fit = fixed_effects(panel, "arm:post + income", wave_effects=True, **options)

    assert_agrees(fit, reference, model)


def test_singletons_are_dropped_and_counted(frame, reference):
    fit = fixed_effects(panel_of(frame), "arm:C(wave)", wave_effects=True).glance().iloc[0]

    assert fit["n_singleton"] == reference.loc[("singletons", "rows"), "estimate"]
    assert fit["n_row"] == len(frame) - fit["n_singleton"]


@pytest.mark.parametrize(
    ("covariates", "columns", "model"),
    [
        ((), {}, "ancova HC3"),
        (("age", "C(sex)", "income"), {}, "ancova adjusted HC3"),
        (("age", "C(sex)", "income"), {"weight": "weight"}, "ancova weighted HC3"),
        (("age", "C(sex)", "income"), {"cluster": "municipality"}, "ancova by municipality"),
    ],
)
def test_ancova_agrees_with_lm_and_sandwich(frame, reference, covariates, columns, model):
    fit = ancova(panel_of(frame, **columns), covariates=covariates)

    assert_agrees(fit, reference, model)


def test_the_default_of_linearmodels_is_too_large_and_count_effects_mends_all_but_the_waves(frame):
    used = frame[frame.groupby("person")["wave"].transform("size") > 1]
    ours = fixed_effects(panel_of(used), "income", wave_effects=True).tidy()["std_error"][0]
    indexed = used.set_index(["person", "wave"])
    model = PanelOLS(indexed["score"], indexed[["income"]], entity_effects=True, time_effects=True)
    clustered = {"cov_type": "clustered", "cluster_entity": True}

    default = model.fit(**clustered).std_errors.iloc[0]
    mended = model.fit(
        **clustered, auto_df=False, count_effects=False, group_debias=True
    ).std_errors.iloc[0]

    n, n_wave = len(used), used["wave"].nunique()
    assert default / ours > 1.1
    assert ours / mended == pytest.approx(np.sqrt((n - 1) / (n - 1 - n_wave)), rel=1e-12)
