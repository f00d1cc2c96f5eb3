"""A dip before the start: is the last wave before it below the trend of the earlier ones?"""

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.clusters import n_group
from evalkit.panel.regression import ClusterVcov, regress, two_arms
from evalkit.provenance import provenance
from evalkit.results import Contrast

ESTIMAND = "mean at the last wave before the start, less what the earlier waves point to"


def pre_start_dip(
    panel: HealthPanel,
    *,
    waves: Sequence[int] | None = None,
    vcov: ClusterVcov = "cluster",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> Contrast:
    """Compare the last wave before the start with the trend of the earlier ones.

    People enter when things are at their worst. What then looks like an effect is in part the way
    back, which comparing changes with another arm does not remove unless that arm dipped too
    (Ashenfelter's dip). Without three waves before the start nothing can be said.

    Parameters
    ----------
    panel : HealthPanel
        Waves before the start are negative. With an `arm` of two levels both dips and their
        difference are given.
    waves : sequence of int
        Waves before the start, three at least; by default all up to 0.
    vcov : {"cluster", "CR2", "CR3"}
        As in `fixed_effects`.
    cluster : str
        Column; by default the panel's cluster, else the person. Below six clusters errors are by
        person.
    conf_level : float

    Returns
    -------
    Contrast
        A row an arm, then programme minus comparison, in points of the outcome; negative is a dip.
        Without an arm one row, whose term is empty.

    Raises
    ------
    EstimationError
        If fewer than three waves lie before the start, too few persons answered at several of
        them, or there is one cluster only.
    ParameterError
        If a wave is not in the panel, or `vcov` is unknown.

    Warns
    -----
    SmallSampleWarning
        If there are fewer than six clusters.

    Notes
    -----
    y_it = a_i + b t + d 1(t = last) + e_it over these waves, t in months: a straight line of the
    earlier waves, person by person on their own level, carried on to the last. Each arm has a line
    of its own. That a fall goes on in a straight line is no dip here.

    References
    ----------
    Ashenfelter O (1978), doi 10.2307/1924332. Heckman JJ, Smith JA (1999), doi
    10.1111/1468-0297.00451.

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat([1, 2, 3, 4], 3), "month": [-12, -6, 0] * 4,
    ...     "index": [0.8, 0.7, 0.4, 0.6, 0.6, 0.3, 0.7, 0.6, 0.5, 0.9, 0.7, 0.4],
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="month", outcome="index")
    >>> pre_start_dip(panel).tidy()["estimate"].round(3).item()
    -0.15
    """
    if vcov not in get_args(ClusterVcov):
        raise ParameterError(f"vcov: {vcov!r} is none of {', '.join(get_args(ClusterVcov))}")
    chosen = _waves(panel, waves)
    has_arm = "arm" in panel.covariates.columns
    levels = list(two_arms(panel)) if has_arm else [""]
    columns = _columns(panel, levels, chosen)
    fitted = regress(
        panel, columns, wave_effects=False, cluster=cluster, keep=np.isin(panel.wave, chosen)
    )
    contrasts = np.eye(len(levels), columns.shape[1])
    if has_arm:
        contrasts = np.vstack([contrasts, contrasts[1] - contrasts[0]])
    found = fitted.covariance(vcov, contrasts)
    estimate, error = contrasts @ fitted.fit.params, np.sqrt(np.diag(found.matrix))
    margin = stats.t.ppf((1 + conf_level) / 2, found.df) * error
    ratio = np.divide(estimate, error, out=np.full(len(estimate), np.nan), where=error > 0)
    terms = [str(level) for level in levels]
    support = [_answered(panel, fitted.row, chosen[-1], level) for level in levels]
    return Contrast(
        rows={
            "term": terms + ([f"{terms[1]} - {terms[0]}"] if has_arm else []),
            "scale": ["arm"] * len(levels) + ["difference"] * has_arm,
            "estimate": estimate,
            "std_error": error,
            "conf_low": estimate - margin,
            "conf_high": estimate + margin,
            "p_value": 2 * stats.t.sf(np.abs(ratio), found.df),
            "reason": [""] * len(estimate),
        },
        summary={
            "n": n_group(fitted.person),
            "quantity": f"dip of {panel.name}",
            "horizon": chosen[-1],
            "unit": "points",
            "conf_level": conf_level,
            "estimand": ESTIMAND,
            "label": "description",
            "n_cluster": n_group(fitted.cluster),
            "df": float(found.df.min()),
            "method": f"straight line, {vcov}",
        },
        support={"n": [*support, *([min(support)] * has_arm)]},
        provenance=provenance(
            "pre_start_dip", panel.digest, waves=tuple(chosen), vcov=vcov, cluster=cluster,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def _waves(panel: HealthPanel, waves: Sequence[int] | None) -> list[int]:
    there = np.unique(panel.wave).tolist()
    chosen = sorted(set(waves)) if waves is not None else [wave for wave in there if wave <= 0]
    if set(chosen) - set(there):
        raise ParameterError(f"waves: must be among {', '.join(map(str, there))}")
    if len(chosen) < 3:
        raise EstimationError(
            f"wave: {len(chosen)} waves before the start; a dip shows against the line of two "
            "earlier ones, so that three are needed"
        )
    return chosen


def _columns(panel: HealthPanel, levels: list, waves: list[int]) -> pd.DataFrame:
    """The dip of each arm, then its line."""
    months = (panel.wave - waves[-1]).astype(float)
    dips, lines = {}, {}
    for level in levels:
        here = 1.0 if level == "" else (panel.covariates["arm"] == level).to_numpy(dtype=float)
        answered = ~np.isnan(panel.outcome) & (panel.weight > 0) & (np.ones(len(panel)) * here > 0)
        seen = [wave for wave in waves if (answered & (panel.wave == wave)).any()]
        if seen[-1:] != waves[-1:] or len(seen) < 3:
            raise EstimationError(
                f"wave: one arm has answers at {len(seen)} of {len(waves)} waves before the start; "
                f"the last one, {waves[-1]}, and two earlier ones are needed"
            )
        dips[f"dip[{level}]"] = here * (panel.wave == waves[-1])
        lines[f"months[{level}]"] = here * months
    return pd.DataFrame(dips | lines).astype(float)


def _answered(panel: HealthPanel, row: np.ndarray, wave: int, level: object) -> int:
    row = row[panel.wave[row] == wave]
    if level != "":
        row = row[(panel.covariates["arm"].to_numpy()[row] == level)]
    return n_group(panel.person[row])
