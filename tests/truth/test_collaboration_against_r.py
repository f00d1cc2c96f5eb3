"""Questionnaires against R: tests/truth/r/collaboration.R wrote collaboration.csv and its data."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.cohort.samples import Persons, Responses
from evalkit.follow_up import (
    agreement,
    collaboration_quality,
    collaboration_trend,
    dose_response,
    fidelity,
    scale_reliability,
    site_summary,
)

FOLDER = Path(__file__).parent / "r"
TABLE = pd.read_csv(FOLDER / "collaboration.csv", skipinitialspace=True, keep_default_na=False)
DATA = pd.read_csv(FOLDER / "collaboration_data.csv")
ITEMS = [f"item_{number:02d}" for number in range(1, 7)]
RTOL_R, RTOL_ERROR = 1e-8, 1e-6
RTOL_OPTIMISED = 1e-5  # R's optim and rma stop there
KAPPAS = {
    "t1": [[12, 5, 2], [4, 20, 6], [1, 3, 17]],
    "t2": [[30, 1], [2, 3]],
    "t3": [[8, 3, 1, 0], [2, 11, 4, 1], [0, 5, 9, 3], [1, 0, 2, 14]],
}


def r(what, item=""):
    return float(TABLE.loc[(TABLE["what"] == what) & (TABLE["item"] == item), "value"].iloc[0])


def responses() -> Responses:
    long = DATA.melt(id_vars=["who", "package", "year"], value_vars=ITEMS, var_name="item")
    return Responses.from_frame(
        long, respondent="who", item="item", value="value", wave="year", package="package"
    )


def row(result, **keys):
    frame = result.tidy()
    for key, value in keys.items():
        frame = frame[frame[key] == value]
    assert len(frame) == 1
    return frame.iloc[0]


def test_alpha_and_its_interval_are_those_of_psych():
    found = row(scale_reliability(responses(), scale=(1, 5), n_draw=0), quantity="alpha")

    assert found["estimate"] == pytest.approx(r("alpha"), rel=RTOL_R)
    limits = found[["conf_low", "conf_high"]].astype(float)
    np.testing.assert_allclose(limits, [r("alpha_low"), r("alpha_high")], rtol=RTOL_R)


def test_loadings_and_omega_are_those_of_minimal_residuals_in_psych():
    table = scale_reliability(responses(), scale=(1, 5), n_draw=0)

    found = [row(table, quantity="loading", item=item)["estimate"] for item in ITEMS]
    expected = [r("loading", item) for item in ITEMS]
    np.testing.assert_allclose(found, expected, rtol=1e-4)  # psych's optim stops at 1e-5
    assert row(table, quantity="omega")["estimate"] == pytest.approx(r("omega"), rel=1e-5)


def test_loadings_fit_no_worse_than_those_of_psych():
    found = [row(scale_reliability(responses(), scale=(1, 5), n_draw=0), quantity="loading",
                 item=item)["estimate"] for item in ITEMS]  # fmt: skip
    correlation = np.corrcoef(DATA[ITEMS], rowvar=False)
    apart = ~np.eye(6, dtype=bool)

    def residual(loading):
        return ((correlation - np.outer(loading, loading))[apart] ** 2).sum()

    assert residual(found) <= residual([r("loading", item) for item in ITEMS]) + 1e-12


@pytest.mark.parametrize("item", ITEMS)
def test_correlation_with_the_rest_is_that_of_psych(item):
    table = scale_reliability(responses(), scale=(1, 5), n_draw=0)

    found = row(table, quantity="item_rest", item=item)["estimate"]

    assert found == pytest.approx(r("item_rest", item), rel=RTOL_R)


@pytest.mark.parametrize(("cluster", "error"), [(None, "mean_se_person"), ("package", "mean_se")])
def test_mean_and_its_clustered_error_are_those_of_sandwich(cluster, error):
    found = row(collaboration_quality(responses(), scale=(1, 5), cluster=cluster), item="index")

    assert found["estimate"] == pytest.approx(r("mean", "index"), rel=RTOL_R)
    assert found["std_error"] == pytest.approx(r(error, "index"), rel=RTOL_ERROR)


@pytest.mark.parametrize(("cluster", "error"), [(None, "slope_se_person"), ("package", "slope_se")])
def test_slope_and_its_error_are_those_of_sandwich(cluster, error):
    found = row(collaboration_trend(responses(), scale=(1, 5), cluster=cluster), item="index")

    assert found["estimate"] == pytest.approx(r("slope", "index"), rel=RTOL_R)
    assert found["std_error"] == pytest.approx(r(error, "index"), rel=RTOL_ERROR)


@pytest.mark.parametrize("name", KAPPAS)
@pytest.mark.parametrize("quantity", ["kappa", "kappa_linear", "kappa_quadratic"])
def test_kappas_and_their_errors_are_those_of_psych(name, quantity):
    table = np.array(KAPPAS[name])
    first, second = np.divmod(np.repeat(np.arange(table.size), table.ravel()), len(table))
    case = np.arange(len(first))
    frame = pd.DataFrame({
        "who": np.concatenate([case, case + len(case)]), "case": np.concatenate([case, case]),
        "item": "i", "group": np.repeat(["participant", "staff"], len(case)),
        "answer": np.concatenate([first, second]) + 1,
    })  # fmt: skip
    sample = Responses.from_frame(
        frame, respondent="who", item="item", value="answer", group="group"
    )

    found = row(agreement(sample, pair="case", scale=(1, len(table)), n_draw=0), quantity=quantity)

    assert found["estimate"] == pytest.approx(r(quantity, name), rel=RTOL_R)
    assert found["std_error"] == pytest.approx(r(f"{quantity}_se", name), rel=RTOL_ERROR)


def pilots():
    yes, size = [12, 30, 7, 22, 15, 3], [40, 60, 35, 90, 31, 28]
    work = np.concatenate([np.arange(n) < k for k, n in zip(yes, size, strict=True)])
    frame = pd.DataFrame({"site": np.repeat(list("abcdef"), size), "work": work})
    people = Persons.from_frame(frame.assign(id=range(len(frame))), person="id")
    return site_summary(people, site="site", outcome="work")


def test_sites_are_those_of_metafor():
    result = pilots()

    mean, new = row(result, part="random effects"), row(result, part="prediction")

    found = [mean["share"], mean["conf_low"], mean["conf_high"], new["conf_low"], new["conf_high"]]
    expected = [r("sites", name) for name in ("mean", "low", "high", "new_low", "new_high")]
    np.testing.assert_allclose(found, expected, rtol=RTOL_OPTIMISED)
    assert result.summary["q"] == pytest.approx(r("sites", "q"), rel=RTOL_R)
    assert result.summary["tau2"] == pytest.approx(r("sites", "tau2"), rel=RTOL_OPTIMISED)
    assert result.summary["i2"] == pytest.approx(r("sites", "i2"), rel=RTOL_OPTIMISED)


def test_turning_point_and_its_interval_are_fiellers():
    people = Persons.from_frame(DATA, person="who")

    summary = dose_response(people, dose="quality", outcome="outcome").summary

    assert summary["shape"] == "turns"
    assert summary["turning_point"] == pytest.approx(r("turn", "point"), rel=RTOL_R)
    step = 75 / 2_000  # of the grid that the limits lie on
    assert summary["turning_low"] == pytest.approx(r("turn", "low"), abs=step)
    assert summary["turning_high"] == pytest.approx(r("turn", "high"), abs=step)


def test_slopes_of_the_parabola_have_the_errors_of_sandwich():
    from evalkit.follow_up.dose_response import _fit

    x, y = DATA["quality"].to_numpy(), DATA["outcome"].to_numpy()
    slope, error = _fit(x, y, np.arange(len(x)), "quadratic", True).slope(np.array([30.0, 80.0]))

    np.testing.assert_allclose(slope, [r("dose_slope", "30"), r("dose_slope", "80")], rtol=1e-8)
    np.testing.assert_allclose(error, [r("dose_se", "30"), r("dose_se", "80")], rtol=RTOL_ERROR)


def test_outcome_by_fidelity_is_that_of_r():
    totals = [88, 95, 71, 102, 110, 64, 93]
    outcome = dict(zip("abcdefg", [0.30, 0.38, 0.21, 0.35, 0.46, 0.25, 0.28], strict=True))
    rows = []
    for site, total in zip("abcdefg", totals, strict=True):
        base, more = divmod(total, 25)
        rows += [(site, f"item_{number:02d}", base + (number <= more)) for number in range(1, 26)]
    frame = pd.DataFrame(rows, columns=["site", "item", "answer"])
    sample = Responses.from_frame(
        frame, respondent="site", item="item", value="answer", federation="site"
    )

    table = fidelity(sample, outcome=outcome, n_person=dict.fromkeys(outcome, 40))
    slope, correlation = row(table, part="slope"), row(table, part="correlation")

    assert slope["estimate"] == pytest.approx(r("fidelity", "slope"), rel=RTOL_R)
    assert slope["std_error"] == pytest.approx(r("fidelity", "slope_se"), rel=RTOL_ERROR)
    found = correlation[["estimate", "conf_low", "conf_high"]].astype(float)
    expected = [r("fidelity", name) for name in ("r", "r_low", "r_high")]
    np.testing.assert_allclose(found, expected, rtol=RTOL_R)


def test_the_error_of_a_weighted_kappa_is_not_that_of_psych_which_swaps_the_margins():
    gaps = [
        abs(r(f"{way}_se_psych", name) / r(f"{way}_se", name) - 1)
        for way in ("kappa_linear", "kappa_quadratic")
        for name in ("t1", "t3")
    ]

    assert min(gaps) > 0.005 and max(gaps) < 0.08
    assert r("kappa_se_psych", "t1") == pytest.approx(r("kappa_se", "t1"), rel=RTOL_ERROR)
