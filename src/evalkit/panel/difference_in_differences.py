"""Difference in differences: how much more one arm changed than the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from evalkit.cohort.samples import HealthPanel
from evalkit.errors import EstimationError, ParameterError
from evalkit.panel.arms import smaller_arm
from evalkit.panel.clusters import cluster_column, n_group, usable_cluster
from evalkit.panel.covariances import cluster_covariance
from evalkit.panel.design import build_design
from evalkit.panel.regression import KINDS, ClusterVcov, regress, two_arms
from evalkit.provenance import provenance
from evalkit.results import Contrast

Method = Literal["two_way", "two_by_two"]

TRENDS = "difference in mean change, under parallel trends"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class _Changes:
    """Mean change of the comparison, of the programme, and their difference."""

    estimate: np.ndarray
    error: np.ndarray
    df: np.ndarray
    n_person: int
    n_cluster: float
    support: list[int]


def difference_in_differences(
    panel: HealthPanel,
    *,
    before: Sequence[int] | None = None,
    after: Sequence[int] | None = None,
    covariates: Sequence[str] = (),
    method: Method = "two_way",
    vcov: ClusterVcov = "cluster",
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> Contrast:
    """Compare the arms' changes from the waves before to the waves after.

    Parameters
    ----------
    panel : HealthPanel
        With an `arm` of two levels; `comparison` is the reference.
    before, after : sequence of int
        Waves. By default `before` is every wave up to 0, or the first where there is none, and
        `after` every later one. Other waves are left out.
    covariates : sequence of str
        Terms that vary within persons (`"income"`, `"age:C(wave)"`); two-way only.
    method : {"two_way", "two_by_two"}
        two_way: effects of persons and waves, all answers. two_by_two: persons who answered before
        and after, each with the mean of their answers.
    vcov : {"cluster", "CR2", "CR3"}
        As in `fixed_effects`. CR2 or CR3 where clusters are few.
    cluster : str
        Column; by default the panel's cluster, else the person. Below six clusters errors are by
        person.
    conf_level : float

    Returns
    -------
    Contrast
        The mean change of each arm (`scale` arm), then programme minus comparison (difference), in
        points of the outcome.

    Raises
    ------
    EstimationError
        If arms are not two; if a wave or an arm is missing before or after; if there is one
        cluster only.
    ParameterError
        If `method` or `vcov` is unknown, `before` and `after` share a wave, a wave is not in the
        panel, or covariates are given for two_by_two.

    Warns
    -----
    SmallSampleWarning
        If there are fewer than six clusters.

    Notes
    -----
    two_way: y_it = a_i + b_t + sum_w d_w 1(arm, t = w) + c x_it + e, and the estimate is the plain
    mean of d_w after less that before (the first wave has d = 0). Waves have equal weights; a
    single product term of arm and period weights them by precision where the panel is unbalanced.
    With one wave before, one after and no gaps both methods give the four means' difference.

    References
    ----------
    Angrist JD, Pischke JS (2009), Mostly Harmless Econometrics, section 5.2. Bertrand M, Duflo E,
    Mullainathan S (2004), doi 10.1162/003355304772839588 (errors by cluster).

    Examples
    --------
    >>> frame = pd.DataFrame({
    ...     "id": np.repeat(np.arange(6), 2),
    ...     "wave": [0, 6] * 6,
    ...     "index": [0.5, 0.7, 0.6, 0.8, 0.4, 0.7, 0.5, 0.6, 0.6, 0.6, 0.4, 0.5],
    ...     "arm": np.repeat(["programme", "comparison"], 6),
    ... })
    >>> panel = HealthPanel.from_frame(frame, person="id", wave="wave", outcome="index", arm="arm")
    >>> difference_in_differences(panel).tidy()[["term", "scale", "estimate"]].round(3)
                         term       scale  estimate
    0              comparison         arm     0.067
    1               programme         arm     0.233
    2  programme - comparison  difference     0.167
    """
    for name, value, allowed in (("method", method, Method), ("vcov", vcov, ClusterVcov)):
        if value not in get_args(allowed):
            raise ParameterError(f"{name}: {value!r} is none of {', '.join(get_args(allowed))}")
    if method == "two_by_two" and covariates:
        raise ParameterError("covariates: two_by_two takes none, use method='two_way'")
    arms = two_arms(panel)
    earlier, later = periods(panel, before, after)
    _both_arms(panel, arms, (earlier, later))
    if method == "two_way":
        found = _two_way(panel, arms, earlier, later, covariates, vcov, cluster)
    else:
        found = _two_by_two(panel, arms, earlier, later, vcov, cluster)
    margin = stats.t.ppf((1 + conf_level) / 2, found.df) * found.error
    ratio = np.divide(found.estimate, found.error, out=np.full(3, np.nan), where=found.error > 0)
    return Contrast(
        rows={
            "term": [str(arms[0]), str(arms[1]), f"{arms[1]} - {arms[0]}"],
            "scale": ["arm", "arm", "difference"],
            "estimate": found.estimate,
            "std_error": found.error,
            "conf_low": found.estimate - margin,
            "conf_high": found.estimate + margin,
            "p_value": np.where([False, False, True], 2 * stats.t.sf(np.abs(ratio), found.df),
                                np.nan),
            "reason": [""] * 3,
        },
        summary={
            "n": found.n_person,
            "quantity": f"mean change of {panel.name}",
            "horizon": max(later),
            "unit": "points",
            "conf_level": conf_level,
            "estimand": TRENDS,
            "label": "description",
            "n_cluster": found.n_cluster,
            "df": float(found.df[2]),
            "method": f"{method}, {vcov}",
        },
        support={"n": found.support},
        provenance=provenance(
            "difference_in_differences", panel.digest, before=tuple(earlier), after=tuple(later),
            covariates=tuple(covariates), method=method, vcov=vcov, cluster=cluster,
            conf_level=conf_level,
        ),
    )  # fmt: skip


def periods(
    panel: HealthPanel, before: Sequence[int] | None, after: Sequence[int] | None
) -> tuple[list[int], list[int]]:
    """Waves before and after; by default those up to wave 0 (or the first one) and the others."""
    waves = np.unique(panel.wave).tolist()
    if len(waves) < 2:
        raise EstimationError(f"wave: {len(waves)} wave in the panel, a change needs two")
    first = [wave for wave in waves if wave <= 0] or waves[:1]
    earlier = sorted(before) if before is not None else first
    later = sorted(after) if after is not None else [w for w in waves if w > max(earlier)]
    unknown = sorted({*earlier, *later} - set(waves))
    if unknown or not earlier or not later or set(earlier) & set(later):
        raise ParameterError(
            f"before, after: {earlier} and {later} must be waves of the panel "
            f"({', '.join(map(str, waves))}), at least one each and none in both"
        )
    return earlier, later


def _both_arms(panel: HealthPanel, arms: tuple, waves: tuple[list[int], list[int]]) -> None:
    answered = ~np.isnan(panel.outcome) & (panel.weight > 0)
    arm = panel.covariates["arm"].to_numpy()
    for name, chosen in zip(("before", "after"), waves, strict=True):
        for wave in chosen:
            for level in arms:
                if not (answered & (arm == level) & (panel.wave == wave)).any():
                    raise EstimationError(
                        f"wave: no answer of one arm at wave {wave} ({name}). Leave that wave out "
                        f"of `{name}`."
                    )


def _two_way(panel, arms, earlier, later, covariates, vcov, cluster) -> _Changes:
    waves = sorted([*earlier, *later])
    is_programme = (panel.covariates["arm"] == arms[1]).to_numpy()
    now = {wave: (panel.wave == wave).astype(float) for wave in waves[1:]}
    columns = {f"wave[{wave}]": value for wave, value in now.items()}
    columns |= {f"arm:wave[{wave}]": value * is_programme for wave, value in now.items()}
    frame = pd.DataFrame(columns)
    if covariates:
        design = build_design(panel, " + ".join(covariates), person_effects=True)
        frame = pd.concat([frame, design.columns], axis=1)
    fitted = regress(
        panel, frame, wave_effects=False, cluster=cluster, keep=np.isin(panel.wave, waves)
    )
    share = np.array([1 / len(later) if w in later else -1 / len(earlier) for w in waves[1:]])
    zero, rest = np.zeros(len(share)), np.zeros(frame.shape[1] - 2 * len(share))
    contrasts = np.array([
        [*share, *zero, *rest], [*share, *share, *rest], [*zero, *share, *rest],
    ])  # fmt: skip
    found = fitted.covariance(vcov, contrasts)
    return _Changes(
        contrasts @ fitted.fit.params, np.sqrt(np.diag(found.matrix)), found.df,
        n_group(fitted.person), n_group(fitted.cluster), _support(panel, arms, fitted.row),
    )  # fmt: skip


def _two_by_two(panel, arms, earlier, later, vcov, cluster) -> _Changes:
    """Persons' changes, by (weighted) least squares on the two arms."""
    code = cluster_column(panel, cluster)
    rows = pd.DataFrame({
        "person": panel.person, "score": panel.outcome, "wave": panel.wave,
        "weight": panel.weight, "cluster": panel.person if code is None else code,
        "arm": (panel.covariates["arm"] == arms[1]).to_numpy(),
    }).dropna()  # fmt: skip
    rows = rows[rows["weight"] > 0]
    start = rows[rows["wave"].isin(earlier)].groupby("person").agg(
        first=("score", "mean"), weight=("weight", "first"), cluster=("cluster", "first"),
        arm=("arm", "first"),
    )  # fmt: skip
    end = rows[rows["wave"].isin(later)].groupby("person")["score"].mean().rename("last")
    pairs = start.join(end, how="inner")
    counts = [int((~pairs["arm"]).sum()), int(pairs["arm"].sum())]
    if min(counts) < 2:
        raise EstimationError(
            f"arm: {counts[0]} and {counts[1]} persons of the arms answered before and after, two "
            "are needed of each"
        )
    by_cluster = code is not None and usable_cluster(
        pairs["cluster"].to_numpy(), name=cluster or "cluster"
    )
    group = pairs["cluster"].to_numpy() if by_cluster else np.arange(len(pairs))
    root = np.sqrt(pairs["weight"].to_numpy())
    x = np.column_stack([~pairs["arm"], pairs["arm"]]).astype(float) * root[:, None]
    y = (pairs["last"] - pairs["first"]).to_numpy() * root
    bread = np.diag(1 / (x**2).sum(axis=0))
    params = bread @ (x.T @ y)
    contrasts = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]])
    found = cluster_covariance(
        x, y - x @ params, bread, group, kind=KINDS[vcov], n_counted=2, contrasts=contrasts
    )
    error = np.sqrt(np.diag(contrasts @ found.matrix @ contrasts.T))
    return _Changes(
        contrasts @ params, error, found.df, len(pairs), n_group(group), [*counts, min(counts)]
    )


def _support(panel: HealthPanel, arms: tuple, row: np.ndarray) -> list[int]:
    arm = panel.covariates["arm"].to_numpy()[row]
    return [
        *(n_group(panel.person[row[arm == level]]) for level in arms), smaller_arm(panel, row)
    ]  # fmt: skip
