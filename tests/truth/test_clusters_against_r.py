"""Errors with few clusters against R: clubSandwich, plm, sandwich (r/clusters.R)."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evalkit.panel.covariances import (
    cluster_covariance,
    driscoll_kraay_covariance,
    two_way_covariance,
)
from evalkit.panel.within import Effects, sweep, wave_dummies

R = Path(__file__).parent / "r"
PEERS = Path(__file__).parent / "peers"
ESTIMATE = 1e-8  # times the larger of the value in R and its error
STD_ERROR = 1e-6  # relative, degrees of freedom too
COUNTED = 8  # four terms, three waves, the persons as one


@pytest.fixture(scope="module")
def reference():
    return pd.read_csv(R / "clusters.csv").set_index("model")


@pytest.fixture(scope="module")
def data():
    frame = pd.read_csv(R / "panel_data.csv")
    frame = frame[frame.groupby("person")["wave"].transform("size") > 1]
    frame = frame.assign(place=pd.factorize(frame["municipality"], sort=True)[0])
    frame = frame.assign(few=(frame["place"] + 1) % 7, band=7 * frame["person"] % 29)
    return frame.reset_index(drop=True)


class Fit:
    """A regression of the data, with effects removed."""

    def __init__(self, data, *, waves=True, weighted=False, persons=True):
        terms = [(data["arm"] == "programme") & (data["wave"] == w) for w in (6, 12, 24)]
        series = [data["score"], *terms, data["income"]]
        series += [] if persons else [np.ones(len(data))]
        effects = Effects(
            n=len(data),
            start=np.flatnonzero(np.diff(data["person"], prepend=-1)) if persons else None,
            wave=pd.factorize(data["wave"], sort=True)[0] if waves else None,
            n_wave=4 if waves else 0,
            weight=data["weight"].to_numpy() if weighted else None,
        )
        columns = sweep([np.asarray(s, dtype=float) for s in series], effects).columns
        self.x, y = columns[:, 1:], columns[:, 0]
        self.bread = np.linalg.inv(self.x.T @ self.x)
        self.params = self.bread @ self.x.T @ y
        self.residual = y - self.x @ self.params
        self.absorbed = wave_dummies(effects) if waves else None

    def clustered(self, code, kind):
        return cluster_covariance(
            self.x, self.residual, self.bread, np.asarray(code), kind=kind, n_counted=COUNTED,
            absorbed=self.absorbed,
        )  # fmt: skip


def assert_agrees(fit, found, theirs):
    allowed = ESTIMATE * np.maximum(theirs["estimate"].abs(), theirs["std_error"])
    assert (np.abs(fit.params[:4] - theirs["estimate"]) <= allowed).all()
    ours = np.sqrt(np.diag(found.matrix))[:4]
    np.testing.assert_allclose(ours, theirs["std_error"], rtol=STD_ERROR)
    np.testing.assert_allclose(found.df[:4], theirs["df"], rtol=STD_ERROR)


@pytest.mark.parametrize("by", ["person", "place", "few"])
@pytest.mark.parametrize("effect", ["individual", "twoways"])
def test_cr2_and_its_degrees_of_freedom_agree_with_clubsandwich(data, reference, effect, by):
    fit = Fit(data, waves=effect == "twoways")

    assert_agrees(fit, fit.clustered(data[by], "CR2"), reference.loc[f"CR2 {effect} {by}"])


@pytest.mark.parametrize("by", ["person", "place", "few"])
def test_weighted_cr2_agrees_on_columns_times_the_root_of_the_weight(data, reference, by):
    fit = Fit(data, weighted=True)

    assert_agrees(fit, fit.clustered(data[by], "CR2"), reference.loc[f"CR2 weighted twoways {by}"])


def test_without_the_absorbed_waves_cr2_is_another(data, reference):
    fit = Fit(data)
    fit.absorbed = None
    error = np.sqrt(np.diag(fit.clustered(data["place"], "CR2").matrix))

    apart = error / reference.loc["CR2 twoways place", "std_error"] - 1

    assert (np.abs(apart) > 100 * STD_ERROR).all()


@pytest.mark.parametrize("by", ["place", "few"])
@pytest.mark.parametrize("weighted", [False, True])
def test_cr3_is_the_jackknife_with_each_cluster_left_out(data, reference, weighted, by):
    fit = Fit(data, weighted=weighted)
    model = f"CR3 {'weighted ' * weighted}twoways {by}"

    assert_agrees(fit, fit.clustered(data[by], "CR3"), reference.loc[model])


def test_cr3_of_a_pooled_model_is_that_of_clubsandwich_with_its_factor(data, reference):
    fit = Fit(data, waves=False, persons=False)

    assert_agrees(fit, fit.clustered(data["place"], "CR3"), reference.loc["CR3 pooled place"])


@pytest.mark.parametrize("by", ["place", "person"])
def test_cr1_and_cr3_agree_with_pyfixest(data, by):
    theirs = pd.read_csv(PEERS / "pyfixest.csv").set_index(["kind", "term"])["std_error"]
    fit = Fit(data)
    count, n = data[by].nunique(), len(data)

    one, three = (np.sqrt(np.diag(fit.clustered(data[by], kind).matrix)) for kind in ("CR1", "CR3"))

    # pyfixest's CRV3 has the factor of CR1 on the plain sum where ours has (G - 1)/G.
    factor = (count / (count - 1)) ** 2 * (n - 1) / (n - COUNTED)
    np.testing.assert_allclose(one, theirs.loc[f"CR1 {by}"], rtol=STD_ERROR)
    np.testing.assert_allclose(three * np.sqrt(factor), theirs.loc[f"CR3 {by}"], rtol=STD_ERROR)


@pytest.mark.parametrize(
    ("second", "model"), [("band", "two-way pooled"), ("person", "two-way pooled persons")]
)
def test_two_way_clusters_agree_with_sandwich(data, reference, second, model):
    fit = Fit(data, waves=False, persons=False)
    codes = [pd.factorize(data[name])[0] for name in ("place", second)]

    found = two_way_covariance(fit.x, fit.residual, fit.bread, *codes, n_counted=5)

    assert_agrees(fit, found, reference.loc[model])


def test_two_way_clusters_agree_with_pyfixest(data):
    theirs = pd.read_csv(PEERS / "pyfixest.csv").set_index("kind").loc["two-way", "std_error"]
    fit = Fit(data)
    codes = [pd.factorize(data[name])[0] for name in ("place", "band")]

    found = two_way_covariance(fit.x, fit.residual, fit.bread, *codes, n_counted=COUNTED)

    np.testing.assert_allclose(np.sqrt(np.diag(found.matrix)), theirs, rtol=STD_ERROR)


def test_a_two_way_covariance_is_never_negative(data):
    fit = Fit(data)
    codes = [pd.factorize(data[name])[0] for name in ("place", "wave")]
    places, waves, both = (
        fit.clustered(code, "CR1").matrix for code in (*codes, codes[0] * 4 + codes[1])
    )

    found = two_way_covariance(fit.x, fit.residual, fit.bread, *codes, n_counted=COUNTED)

    assert np.linalg.eigvalsh(places + waves - both).min() < 0
    assert np.linalg.eigvalsh(found.matrix).min() > -1e-12


@pytest.mark.parametrize("lag", [0, 1, 2, None])
def test_driscoll_and_kraay_agree_with_plm(data, reference, lag):
    fit = Fit(data)
    wave = pd.factorize(data["wave"], sort=True)[0]

    found = driscoll_kraay_covariance(fit.x, fit.residual, fit.bread, wave, max_lag=lag)

    model = f"Driscoll-Kraay {'default' if lag is None else lag}"
    assert_agrees(fit, found, reference.loc[model])
