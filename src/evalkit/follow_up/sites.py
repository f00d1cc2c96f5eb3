"""Several sites in one: pooled, site by site, and as a sample of sites."""

import numpy as np
import pandas as pd
from scipy import optimize, special, stats

from evalkit.cohort.samples import Persons
from evalkit.errors import EstimationError, ParameterError
from evalkit.follow_up.scores import require_level, wilson
from evalkit.provenance import provenance
from evalkit.results import SiteSummary

ONE_SITE, TWO_SITES = "one site", "a prediction needs three sites"
METHOD = "logit, restricted likelihood, Hartung-Knapp"


def site_summary(
    persons: Persons, *, site: str, outcome: str, conf_level: float = 0.95
) -> SiteSummary:
    """Summarise a share over several sites, such as pilots of one programme.

    Parameters
    ----------
    persons : Persons
        One row a person.
    site : str
        Column of the site.
    outcome : str
        Boolean (or 0/1) column.
    conf_level : float

    Returns
    -------
    SiteSummary
        Every `site`; `pooled` (every person counts alike); `site mean` (every site does, t over
        sites); `random effects`, the mean of the sites that these are a sample of; and
        `prediction`, where the share of a new site lies. `weight` is each site's share of the
        weight in the random-effects mean. In the glance `tau2` (on the logit), `i2` (per cent)
        and Cochran's `q` with its `df` and `p_value`.

    Raises
    ------
    EstimationError
        If a site or an outcome is missing, or nobody is there.
    ParameterError
        If a column is missing, or the outcome is not boolean or 0/1.

    Notes
    -----
    Log odds of the sites with variance 1/k + 1/(n - k); half a person is added to both where one
    is 0. Restricted maximum likelihood for the variance between sites, the error of Hartung and
    Knapp, Student's t with G - 1 degrees of freedom, prediction with the same. As
    `metafor::rma(measure = "PLO", test = "knha")` in R. With few sites all this is uncertain, and
    the plain table says more.

    References
    ----------
    Hartung and Knapp (2001), Statistics in Medicine 20; Viechtbauer (2010), J Stat Software 36(3).

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {"id": range(60), "pilot": ["a"] * 20 + ["b"] * 40,
    ...      "work": [True] * 5 + [False] * 15 + [True] * 20 + [False] * 20}
    ... )
    >>> result = site_summary(
    ...     Persons.from_frame(frame, person="id"), site="pilot", outcome="work"
    ... )
    >>> result.tidy()[["part", "site", "n", "share"]].round(3)
                 part site     n  share
    0            site    a  20.0  0.250
    1            site    b  40.0  0.500
    2          pooled       60.0  0.417
    3       site mean       60.0  0.375
    4  random effects       60.0  0.384
    5      prediction       60.0    NaN
    """
    require_level(conf_level)
    table = _counts(persons.covariates, site, outcome)
    n, k = table["n"].to_numpy(dtype=float), table["k"].to_numpy(dtype=float)
    fit = _random_effects(n, k, conf_level)
    low, high = wilson(k, n, conf_level)
    own = pd.DataFrame({
        "part": "site", "site": table.index.astype(str), "n": n, "n_with": k, "share": k / n,
        "conf_low": low, "conf_high": high, "weight": fit["weight"], "reason": "",
    })  # fmt: skip
    rows = pd.concat([own, _summaries(n, k, fit, conf_level)], ignore_index=True)
    smallest = np.where(rows["part"] == "site", rows["n"], n.min())
    return SiteSummary(
        rows=rows,
        summary={
            "n": int(n.sum()), "n_site": len(n), "what": outcome, "tau2": fit["tau2"],
            "i2": fit["i2"], "q": fit["q"], "df": len(n) - 1, "p_value": fit["p_value"],
            "conf_level": conf_level, "method": METHOD, "label": "description",
        },
        support={
            "n": smallest,
            "k": np.where(rows["part"] == "site", rows["n_with"], k.min()),
            "complement": np.where(
                rows["part"] == "site", rows["n"] - rows["n_with"], (n - k).min()
            ),
        },
        provenance=provenance(
            "site_summary", persons.digest, site=site, outcome=outcome, conf_level=conf_level
        ),
    )  # fmt: skip


def _counts(frame: pd.DataFrame, site: str, outcome: str) -> pd.DataFrame:
    missing = [name for name in (site, outcome) if name not in frame]
    if missing:
        raise ParameterError(f"persons: no column {', '.join(missing)}")
    for name in (site, outcome):
        if frame[name].isna().any():
            raise EstimationError(f"{name}: missing for {int(frame[name].isna().sum())} persons")
    if not len(frame):
        raise EstimationError("site_summary: there are no persons")
    if not frame[outcome].isin([0, 1]).all():
        raise ParameterError(f"outcome: {outcome} is not boolean or 0 and 1")
    return frame.assign(_y=frame[outcome].astype(int)).groupby(site)["_y"].agg(n="size", k="sum")


def _random_effects(n: np.ndarray, k: np.ndarray, conf_level: float) -> dict:
    """Random-effects mean on the logit, and how far sites differ."""
    none = (k == 0) | (k == n)
    yes, no = k + 0.5 * none, n - k + 0.5 * none
    y, v = np.log(yes / no), 1 / yes + 1 / no
    if len(y) < 2:
        return {"weight": np.ones(1), "tau2": np.nan, "i2": np.nan, "q": np.nan,
                "p_value": np.nan, "mean": np.nan, "error": np.nan}  # fmt: skip
    tau2 = _restricted(y, v)
    w = 1 / (v + tau2)
    mean = (w @ y) / w.sum()
    df = len(y) - 1
    error = np.sqrt((w @ (y - mean) ** 2) / (df * w.sum()))
    fixed = 1 / v
    q = fixed @ (y - (fixed @ y) / fixed.sum()) ** 2
    typical = df * fixed.sum() / (fixed.sum() ** 2 - (fixed**2).sum())
    return {"weight": w / w.sum(), "tau2": tau2, "i2": 100 * tau2 / (tau2 + typical), "q": q,
            "p_value": float(stats.chi2.sf(q, df)), "mean": mean, "error": error}  # fmt: skip


def _restricted(y: np.ndarray, v: np.ndarray) -> float:
    """Variance between sites that maximises the restricted likelihood; 0 at least."""

    def loss(tau2: float) -> float:
        w = 1 / (v + tau2)
        mean = (w @ y) / w.sum()
        return 0.5 * (np.log(v + tau2).sum() + np.log(w.sum()) + w @ (y - mean) ** 2)

    widest = 10 * (y.var(ddof=1) + v.max()) + 1e-6
    grid = np.concatenate([[0.0], np.geomspace(1e-8, 1.0, 200) * widest])
    best = int(np.argmin([loss(one) for one in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        loss, bounds=(low, high), method="bounded", options={"xatol": 1e-12}
    )
    return 0.0 if loss(0.0) <= found.fun else float(found.x)


def _summaries(n, k, fit: dict, conf_level: float) -> pd.DataFrame:
    """Rows of the pooled share, the mean of sites, the random-effects mean and the prediction."""
    shares, sites = k / n, len(n)
    low, high = wilson(k.sum(keepdims=True), n.sum(keepdims=True), conf_level)
    t = stats.t.ppf((1 + conf_level) / 2, max(sites - 1, 1))
    half = t * shares.std(ddof=1) / np.sqrt(sites) if sites > 1 else np.nan
    alone = ONE_SITE if sites < 2 else ""
    reach = t * np.sqrt(fit["error"] ** 2 + fit["tau2"]) if sites > 2 else np.nan
    limits = special.expit([fit["mean"] - t * fit["error"], fit["mean"] + t * fit["error"]])
    new = special.expit([fit["mean"] - reach, fit["mean"] + reach])
    base = {"site": "", "n": n.sum(), "n_with": np.nan, "weight": np.nan}
    mean = shares.mean()
    return pd.DataFrame([
        base | {"part": "pooled", "n_with": k.sum(), "share": k.sum() / n.sum(),
                "conf_low": low[0], "conf_high": high[0], "reason": ""},
        base | {"part": "site mean", "share": mean, "conf_low": np.maximum(mean - half, 0),
                "conf_high": np.minimum(mean + half, 1), "reason": alone},
        base | {"part": "random effects", "share": special.expit(fit["mean"]),
                "conf_low": limits[0], "conf_high": limits[1], "reason": alone},
        base | {"part": "prediction", "share": np.nan, "conf_low": new[0], "conf_high": new[1],
                "reason": TWO_SITES if sites < 3 else ""},
    ])  # fmt: skip
