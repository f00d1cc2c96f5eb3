"""Event study: the difference between the arms wave by wave, before the start too."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError
from evalkit.panel.arms import smaller_arm
from evalkit.panel.clusters import n_group
from evalkit.panel.inference import with_intervals
from evalkit.panel.leads import estimate_leads
from evalkit.panel.regression import ClusterVcov
from evalkit.provenance import provenance
from evalkit.results import Check, ModelFit

ESTIMAND = "difference in mean change from the reference wave, under parallel trends"


def event_study(
    panel: HealthPanel,
    *,
    reference: int | None = None,
    covariates: Sequence[str] = (),
    vcov: ClusterVcov = "cluster",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> ModelFit:
    """Estimate how the arms differ at each wave, compared with a wave before the start.

    Differences before the start should be near zero: there is no effect yet. If they are not, the
    arms were not on parallel paths, and what differs afterwards is no effect either. If they are,
    that is support and no proof (`pre_trend_test`, `honest_bounds`).

    Parameters
    ----------
    panel : HealthPanel
        With an `arm` of two levels; waves before the start are negative.
    reference : int
        The wave compared with; by default the last one up to 0 (the first where there is none).
    covariates : sequence of str
        Terms that vary within persons, as in `fixed_effects`.
    vcov : {"cluster", "CR2", "CR3"}
        As in `fixed_effects`.
    cluster : str
        Column; by default the panel's cluster, else the person. Below six clusters errors are by
        person.
    conf_level : float

    Returns
    -------
    ModelFit
        A term a wave, `arm[programme]:wave[-6]`, ...: in points of the outcome. The reference has
        the estimate 0 without an error; a wave without answers of both arms is missing. The
        smallest degrees of freedom stand in `glance`.

    Raises
    ------
    EstimationError
        If arms are not two, nobody of one arm answered at the reference wave, there is no other
        wave, or there is one cluster only.
    ParameterError
        If the reference is no wave of the panel, or `vcov` is unknown.

    Warns
    -----
    SmallSampleWarning
        If there are fewer than six clusters.

    Notes
    -----
    y_it = a_i + b_t + sum over waves w other than the reference of d_w 1(arm, t = w) + e_it, which
    is `fixed_effects` with `arm:C(wave)` and a reference of one's own. All persons of the arm start
    at the same wave 0; where municipalities join at different times, use `staggered_effects`.

    References
    ----------
    Freyaldenhoven S, Hansen C, Shapiro JM (2019), doi 10.1257/aer.20180609. Roth J (2022), doi
    10.1257/aeri.20210236 (what a passed test of trends is worth).

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"id": np.repeat(np.arange(40), 3), "month": [-6, 0, 6] * 40})
    >>> frame["arm"] = np.where(frame["id"] < 20, "programme", "comparison")
    >>> frame["index"] = 0.5 + 0.1 * ((frame["month"] == 6) & (frame["id"] < 20))
    >>> frame["index"] += rng.normal(0, 0.01, 120)
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="month", outcome="index", arm="arm")
    >>> event_study(panel).tidy()[["term", "estimate"]].round(2)
                          term  estimate
    0  arm[programme]:wave[-6]     -0.00
    1   arm[programme]:wave[0]      0.00
    2   arm[programme]:wave[6]      0.11
    """
    leads = estimate_leads(
        panel, reference=reference, covariates=covariates, vcov=vcov, cluster=cluster
    )
    waves = np.array(sorted([*leads.waves, *leads.left_out, leads.reference]))
    estimate, variance, df = (np.full(len(waves), np.nan) for _ in range(3))
    at = np.searchsorted(waves, leads.waves)
    estimate[at], df[at] = leads.estimate, leads.covariance.df
    variance[at] = np.diag(leads.covariance.matrix)
    estimate[waves == leads.reference] = 0.0
    fitted = leads.fitted
    return ModelFit(
        rows=with_intervals(
            [f"arm[{leads.arm}]:wave[{wave}]" for wave in waves], estimate, np.sqrt(variance),
            df, conf_level,
        ),
        summary={
            "n_person": n_group(fitted.person),
            "n_row": len(fitted.row),
            "scale": "identity",
            "vcov": vcov,
            "converged": True,
            "conf_level": conf_level,
            "n_cluster": n_group(fitted.cluster),
            "n_singleton": fitted.n_singleton,
            "df": float(leads.covariance.df.min()),
            "interval": "t",
            "estimand": ESTIMAND,
            "label": "description",
            "formula": _formula(panel, leads.reference, covariates),
        },
        support={
            "n": [smaller_arm(panel, fitted.row[panel.wave[fitted.row] == wave]) for wave in waves]
        },
        provenance=provenance(
            "event_study", panel.digest, reference=leads.reference, covariates=tuple(covariates),
            vcov=vcov, cluster=cluster, conf_level=conf_level,
        ),
    )  # fmt: skip


def pre_trend_test(
    panel: HealthPanel,
    *,
    reference: int | None = None,
    covariates: Sequence[str] = (),
    vcov: ClusterVcov = "cluster",
    cluster: str | None = None,
) -> Check:
    """Test that the arms did not differ at any wave before the reference wave.

    A high p-value is no proof of parallel trends: with few persons the test finds little. What a
    trend as large as the data allow would do to the estimate, `honest_bounds` says.

    Parameters
    ----------
    panel, reference, covariates, vcov, cluster
        As in `event_study`.

    Returns
    -------
    Check
        One row, `before the reference wave`: Wald's F with the number of waves as `df`.
        `reference` in the glance holds the distribution.

    Raises
    ------
    EstimationError
        As `event_study`; and if no wave lies before the reference, or there are no more clusters
        than such waves.
    ParameterError
        As `event_study`.

    Notes
    -----
    F = d' V^(-1) d / q over the q earlier waves, with F(q, G - 1); for CR2 the
    smallest of the waves' degrees of freedom stand in place of G - 1.

    References
    ----------
    Roth J (2022), doi 10.1257/aeri.20210236.

    Examples
    --------
    >>> import pandas as pd
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame({"id": np.repeat(np.arange(40), 3), "month": [-6, 0, 6] * 40})
    >>> frame["arm"] = np.where(frame["id"] < 20, "programme", "comparison")
    >>> frame["index"] = rng.normal(0.5, 0.1, 120)
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="month", outcome="index", arm="arm")
    >>> pre_trend_test(panel).glance()[["test", "n", "reference"]]
                  test   n reference
    0  parallel trends  40  F(1, 39)
    """
    leads = estimate_leads(
        panel, reference=reference, covariates=covariates, vcov=vcov, cluster=cluster
    )
    early = leads.waves < leads.reference
    q = int(early.sum())
    if not q:
        raise EstimationError(
            f"wave: no wave before {leads.reference} with answers of both arms, so that trends "
            "before the start cannot be compared"
        )
    count = n_group(leads.fitted.cluster)
    if count <= q + 1:
        raise EstimationError(
            f"cluster: {count} clusters are too few to test {q} waves together. Test fewer waves, "
            "or give errors by person."
        )
    part = leads.covariance.matrix[np.ix_(early, early)]
    value = leads.estimate[early]
    statistic = float(value @ np.linalg.solve(part, value)) / q
    df = float(leads.covariance.df[early].min())
    rows = leads.fitted.row
    return Check(
        rows={
            "term": ["before the reference wave"],
            "statistic": [statistic],
            "df": [q],
            "p_value": [float(stats.f.sf(statistic, q, df))],
        },
        summary={
            "test": "parallel trends",
            "n": n_group(leads.fitted.person),
            "reference": f"F({q}, {df:g})",
        },
        support={"n": [smaller_arm(panel, rows[panel.wave[rows] < leads.reference])]},
        provenance=provenance(
            "pre_trend_test", panel.digest, reference=leads.reference,
            covariates=tuple(covariates), vcov=vcov, cluster=cluster,
        ),
    )  # fmt: skip


def _formula(panel: HealthPanel, reference: int, covariates: Sequence[str]) -> str:
    terms = " + ".join([f"arm:C(wave, reference {reference})", *covariates])
    return f"{panel.name} ~ {terms} | person | wave"
